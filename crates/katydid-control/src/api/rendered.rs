//! What do all event streams send alike? The rows of the statistics and the failures, written once for each publication.
//!
//! What a maintainer must not break: nothing here is specific to a reader. Sixty readers of a thousand names cost one
//! reader's work and sixty copies.

use std::sync::{Arc, Mutex, PoisonError};

use super::entry::{self, Rates};
use crate::board::{Board, Document};
use crate::measured::Measured;

/// The numbers of one publication, as JSON.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) measured: Arc<Measured>,
    /// One for each entry, in their order.
    pub(crate) rows: Vec<String>,
    pub(crate) total: String,
    pub(crate) errors: String,
    samples: Option<Document>,
}

impl Rendered {
    fn of(measured: Arc<Measured>, samples: Option<Document>) -> Self {
        let row = |entry| entry::row(&measured, entry, Rates::Current).to_string();
        Self {
            rows: measured.snapshot.entries.iter().map(row).collect(),
            total: entry::total(&measured, Rates::Current).to_string(),
            errors: entry::errors(Some(&measured), samples.as_deref()).to_string(),
            measured,
            samples,
        }
    }

    fn is_of(&self, measured: &Arc<Measured>, samples: Option<&Document>) -> bool {
        let is_same = match (&self.samples, samples) {
            (Some(known), Some(samples)) => Arc::ptr_eq(known, samples),
            (None, None) => true,
            _ => false,
        };
        is_same && Arc::ptr_eq(&self.measured, measured)
    }
}

/// The last publication that somebody wanted to read.
#[derive(Debug, Default)]
pub(crate) struct Latest(Mutex<Option<Arc<Rendered>>>);

impl Latest {
    /// What is on the board, written when the first reader asks; the others wait for it.
    pub(crate) fn of(&self, board: &Board) -> Option<Arc<Rendered>> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (measured, samples) = (board.measured()?, board.document("samples"));
        if let Some(known) = latest.as_ref().filter(|known| known.is_of(&measured, samples.as_ref())) {
            return Some(Arc::clone(known));
        }
        let rendered = Arc::new(Rendered::of(measured, samples));
        *latest = Some(Arc::clone(&rendered));
        Some(rendered)
    }
}

#[cfg(test)]
mod tests {
    use katydid_stats::RunStats;

    use super::*;

    #[test]
    fn is_written_once_for_each_publication() {
        let (board, latest) = (Board::default(), Latest::default());
        assert!(latest.of(&board).is_none(), "nothing was measured yet");
        let mut stats = RunStats::new(1.0);
        stats.entry("GET", "/a");
        board.publish_stats(&stats, 2.0);
        let first = latest.of(&board).expect("numbers");
        assert_eq!(first.rows.len(), 1);
        assert!(Arc::ptr_eq(&first, &latest.of(&board).expect("the same")));
        board.publish("samples", b"[]").expect("JSON");
        let second = latest.of(&board).expect("numbers");
        assert!(!Arc::ptr_eq(&first, &second), "other samples, other failures");
        board.publish_stats(&stats, 3.0);
        assert!(!Arc::ptr_eq(&second, &latest.of(&board).expect("numbers")));
    }
}
