//! What were the response times of the last seconds? The difference between the histogram now and as it was then.
//!
//! A copy of the recorded cells is taken whenever a sample arrives in a later second than the one before it. So the
//! hot path pays for a window once a second, and a window costs nothing while nothing happens.
//!
//! What a maintainer must not break: a copy is keyed by the last second *for which* it is the state, so the state at the
//! end of second `s` is the copy with the smallest key that is not before `s`, and without such a copy it is the live
//! histogram.

use std::collections::VecDeque;

use crate::Histogram;
use crate::histogram::{Cell, pick_ranks, rank_of};

/// Copies kept beyond the length of the window, for readers that ask about a moment a little in the past.
const SPARE_SECONDS: usize = 10;

/// Longest window in seconds: each one costs a copy of the recorded cells.
const LONGEST: usize = 600;

/// The state of a histogram at the ends of the last seconds.
///
/// # Accuracy
/// Exact to the cells of the histogram; the window begins and ends with whole seconds, by the samples' own times, so it
/// reaches up to one second further back than its length says.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    length: usize,
    /// The second of the newest sample.
    current: i64,
    /// Last second of validity and the cells (longest duration, count), oldest first.
    copies: VecDeque<(i64, Vec<(u64, u64)>)>,
}

impl Window {
    /// A window of `length` seconds (at most ten minutes) that leaves out what `times` holds already in second `now`.
    pub fn new(length: usize, now: i64, times: &Histogram) -> Self {
        let copies = VecDeque::from([(now, copy(times, Vec::new()))]);
        Self { length: length.min(LONGEST), current: now, copies }
    }

    /// Changes the length. A longer window fills up as seconds pass.
    pub fn resize(&mut self, length: usize) {
        self.length = length.min(LONGEST);
        let spare = self.copies.len().saturating_sub(self.length + SPARE_SECONDS);
        self.copies.drain(..spare);
    }

    /// The length in seconds.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The state at the ends of the last seconds, oldest first: the second, and how often each duration in microseconds
    /// had been seen.
    pub fn copies(&self) -> impl Iterator<Item = (i64, Vec<(u64, u64)>)> + '_ {
        let value_us = |high_us: u64| Cell::around(high_us, 0).value_us();
        self.copies.iter().map(move |(second, cells)| {
            (*second, cells.iter().map(|(high_us, count)| (value_us(*high_us), *count)).collect())
        })
    }

    /// Puts other states in the place of all that is kept; `copies` are in the form of [`Self::copies`].
    pub fn assign(&mut self, copies: impl IntoIterator<Item = (i64, Vec<(u64, u64)>)>) {
        let mut sorted: Vec<_> =
            copies.into_iter().map(|(second, cells)| (second, distinct(&cells))).collect();
        sorted.sort_by_key(|(second, _)| *second);
        self.copies = sorted.into();
        self.resize(self.length);
    }

    /// To be called before a sample of `second` is recorded into `times`.
    pub fn observe(&mut self, second: i64, times: &Histogram) {
        if second <= self.current {
            return;
        }
        self.current = second;
        let memory = if self.copies.len() >= self.length + SPARE_SECONDS {
            self.copies.pop_front().map(|(_, cells)| cells).unwrap_or_default()
        } else {
            Vec::new()
        };
        self.copies.push_back((second - 1, copy(times, memory)));
    }

    /// The response times in milliseconds at the given quantiles of the window that ends in second `now`; `None` when
    /// nothing was recorded in it.
    pub fn quantiles_ms(&self, times: &Histogram, now: i64, quantiles: &[f64]) -> Option<Vec<f64>> {
        let since = now.saturating_sub(self.length as i64);
        let (_, then) = self.copies.iter().find(|(until, _)| *until >= since)?;
        let count = times.count().saturating_sub(then.iter().map(|(_, count)| count).sum());
        let ranks = quantiles.iter().map(|quantile| rank_of(*quantile, count)).collect::<Option<Vec<_>>>()?;
        let values = pick_ranks(without(times.cells(), then), &ranks);
        Some(values.into_iter().map(|us| us as f64 / 1000.0).collect())
    }
}

fn copy(times: &Histogram, mut memory: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    memory.clear();
    memory.extend(times.cells().map(|cell| (cell.high_us, cell.count)));
    memory
}

fn distinct(durations: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut times = Histogram::new();
    durations.iter().for_each(|(us, count)| times.record_many_us(*us, *count));
    copy(&times, Vec::new())
}

/// The cells less what they held earlier.
fn without<'a>(
    cells: impl Iterator<Item = Cell> + 'a,
    earlier: &'a [(u64, u64)],
) -> impl Iterator<Item = Cell> + 'a {
    let mut earlier = earlier.iter().peekable();
    cells.filter_map(move |cell| {
        let before = earlier.next_if(|(high_us, _)| *high_us == cell.high_us).map_or(0, |(_, count)| *count);
        let count = cell.count.saturating_sub(before);
        (count > 0).then_some(Cell { count, ..cell })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Series {
        times: Histogram,
        window: Window,
    }

    impl Series {
        fn new() -> Self {
            Self { times: Histogram::new(), window: Window::new(10, 100, &Histogram::new()) }
        }

        fn record(&mut self, second: i64, ms: f64) {
            self.window.observe(second, &self.times);
            self.times.record_ms(ms);
        }

        fn median(&self, now: i64) -> Option<f64> {
            self.window.quantiles_ms(&self.times, now, &[0.5]).map(|values| values[0])
        }
    }

    #[test]
    fn shows_the_last_ten_seconds_only() {
        let mut series = Series::new();
        for second in 100..130 {
            series.record(second, if second < 115 { 100.0 } else { 7.0 });
        }
        assert_eq!(series.median(129), Some(7.0));
        assert_eq!(series.median(114), Some(7.0), "later samples count too: the histogram knows no past end");
        assert_eq!(series.window.quantiles_ms(&series.times, 124, &[0.0, 1.0]), Some(vec![7.0, 7.0]));
    }

    #[test]
    fn is_everything_while_the_run_is_young() {
        let mut series = Series::new();
        series.record(100, 3.0);
        series.record(104, 5.0);
        assert_eq!(series.window.quantiles_ms(&series.times, 105, &[0.0, 1.0]), Some(vec![3.0, 5.0]));
    }

    #[test]
    fn is_empty_after_ten_idle_seconds() {
        let mut series = Series::new();
        series.record(100, 3.0);
        series.record(101, 3.0);
        assert_eq!(series.median(110), Some(3.0));
        assert_eq!(series.median(111), None);
        series.record(120, 9.0);
        assert_eq!(series.median(120), Some(9.0), "what came before the gap is not in the window");
    }

    #[test]
    fn copies_can_be_taken_out_and_put_back() {
        let mut series = Series::new();
        for second in 100..130 {
            series.record(second, if second < 115 { 100.0 } else { 7.0 });
        }
        let copies: Vec<_> = series.window.copies().collect();
        assert_eq!(copies.last(), Some(&(128, vec![(7_000, 14), (100_000, 15)])));
        let before = series.window.clone();
        series.window.assign(copies.into_iter().rev());
        assert_eq!(series.window, before);
        series.window.assign([]);
        assert_eq!(series.median(129), None);
    }

    #[test]
    fn keeps_a_bounded_number_of_copies() {
        let mut series = Series::new();
        (100..1000).for_each(|second| series.record(second, 1.0));
        assert_eq!(series.window.copies.len(), 20);
    }
}
