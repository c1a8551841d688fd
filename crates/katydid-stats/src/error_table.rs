//! Which failures happened, and how often? Each distinct one once.
//!
//! What a maintainer must not break: the table is bounded in number and in length, and a failure that is already known
//! is counted without allocating.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Distinct failures that are told apart; all others are counted as one.
pub const MAX_ERRORS: usize = 1000;

/// Bytes of a failure's text that are kept.
pub const MAX_TEXT_BYTES: usize = 8192;

/// A kind of failure: one text at one method and name.
///
/// # Accuracy
/// Exact, unless more than [`MAX_ERRORS`] kinds were seen: the rest is counted together in an entry without a name,
/// whose text says so. A text longer than [`MAX_TEXT_BYTES`] is cut, and says so; texts that agree up to there are one.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorStat {
    /// HTTP method or request type.
    pub method: Box<str>,
    /// Name of the request.
    pub name: Box<str>,
    /// What went wrong.
    pub text: Box<str>,
    /// How often.
    pub occurrences: u64,
    /// First time, in Unix seconds.
    pub first_seen: f64,
    /// Last time, in Unix seconds.
    pub last_seen: f64,
}

/// The place of a failure in its table; valid until the table is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorId(u32);

impl ErrorId {
    /// The index into [`ErrorTable::as_slice`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// All failures of a run, in the order in which they were first seen.
///
/// # Accuracy
/// See [`ErrorStat`].
#[derive(Clone, Debug, Default)]
pub struct ErrorTable {
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    errors: Vec<ErrorStat>,
    overflow: Option<ErrorId>,
}

impl ErrorTable {
    /// Counts one failure at a time in Unix seconds.
    pub fn record(&mut self, method: &str, name: &str, text: &str, at: f64) -> ErrorId {
        self.add(method, name, text, 1, (at, at))
    }

    /// Adds the failures of another table.
    pub fn merge(&mut self, other: &Self) {
        for error in &other.errors {
            let seen = (error.first_seen, error.last_seen);
            self.add(&error.method, &error.name, &error.text, error.occurrences, seen);
        }
    }

    /// The failures since this table was as `earlier`. One that was known then is seen first when it was seen last then.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut later = Self::default();
        for error in &self.errors {
            let known =
                earlier.find(&error.method, &error.name, &error.text).map(|id| &earlier.errors[id.index()]);
            let more = error.occurrences.saturating_sub(known.map_or(0, |known| known.occurrences));
            if more > 0 {
                let first_seen = known
                    .filter(|known| known.first_seen <= error.first_seen)
                    .map_or(error.first_seen, |known| known.last_seen);
                later.add(&error.method, &error.name, &error.text, more, (first_seen, error.last_seen));
            }
        }
        later
    }

    /// All failures, oldest first.
    pub fn as_slice(&self) -> &[ErrorStat] {
        &self.errors
    }

    /// The failure at an index of [`Self::as_slice`], for assignment of its numbers.
    pub fn at_mut(&mut self, index: usize) -> Option<&mut ErrorStat> {
        self.errors.get_mut(index)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self { hasher: self.hasher.clone(), ..Self::default() };
    }

    /// Counts `count` failures of one kind, first and last seen at these times.
    pub fn add(&mut self, method: &str, name: &str, text: &str, count: u64, seen: (f64, f64)) -> ErrorId {
        let cut = cut(text);
        let id = self.find(method, name, &cut).unwrap_or_else(|| self.insert(method, name, &cut, seen));
        let error = &mut self.errors[id.index()];
        error.occurrences = error.occurrences.saturating_add(count);
        error.first_seen = error.first_seen.min(seen.0);
        error.last_seen = error.last_seen.max(seen.1);
        id
    }

    fn find(&self, method: &str, name: &str, text: &str) -> Option<ErrorId> {
        let is_it = |place: &u32| {
            let error = &self.errors[*place as usize];
            &*error.text == text && &*error.name == name && &*error.method == method
        };
        let hash = self.hasher.hash_one((method, name, text));
        self.places.find(hash, is_it).map(|place| ErrorId(*place))
    }

