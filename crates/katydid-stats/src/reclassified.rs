//! Which requests did a rule judge otherwise than they were? Each kind once, with how often.
//!
//! What a maintainer must not break: the table is bounded, and the count of each rule is exact even beyond the bound.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error_table::cut;

/// Kinds that are told apart; all others of a rule are counted together.
pub const MAX_RECLASSIFIED: usize = 1000;

/// What the rest of a rule's requests were.
pub const OTHER_CAUSES: &str = "other requests: more than 1000 kinds were seen";

/// A kind of request on which a rule decided.
///
/// # Accuracy
/// Exact, unless more than [`MAX_RECLASSIFIED`] kinds were seen: then the rest of each rule has one row without method
/// and name.
#[derive(Clone, Debug, PartialEq)]
pub struct Reclassified {
    /// The rule as it was written.
    pub rule: Box<str>,
    /// What it made of the request: `expected`, `tolerated`, `failed`, or `kept` where it was a failure and stays one.
    pub verdict: Box<str>,
    /// HTTP method or request type.
    pub method: Box<str>,
    /// Name of the request.
    pub name: Box<str>,
    /// What it was before: the failure's text, or a success.
    pub from: Box<str>,
    /// How often.
    pub occurrences: u64,
    /// First time, in Unix seconds.
    pub first_seen: f64,
    /// Last time, in Unix seconds.
    pub last_seen: f64,
}

/// What tells one kind from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind<'a> {
    /// The rule as it was written.
    pub rule: &'a str,
    /// What it made of the request.
    pub verdict: &'a str,
    /// HTTP method or request type.
    pub method: &'a str,
    /// Name of the request.
    pub name: &'a str,
    /// What it was before.
    pub from: &'a str,
}

impl Reclassified {
    /// What tells it from the others.
    pub fn kind(&self) -> Kind<'_> {
        Kind {
            rule: &self.rule,
            verdict: &self.verdict,
            method: &self.method,
            name: &self.name,
            from: &self.from,
        }
    }
}

/// All requests of a run that were reclassified, in the order in which their kinds were first seen.
///
/// # Accuracy
/// See [`Reclassified`].
#[derive(Clone, Debug, Default)]
pub struct ReclassifiedTable {
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    rows: Vec<Reclassified>,
}

impl ReclassifiedTable {
    /// Counts one request at a time in Unix seconds.
    pub fn record(&mut self, kind: Kind<'_>, at: f64) {
        self.add(kind, 1, (at, at));
    }

    /// Counts `count` requests of one kind, first and last seen at these times.
    pub fn add(&mut self, kind: Kind<'_>, count: u64, seen: (f64, f64)) {
        let from = cut(kind.from);
        let kind = Kind { from: &from, ..kind };
        let place = self.find(kind).unwrap_or_else(|| self.insert(kind, seen));
        let row = &mut self.rows[place];
        row.occurrences = row.occurrences.saturating_add(count);
        row.first_seen = row.first_seen.min(seen.0);
        row.last_seen = row.last_seen.max(seen.1);
    }

    /// Adds those of another table.
    pub fn merge(&mut self, other: &Self) {
        for row in &other.rows {
            self.add(row.kind(), row.occurrences, (row.first_seen, row.last_seen));
        }
    }

