//! Who is there, and who has to go? The users of a run by class and age, without the users themselves.
//!
//! What a maintainer must not break: within a class the newest leaves first, and a user that was asked to leave is no
//! longer counted, although it stays until it has [`Roster::remove`]d itself or its grace is over.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Names a user; never reused in a run.
pub type UserId = u64;

/// What must be done to get from who is there to who should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Begin a user of the class with this index.
    Spawn {
        /// The new user.
        user: UserId,
        /// Index of its class.
        class: usize,
    },
    /// Ask a user to leave.
    Leave(UserId),
}

/// The users of a run.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// For each class its users, oldest first.
    staying: Vec<Vec<UserId>>,
    class_of: HashMap<UserId, usize>,
    /// Who was asked to leave, and until when it may take.
    leaving: VecDeque<(Duration, UserId)>,
    spawned: UserId,
}

impl Roster {
    /// Nobody, of `classes` classes.
    pub fn new(classes: usize) -> Self {
        Self { staying: vec![Vec::new(); classes], ..Self::default() }
    }

    /// Brings the users to `counts` (one for each class). Who leaves may take until `now + grace`.
    pub fn hold(&mut self, counts: &[u64], now: Duration, grace: Duration) -> Vec<Change> {
        let mut changes = Vec::new();
        for (class, &count) in counts.iter().enumerate() {
            while (self.staying[class].len() as u64) < count {
                changes.push(self.spawn(class));
            }
        }
        for (class, &count) in counts.iter().enumerate() {
            while self.staying[class].len() as u64 > count {
                let Some(user) = self.staying[class].pop() else { break };
                self.leaving.push_back((now + grace, user));
                changes.push(Change::Leave(user));
            }
        }
        changes
    }

    fn spawn(&mut self, class: usize) -> Change {
        let user = self.spawned;
        self.spawned += 1;
        self.staying[class].push(user);
        self.class_of.insert(user, class);
        Change::Spawn { user, class }
    }

    /// A user has left, asked or not; answers which class it was of, if it was there.
    pub fn remove(&mut self, user: UserId) -> Option<usize> {
        let class = self.class_of.remove(&user)?;
        if let Some(place) = self.staying[class].iter().rposition(|staying| *staying == user) {
            self.staying[class].remove(place);
        }
        Some(class)
    }

    /// A user whose grace is over at `now` and who is still there; each is named once.
    pub fn next_overdue(&mut self, now: Duration) -> Option<UserId> {
        while let Some(&(until, user)) = self.leaving.front() {
            let is_gone = !self.class_of.contains_key(&user);
            if !is_gone && until > now {
                return None;
            }
            self.leaving.pop_front();
            if !is_gone {
                return Some(user);
            }
        }
        None
    }

    /// When the next grace is over.
    pub fn due(&self) -> Option<Duration> {
        self.leaving.front().map(|(until, _)| *until)
    }

    /// Users that are there, also those that were asked to leave.
    pub fn alive(&self) -> u64 {
        self.class_of.len() as u64
    }

    /// Users of each class that were not asked to leave.
    pub fn counts(&self) -> impl Iterator<Item = u64> {
        self.staying.iter().map(|users| users.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    const fn spawn(user: UserId, class: usize) -> Change {
        Change::Spawn { user, class }
    }

    #[test]
    fn spawns_what_is_missing_and_dismisses_the_newest() {
        let mut roster = Roster::new(2);
        assert_eq!(roster.hold(&[2, 1], ms(0), ms(0)), [spawn(0, 0), spawn(1, 0), spawn(2, 1)]);
        assert_eq!(roster.hold(&[2, 1], ms(0), ms(0)), []);
        assert_eq!(roster.hold(&[1, 2], ms(0), ms(0)), [spawn(3, 1), Change::Leave(1)]);
        assert_eq!(roster.counts().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(roster.alive(), 4, "who was asked to leave is there until it has left");
        roster.remove(1);
        assert_eq!(roster.alive(), 3);
    }

    #[test]
    fn replaces_users_that_left_on_their_own() {
        let mut roster = Roster::new(1);
        roster.hold(&[2], ms(0), ms(0));
        roster.remove(0);
        assert_eq!(roster.hold(&[2], ms(0), ms(0)), [spawn(2, 0)]);
        assert_eq!(roster.hold(&[1], ms(0), ms(0)), [Change::Leave(2)], "age decides, not the slot");
    }

    #[test]
    fn names_each_overdue_user_once_and_only_if_it_is_there() {
        let mut roster = Roster::new(1);
        roster.hold(&[3], ms(0), ms(0));
        roster.hold(&[0], ms(100), ms(50));
        roster.remove(1);
        assert_eq!(roster.next_overdue(ms(149)), None);
        assert_eq!(roster.due(), Some(ms(150)));
        assert_eq!(roster.next_overdue(ms(150)), Some(2));
        assert_eq!(roster.next_overdue(ms(150)), Some(0));
        assert_eq!(roster.next_overdue(ms(999)), None);
    }

    #[test]
    fn removing_a_stranger_changes_nothing() {
        let mut roster = Roster::new(1);
        roster.hold(&[1], ms(0), ms(0));
        assert_eq!([roster.remove(7), roster.remove(0), roster.remove(0)], [None, Some(0), None]);
        assert_eq!(roster.alive(), 0);
    }
}