    fn insert(&mut self, method: &str, name: &str, text: &str, seen: (f64, f64)) -> ErrorId {
        if self.errors.len() >= MAX_ERRORS {
            return self.overflow(seen);
        }
        self.append(method, name, text, seen)
    }

    fn overflow(&mut self, seen: (f64, f64)) -> ErrorId {
        if let Some(id) = self.overflow {
            return id;
        }
        let text = format!("other failures: more than {MAX_ERRORS} distinct ones were seen");
        let id = self.append("", "", &text, seen);
        self.overflow = Some(id);
        id
    }

    fn append(
        &mut self,
        method: &str,
        name: &str,
        text: &str,
        (first_seen, last_seen): (f64, f64),
    ) -> ErrorId {
        let place = self.errors.len() as u32;
        let (method, name, text) = (method.into(), name.into(), text.into());
        self.errors.push(ErrorStat { method, name, text, occurrences: 0, first_seen, last_seen });
        let (hasher, errors) = (&self.hasher, &self.errors);
        let hash_of = |place: &u32| {
            let error = &errors[*place as usize];
            hasher.hash_one((&*error.method, &*error.name, &*error.text))
        };
        self.places.insert_unique(hash_of(&place), place, hash_of);
        ErrorId(place)
    }
}

/// A text that is not longer than the table keeps.
pub(crate) fn cut(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= MAX_TEXT_BYTES {
        return text.into();
    }
    let end = text.floor_char_boundary(MAX_TEXT_BYTES);
    format!("{}… (cut, longer than {MAX_TEXT_BYTES} bytes)", &text[..end]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_equal_failures_once() {
        let mut table = ErrorTable::default();
        let first = table.record("GET", "/", "refused", 5.0);
        assert_eq!(table.record("GET", "/", "refused", 9.0), first);
        table.record("GET", "/", "reset", 7.0);
        table.record("POST", "/", "refused", 7.0);
        let seen: Vec<_> = table.as_slice().iter().map(|error| (&*error.method, error.occurrences)).collect();
        assert_eq!(seen, [("GET", 2), ("GET", 1), ("POST", 1)]);
        assert_eq!((table.as_slice()[0].first_seen, table.as_slice()[0].last_seen), (5.0, 9.0));
    }

    #[test]
    fn is_bounded_and_says_so() {
        let mut table = ErrorTable::default();
        for number in 0..MAX_ERRORS + 50 {
            table.record("GET", "/", &number.to_string(), 1.0);
        }
        assert_eq!(table.as_slice().len(), MAX_ERRORS + 1);
        let other = table.as_slice().last().expect("the entry for the rest");
        assert_eq!(other.occurrences, 50);
        assert!(other.text.contains("more than 1000"));
        assert_eq!(table.record("GET", "/", "3", 2.0).index(), 3, "known ones are still told apart");
    }

    #[test]
    fn cuts_long_texts_between_characters() {
        let mut table = ErrorTable::default();
        let long = "é".repeat(MAX_TEXT_BYTES);
        assert_eq!(table.record("GET", "/", &long, 1.0), table.record("GET", "/", &format!("{long}x"), 1.0));
        assert!(table.as_slice()[0].text.len() < MAX_TEXT_BYTES + 60);
    }

    #[test]
    fn merging_keeps_the_widest_times() {
        let mut left = ErrorTable::default();
        left.record("GET", "/", "reset", 5.0);
        let mut right = ErrorTable::default();
        right.record("GET", "/", "reset", 3.0);
        right.record("GET", "/", "refused", 4.0);
        left.merge(&right);
        assert_eq!(left.as_slice()[0].occurrences, 2);
        assert_eq!((left.as_slice()[0].first_seen, left.as_slice()[0].last_seen), (3.0, 5.0));
        assert_eq!(left.as_slice().len(), 2);
    }
}
