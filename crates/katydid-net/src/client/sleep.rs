//! How does a scenario wait? A future on the reactor's timers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::Handle;
use crate::SleepId;
use crate::clock::Moment;

/// Waits until a moment; made by [`sleep_until`] or `Client::sleep`. Dropping it forgets the timer.
#[must_use = "a sleep does nothing until it is awaited"]
#[derive(Debug)]
pub struct Sleep {
    reactor: Handle,
    until: Moment,
    armed: Option<(SleepId, Waker)>,
}

/// A future that is ready at `until` (at once, without yielding, if that has passed).
pub fn sleep_until(reactor: &Handle, until: Moment) -> Sleep {
    Sleep { reactor: reactor.clone(), until, armed: None }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut reactor = this.reactor.borrow_mut();
        if Moment::now() >= this.until {
            if let Some((id, _)) = this.armed.take() {
                reactor.cancel_sleep(id);
            }
            return Poll::Ready(());
        }
        match &this.armed {
            Some((_, waker)) if waker.will_wake(context.waker()) => {}
            _ => {
                if let Some((id, _)) = this.armed.take() {
                    reactor.cancel_sleep(id);
                }
                let id = reactor.sleep(this.until, context.waker().clone());
                this.armed = Some((id, context.waker().clone()));
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((id, _)) = self.armed.take() {
            self.reactor.borrow_mut().cancel_sleep(id);
        }
    }
}

/// Lets everybody else run first; made by [`yield_now`].
#[must_use = "yielding does nothing until it is awaited"]
#[derive(Debug)]
pub struct YieldNow {
    reactor: Handle,
    armed: Option<SleepId>,
}

/// A future that is ready in the reactor's next turn.
pub fn yield_now(reactor: &Handle) -> YieldNow {
    YieldNow { reactor: reactor.clone(), armed: None }
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.armed.is_some() {
            return Poll::Ready(());
        }
        let id = self.reactor.borrow_mut().yield_now(context.waker().clone());
        self.armed = Some(id);
        Poll::Pending
    }
}

impl Drop for YieldNow {
    fn drop(&mut self) {
        if let Some(id) = self.armed.take() {
            self.reactor.borrow_mut().cancel_sleep(id);
        }
    }
}