    /// Those since this table was as `earlier`. A kind that was known then is seen first when it was seen last then.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut later = Self::default();
        for row in &self.rows {
            let known = earlier.find(row.kind()).map(|place| &earlier.rows[place]);
            let more = row.occurrences.saturating_sub(known.map_or(0, |known| known.occurrences));
            if more > 0 {
                let first_seen = known
                    .filter(|known| known.first_seen <= row.first_seen)
                    .map_or(row.first_seen, |known| known.last_seen);
                later.add(row.kind(), more, (first_seen, row.last_seen));
            }
        }
        later
    }

    /// All kinds, oldest first.
    pub fn as_slice(&self) -> &[Reclassified] {
        &self.rows
    }

    /// How many requests a rule reclassified.
    pub fn count_of(&self, rule: &str) -> u64 {
        self.rows
            .iter()
            .filter(|row| &*row.rule == rule)
            .fold(0, |sum, row| sum.saturating_add(row.occurrences))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self { hasher: self.hasher.clone(), ..Self::default() };
    }

    fn find(&self, kind: Kind<'_>) -> Option<usize> {
        let is_it = |place: &u32| self.rows[*place as usize].kind() == kind;
        self.places.find(self.hasher.hash_one(kind), is_it).map(|place| *place as usize)
    }

    fn insert(&mut self, kind: Kind<'_>, seen: (f64, f64)) -> usize {
        if self.rows.len() < MAX_RECLASSIFIED {
            return self.append(kind, seen);
        }
        let rest = Kind { method: "", name: "", from: OTHER_CAUSES, ..kind };
        self.find(rest).unwrap_or_else(|| self.append(rest, seen))
    }

    fn append(&mut self, kind: Kind<'_>, (first_seen, last_seen): (f64, f64)) -> usize {
        let place = self.rows.len();
        self.rows.push(Reclassified {
            rule: kind.rule.into(),
            verdict: kind.verdict.into(),
            method: kind.method.into(),
            name: kind.name.into(),
            from: kind.from.into(),
            occurrences: 0,
            first_seen,
            last_seen,
        });
        let (hasher, rows) = (&self.hasher, &self.rows);
        let hash_of = |place: &u32| hasher.hash_one(rows[*place as usize].kind());
        let place_in_table = place as u32;
        self.places.insert_unique(hash_of(&place_in_table), place_in_table, hash_of);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFLICT: Kind<'_> =
        Kind { rule: "409 on *", verdict: "expected", method: "POST", name: "/x", from: "HTTP 409" };

    #[test]
    fn counts_each_kind_once() {
        let mut table = ReclassifiedTable::default();
        table.record(CONFLICT, 5.0);
        table.record(Kind { name: "/y", ..CONFLICT }, 6.0);
        table.record(Kind { rule: "4xx", ..CONFLICT }, 7.0);
        table.record(CONFLICT, 9.0);
        let counts: Vec<_> = table.as_slice().iter().map(|row| (&*row.name, row.occurrences)).collect();
        assert_eq!(counts, [("/x", 2), ("/y", 1), ("/x", 1)]);
        assert_eq!((table.as_slice()[0].first_seen, table.as_slice()[0].last_seen), (5.0, 9.0));
        assert_eq!((table.count_of("409 on *"), table.count_of("4xx"), table.count_of("5xx")), (3, 1, 0));
    }

    #[test]
    fn is_bounded_and_each_rule_still_counts_right() {
        let mut table = ReclassifiedTable::default();
        for number in 0..MAX_RECLASSIFIED + 50 {
            table.record(Kind { name: &number.to_string(), ..CONFLICT }, 1.0);
        }
        table.record(Kind { rule: "late", ..CONFLICT }, 1.0);
        assert_eq!(table.as_slice().len(), MAX_RECLASSIFIED + 2);
        assert_eq!(table.count_of("409 on *"), MAX_RECLASSIFIED as u64 + 50);
        assert_eq!((table.count_of("late"), &*table.as_slice()[MAX_RECLASSIFIED].from), (1, OTHER_CAUSES));
    }

    #[test]
    fn what_came_since_and_what_was_before_make_the_whole() {
        let mut before = ReclassifiedTable::default();
        before.record(CONFLICT, 5.0);
        let mut after = before.clone();
        after.record(CONFLICT, 8.0);
        after.record(Kind { name: "/y", ..CONFLICT }, 9.0);
        let mut whole = before.clone();
        whole.merge(&after.since(&before));
        assert_eq!(whole.as_slice(), after.as_slice());
        assert_eq!(after.since(&after).as_slice(), []);
    }
}
