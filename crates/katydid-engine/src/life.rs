//! How does a user begin and end? Its scenario's future, a word from the engine, and what a panic does.
//!
//! What a maintainer must not break: a killed user's future is dropped before `on_stop` runs, and a panic in a
//! scenario ends that user alone.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use crate::fault::{Caught, caught};
use crate::scenario::Scenario;
use crate::user::User;

/// What the engine wants of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Go on.
    #[default]
    Stay,
    /// Leave after the current task.
    Leave,
    /// Leave where you are.
    LeaveNow,
}

/// The word between the engine and one user.
#[derive(Debug, Default)]
pub(crate) struct Leash {
    wish: Cell<Wish>,
    waker: RefCell<Option<Waker>>,
}

impl Leash {
    /// Tells the user, which wakes it. A wish never becomes milder.
    pub(crate) fn tell(&self, wish: Wish) {
        if self.wish.get() != Wish::LeaveNow {
            self.wish.set(wish);
        }
        let waker = self.waker.borrow().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn wish(&self) -> Wish {
        self.wish.get()
    }

    /// Has the user been told to leave?
    pub(crate) fn is_leaving(&self) -> bool {
        self.wish.get() != Wish::Stay
    }

    fn remember(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }
}

/// How a part of a user's life ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Returned,
    Killed,
    Panicked(Caught),
}

/// Lives a whole life of a user of `scenario`; returns what it panicked with, if it did.
pub(crate) async fn live<S: Scenario>(scenario: &S, user: &User) -> Vec<Caught> {
    let run = guarded(user.leash(), scenario.run_user(user)).await;
    let stop = guarded(&Leash::default(), scenario.on_stop(user)).await;
    [run, stop]
        .into_iter()
        .filter_map(|end| match end {
            End::Panicked(caught) => Some(caught),
            End::Returned | End::Killed => None,
        })
        .collect()
}

/// Drives `future` until it ends, panics, or the leash says to leave now. It is dropped when this returns.
async fn guarded(leash: &Leash, future: impl Future<Output = ()>) -> End {
    let mut future = pin!(future);
    poll_fn(|context| {
        if leash.wish() == Wish::LeaveNow {
            return Poll::Ready(End::Killed);
        }
        leash.remember(context.waker());
        poll_caught(future.as_mut(), context)
    })
    .await
}

fn poll_caught(future: Pin<&mut impl Future<Output = ()>>, context: &mut Context<'_>) -> Poll<End> {
    // After a panic the future is not polled again, so nobody sees a state that it left broken.
    match caught(|| future.poll(context)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(())) => Poll::Ready(End::Returned),
        Err(caught) => Poll::Ready(End::Panicked(caught)),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::rc::Rc;

    use super::*;

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Notes when it is dropped.
    struct Trace(Rc<Cell<bool>>);

    impl Drop for Trace {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }

    #[test]
    fn a_killed_future_is_dropped_where_it_waits() {
        let leash = Leash::default();
        let dropped = Rc::new(Cell::new(false));
        let trace = Trace(dropped.clone());
        let mut life = Box::pin(guarded(&leash, async move {
            let _trace = trace;
            pending::<()>().await;
        }));
        assert!(poll_once(life.as_mut()).is_pending());
        leash.tell(Wish::Leave);
        assert!(poll_once(life.as_mut()).is_pending(), "asked politely it may stay");
        leash.tell(Wish::LeaveNow);
        assert_eq!(poll_once(life.as_mut()), Poll::Ready(End::Killed));
        assert!(dropped.get());
    }

    #[test]
    fn a_panic_ends_in_a_message() {
        let leash = Leash::default();
        let end = poll_once(pin!(guarded(&leash, async { panic!("no item {}", 7) })));
        let Poll::Ready(End::Panicked(caught)) = end else { panic!("{end:?} is no panic") };
        assert_eq!(caught.message, "no item 7");
    }

    #[test]
    fn a_wish_never_becomes_milder() {
        let leash = Leash::default();
        leash.tell(Wish::LeaveNow);
        leash.tell(Wish::Leave);
        assert_eq!(leash.wish(), Wish::LeaveNow);
        assert!(leash.is_leaving());
    }
}
