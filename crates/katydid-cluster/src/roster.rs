//! Which workers are there, and how is each of them?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::message::{ToWorker, UserCounts};
use crate::report::Mark;

/// A worker's id.
pub type NodeId = Arc<str>;

/// What a worker does, as far as the master knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// It waits for orders.
    Ready,
    /// It starts or stops users.
    Spawning,
    /// Its users run.
    Running,
    /// It was not heard of for too long.
    Missing,
}

impl NodeState {
    /// Locust's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Spawning => "spawning",
            Self::Running => "running",
            Self::Missing => "missing",
        }
    }

    /// What a worker calls its state; `None` for words that no worker uses.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Ready, Self::Spawning, Self::Running].into_iter().find(|state| state.name() == name)
    }

    /// Has it users, or soon?
    pub fn is_active(self) -> bool {
        matches!(self, Self::Spawning | Self::Running)
    }
}

/// A worker as its master sees it.
#[derive(Clone, Debug)]
pub struct Node {
    /// Who.
    pub id: NodeId,
    /// Its number, given at its first appearance.
    pub index: u64,
    /// What it does.
    pub state: NodeState,
    /// The users that it reported last.
    pub users: UserCounts,
    /// Percent of one core.
    pub cpu_percent: f64,
    /// Resident memory.
    pub memory_bytes: u64,
    /// When it was heard of last.
    pub seen_at: Duration,
    /// Is it one of katydid's?
    pub is_ours: bool,
    /// Is it one of Locust's? Neither, as long as it has not said enough.
    pub is_stock: bool,
    /// Was it told that it is short of CPU?
    pub was_busy: bool,
    /// The last order and whether it has arrived.
    pub(crate) order: Option<Order>,
    /// The users of its last order to spawn.
    pub(crate) ordered_users: Option<UserCounts>,
}

/// An order that a worker was sent.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) timestamp: f64,
    pub(crate) message: ToWorker,
    pub(crate) sent_at: Duration,
    pub(crate) tries: u32,
    pub(crate) has_arrived: bool,
}

impl Node {
    pub(crate) fn new(id: NodeId, index: u64, seen_at: Duration) -> Self {
        Self {
            id,
            index,
            state: NodeState::Ready,
            users: UserCounts::new(),
            cpu_percent: 0.0,
            memory_bytes: 0,
            seen_at,
            is_ours: false,
            is_stock: false,
            was_busy: false,
            order: None,
            ordered_users: None,
        }
    }

    /// All its users.
    pub fn user_count(&self) -> u64 {
        self.users.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Is it not missing?
    pub fn is_there(&self) -> bool {
        self.state != NodeState::Missing
    }
}

/// The workers that have joined and not left.
#[derive(Debug, Default)]
pub struct Roster {
    nodes: BTreeMap<NodeId, Node>,
    indexes: HashMap<NodeId, u64>,
    reports: HashMap<NodeId, Merged>,
}

/// Ids that are remembered after their workers have left.
const REMEMBERED: usize = 100_000;

impl Roster {
    /// The workers by id.
    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.nodes.values_mut()
    }

