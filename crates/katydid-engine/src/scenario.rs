//! What does a user do? The trait that a Rust program implements for each kind of user.

use std::time::Duration;

use katydid_net::client::ClientSettings;
use katydid_plan::{UserClass, Wait};

use crate::user::User;

/// A kind of user: how many there are, how long they wait, and what one of them does.
///
/// One value of the type serves all users of the class. What belongs to one user lives in the local variables of
/// [`Scenario::run_user`], which is one user's whole life.
///
/// All users share one thread: a user that computes or blocks holds up the others, which the report shows as lag. A
/// future of another library may be awaited, but its wake-up is noticed only within a tenth of a second if nothing
/// else happens.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use katydid_engine::{Scenario, User, Wait};
///
/// struct Visitor;
///
/// impl Scenario for Visitor {
///     fn name(&self) -> &str {
///         "Visitor"
///     }
///
///     fn wait(&self) -> Wait {
///         Wait::Between(Duration::from_secs(1), Duration::from_secs(3))
///     }
///
///     async fn run_user(&self, user: &User) {
///         let _ = user.post("/login").json(&br#"{"name":"ada"}"#[..]).await;
///         while user.next_task().await {
///             // Failures are in the statistics already; here they matter only to what the user does next.
///             let _ = match user.pick(&[3, 1]) {
///                 0 => user.get("/items").await,
///                 _ => user.get("/items/7").name("/items/[id]").await,
///             };
///         }
///     }
/// }
/// ```
pub trait Scenario: 'static {
    /// The name of this kind of user; unique in a run.
    fn name(&self) -> &str;

    /// The share of all users, relative to the other scenarios.
    fn weight(&self) -> f64 {
        1.0
    }

    /// When above zero: exactly so many users, spawned before all others.
    fn fixed_count(&self) -> u64 {
        0
    }

    /// How long a user waits in [`User::next_task`].
    fn wait(&self) -> Wait {
        Wait::Constant(Duration::ZERO)
    }

    /// Changes what this kind of user's clients send and how they connect; the run's host is filled in already.
    fn configure(&self, client: &mut ClientSettings) {
        let _ = client;
    }

    /// One user's life, usually a loop over [`User::next_task`]. The user ends with it.
    ///
    /// A user that must go at once is not asked: the future is dropped where it waits, which cancels its exchange.
    fn run_user(&self, user: &User) -> impl Future<Output = ()>;

    /// What a user does last, also when it had to go at once.
    fn on_stop(&self, user: &User) -> impl Future<Output = ()> {
        let _ = user;
        async {}
    }
}

/// The scenario as the plan knows it.
pub(crate) fn user_class<S: Scenario>(scenario: &S) -> UserClass {
    UserClass { name: scenario.name().into(), weight: scenario.weight(), fixed_count: scenario.fixed_count() }
}
