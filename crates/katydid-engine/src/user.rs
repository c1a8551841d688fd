//! What can a user do? Requests that are measured, waits, choices.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use katydid_net::client::{Client, Method, Sleep, sleep_until, yield_now};
use katydid_net::clock::Moment;
use katydid_plan::{Wait, WaitState};

use crate::chance::Chance;
use crate::life::Leash;
use crate::measured::Measured;
use crate::record::Recorder;
use crate::roster::UserId;

/// One user of a scenario: its connections and cookies, its randomness, its place in time.
///
/// # Accuracy
/// Every request made through the user itself is recorded: its response time runs from the moment before the first
/// write until the kernel received the last byte. What goes through [`User::client`] is not.
#[derive(Debug)]
pub struct User {
    id: UserId,
    client: Client,
    recorder: Rc<Recorder>,
    leash: Rc<Leash>,
    wait: Wait,
    wait_state: Cell<WaitState>,
    chance: Chance,
    /// When the next request was meant to start, if a wait meant a moment.
    intended: Cell<Option<Moment>>,
    /// Whether the current task has given way to others.
    has_yielded: Cell<bool>,
    has_begun: Cell<bool>,
}

impl User {
    pub(crate) fn new(
        id: UserId,
        client: Client,
        recorder: Rc<Recorder>,
        leash: Rc<Leash>,
        wait: Wait,
        chance: Chance,
    ) -> Self {
        Self {
            id,
            client,
            recorder,
            leash,
            wait,
            wait_state: Cell::new(WaitState::new(age(Moment::now()))),
            chance,
            intended: Cell::new(None),
            has_yielded: Cell::new(false),
            has_begun: Cell::new(false),
        }
    }

    /// The number of this user, from zero in the order of spawning; never reused in a run.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The client below: for requests that are not to be recorded, and for cookies.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A measured `GET`.
    pub fn get<'u>(&'u self, url: &'u str) -> Measured<'u> {
        self.request(Method::Get, url)
    }

    /// A measured `HEAD`.
    pub fn head<'u>(&'u self, url: &'u str) -> Measured<'u> {
        self.request(Method::Head, url)
    }

    /// A measured `POST`.
    pub fn post<'u>(&'u self, url: &'u str) -> Measured<'u> {
        self.request(Method::Post, url)
    }

    /// A measured `PUT`.
    pub fn put<'u>(&'u self, url: &'u str) -> Measured<'u> {
        self.request(Method::Put, url)
    }

    /// A measured `PATCH`.
    pub fn patch<'u>(&'u self, url: &'u str) -> Measured<'u> {
        self.request(Method::Patch, url)
    }

    /// A measured `DELETE`.
    pub fn delete<'u>(&'u self, url: &'u str) -> Measured<'u> {
        self.request(Method::Delete, url)
    }

    /// A measured request with any method; `url` is a path below the host or an absolute URL.
    pub fn request<'u>(&'u self, method: Method, url: &'u str) -> Measured<'u> {
        Measured::new(self, self.client.request(method, url))
    }

    /// Ends a task and waits as the scenario says. False: the run is over for this user, return. The first call
    /// begins the first task at once.
    pub async fn next_task(&self) -> bool {
        if self.has_begun.replace(true) && !self.is_stopping() {
            self.pause().await;
        }
        !self.is_stopping()
    }

    /// Waits for `span`, also while the user is asked to stop.
    pub fn sleep(&self, span: Duration) -> Sleep {
        self.has_yielded.set(true);
        self.client.sleep(span)
    }

    /// Was this user asked to stop? [`User::next_task`] then answers false.
    pub fn is_stopping(&self) -> bool {
        self.leash.is_leaving()
    }

    /// A random index into `weights`, each as likely as its weight says.
    pub fn pick(&self, weights: &[u32]) -> usize {
        self.chance.pick(weights)
    }

    /// A random number, uniform in `[0, 1)`.
    pub fn random(&self) -> f64 {
        self.chance.fraction()
    }

    /// The wait between two tasks; over at once when the user is asked to stop.
    async fn pause(&self) {
        let has_yielded = self.has_yielded.replace(false);
        if self.wait == Wait::Constant(Duration::ZERO) && has_yielded {
            return;
        }
        let now = Moment::now();
        let pause = self.next_pause(now);
        if !pause.is_zero() {
            let until = now.after(pause);
            self.unless_stopping(sleep_until(self.client.reactor(), until)).await;
            self.intended.set(Some(until));
        } else if !has_yielded {
            yield_now(self.client.reactor()).await;
        }
    }

    fn next_pause(&self, now: Moment) -> Duration {
        let mut state = self.wait_state.get();
        let pause = self.wait.pause(&mut state, age(now), self.chance.fraction());
        self.wait_state.set(state);
        pause
    }

    /// Awaits `future`, but no longer than until the user is asked to stop.
    async fn unless_stopping(&self, future: impl Future<Output = ()>) {
        let mut future = pin!(future);
        poll_fn(|context| if self.is_stopping() { Poll::Ready(()) } else { future.as_mut().poll(context) })
            .await;
    }

    pub(crate) fn leash(&self) -> &Leash {
        &self.leash
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The moment that the request which starts now was meant to start, if there is one.
    pub(crate) fn take_intended(&self) -> Option<Moment> {
        self.has_yielded.set(true);
        self.intended.take()
    }
}

/// A moment as plan counts time: from any fixed origin.
fn age(moment: Moment) -> Duration {
    Duration::from_nanos(moment.0)
}