    /// One of them.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)
    }

    pub(crate) fn node_mut(&mut self, id: &str) -> Option<&mut Node> {
        self.nodes.get_mut(id)
    }

    /// Those that are not missing.
    pub fn present(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(|node| node.is_there())
    }

    /// The users of all that are there.
    pub fn users(&self) -> UserCounts {
        let mut users = UserCounts::new();
        for (class, count) in self.present().flat_map(|node| &node.users) {
            let sum: &mut u64 = users.entry(class.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        users
    }

    /// A worker introduces itself, for the first time or again; its number stays. Was it there?
    pub(crate) fn join(&mut self, id: &str, seen_at: Duration) -> (NodeId, u64, bool) {
        let id: NodeId = self.nodes.get(id).map_or_else(|| id.into(), |node| node.id.clone());
        let index = self.index(&id);
        let before = self.nodes.remove(&id);
        let mut node = Node::new(id.clone(), index, seen_at);
        if let Some(before) = &before {
            (node.is_ours, node.is_stock) = (before.is_ours, before.is_stock);
        }
        self.nodes.insert(id.clone(), node);
        (id, index, before.is_some_and(|before| before.is_there()))
    }

    pub(crate) fn index(&mut self, id: &NodeId) -> u64 {
        let next = self.indexes.len() as u64;
        *self.indexes.entry(id.clone()).or_insert(next)
    }

    /// Its number, if it was ever here.
    pub fn index_of(&self, id: &str) -> Option<u64> {
        self.indexes.get(id).copied()
    }

    /// The numbers of all that were ever here.
    pub fn indexes(&self) -> impl Iterator<Item = (&NodeId, u64)> {
        self.indexes.iter().map(|(id, index)| (id, *index))
    }

    pub(crate) fn leave(&mut self, id: &str) -> Option<Node> {
        self.nodes.remove(id)
    }

    /// Notes a report; is it to be merged? `Err` if it came too much ahead of others to be remembered.
    pub(crate) fn note_report(&mut self, id: &str, mark: Mark) -> Result<bool, ()> {
        if self.reports.len() > REMEMBERED {
            let nodes = &self.nodes;
            self.reports.retain(|id, _| nodes.contains_key(id));
        }
        if !self.reports.contains_key(id) {
            self.reports.insert(id.into(), Merged::default());
        }
        self.reports.get_mut(id).ok_or(())?.note(mark)
    }

    /// Up to which number all reports of a worker are here.
    pub(crate) fn merged_up_to(&self, id: &str) -> u64 {
        self.reports.get(id).map_or(0, |merged| merged.up_to)
    }
}

/// Which reports of a worker are merged: all up to one, and some beyond.
#[derive(Debug, Default)]
struct Merged {
    up_to: u64,
    beyond: BTreeSet<u64>,
}

/// How far a report may be ahead of one that is missing.
const AHEAD: u64 = 1000;

impl Merged {
    fn note(&mut self, Mark { number, first, .. }: Mark) -> Result<bool, ()> {
        self.expect_from(first);
        if number <= self.up_to || self.beyond.contains(&number) {
            return Ok(false);
        }
        if number > self.up_to.saturating_add(AHEAD) {
            return Err(());
        }
        self.beyond.insert(number);
        self.catch_up();
        Ok(true)
    }

    /// What came before was for another master.
    fn expect_from(&mut self, first: u64) {
        if first > self.up_to.saturating_add(1) {
            self.up_to = first - 1;
            self.beyond = self.beyond.split_off(&first);
            self.catch_up();
        }
    }

    fn catch_up(&mut self) {
        while self.beyond.remove(&(self.up_to + 1)) {
            self.up_to += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_merged_once_in_whatever_order_it_comes() {
        let mut merged = Merged::default();
        for (number, is_new, up_to) in [
            (1, true, 1),
            (1, false, 1),
            (3, true, 1),
            (4, true, 1),
            (3, false, 1),
            (2, true, 4),
            (2, false, 4),
        ] {
            assert_eq!((merged.note(mark(number, 1)), merged.up_to), (Ok(is_new), up_to), "{number}");
        }
        assert_eq!(merged.note(mark(4 + AHEAD + 1, 1)), Err(()));
        assert_eq!(merged.beyond.len(), 0);
    }

    fn mark(number: u64, first: u64) -> Mark {
        Mark { number, first, ..Mark::default() }
    }

    #[test]
    fn what_went_to_another_master_is_not_waited_for() {
        let mut merged = Merged::default();
        let far = 4 * AHEAD;
        for (number, first, is_new, up_to) in [
            (1, 1, true, 1),
            (far + 1, far, true, far - 1),
            (far, far, true, far + 1),
            (2, 1, false, far + 1),
            (far + 2, 0, true, far + 2),
        ] {
            assert_eq!((merged.note(mark(number, first)), merged.up_to), (Ok(is_new), up_to), "{number}");
        }
    }

    #[test]
    fn a_number_is_for_life() {
        let mut roster = Roster::default();
        assert_eq!(roster.join("a_1", Duration::ZERO).1, 0);
        assert_eq!(roster.join("a_2", Duration::ZERO).1, 1);
        roster.leave("a_1");
        assert_eq!(roster.join("a_3", Duration::ZERO).1, 2);
        assert_eq!(roster.join("a_1", Duration::ZERO).1, 0);
    }
}
