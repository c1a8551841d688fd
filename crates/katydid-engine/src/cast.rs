//! Who plays what? Scenarios of different types behind one face.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use async_executor::LocalExecutor;
use katydid_net::client::ClientSettings;
use katydid_plan::{UserClass, Wait};

use crate::fault::Caught;
use crate::life::live;
use crate::roster::UserId;
use crate::scenario::{Scenario, user_class};
use crate::user::User;

/// Users that have ended since the engine last looked, and what they panicked with.
pub(crate) type Departures = Rc<RefCell<Vec<(UserId, Vec<Caught>)>>>;

/// A scenario of any type.
pub(crate) trait Role {
    fn class(&self) -> UserClass;

    fn wait(&self) -> Wait;

    fn configure(&self, client: &mut ClientSettings);

    /// Begins the life of `user`; its end is noted in `departures`.
    fn spawn(&self, executor: &LocalExecutor<'static>, user: User, departures: Departures);
}

/// A scenario that its users share.
pub(crate) struct Cast<S>(Rc<S>);

impl<S> Cast<S> {
    pub(crate) fn new(scenario: S) -> Self {
        Self(Rc::new(scenario))
    }
}

impl<S: Scenario> Role for Cast<S> {
    fn class(&self) -> UserClass {
        user_class(&*self.0)
    }

    fn wait(&self) -> Wait {
        self.0.wait()
    }

    fn configure(&self, client: &mut ClientSettings) {
        self.0.configure(client);
    }

    fn spawn(&self, executor: &LocalExecutor<'static>, user: User, departures: Departures) {
        let scenario = self.0.clone();
        let life = async move {
            let faults = live(&*scenario, &user).await;
            departures.borrow_mut().push((user.id(), faults));
        };
        executor.spawn(life).detach();
    }
}

impl<S> fmt::Debug for Cast<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Cast")
    }
}
