//! Which runs are forgotten? The oldest, when there are too many, when they are too old, or when they take too much room.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::run::{Run, RunId};
use crate::store::Store;

/// What may stay. A run that is a baseline, and one that goes on, always stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Retention {
    /// So many runs.
    pub runs: Option<u64>,
    /// Runs that began not longer ago.
    pub age: Option<Duration>,
    /// Bytes on disk; for a file alone.
    pub bytes: Option<u64>,
}

const FORM: &str = "write a number of runs, an age and a size, such as \"500 runs, 90d, 2GB\", or all";
const AGES: [(&str, u64); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("w", 604_800)];
const SIZES: [(&str, u64); 3] = [("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)];

impl Retention {
    /// Reads what a user wants to keep: `500 runs, 90d, 2GB`, or `all`.
    ///
    /// # Errors
    /// The text says something else.
    ///
    /// # Examples
    /// ```
    /// use katydid_store::Retention;
    ///
    /// let kept = Retention::parse("20 runs, 2GB").expect("it follows the form");
    /// assert_eq!((kept.runs, kept.age, kept.bytes), (Some(20), None, Some(2 << 30)));
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        if text.trim() == "all" {
            return Ok(Self::default());
        }
        text.split(',').map(str::trim).try_fold(Self::default(), Self::with)
    }

    fn with(mut self, limit: &str) -> Result<Self> {
        let digits = limit.len() - limit.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = limit.split_at(digits);
        let wrong = || Error::usage(format!("{limit:?} does not say what to keep: {FORM}"));
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit = unit.trim();
        let factor = |units: &[(&str, u64)]| {
            units.iter().find(|(name, _)| *name == unit).and_then(|(_, factor)| number.checked_mul(*factor))
        };
        if matches!(unit, "run" | "runs") {
            self.runs = Some(number);
        } else if let Some(seconds) = factor(&AGES) {
            self.age = Some(Duration::from_secs(seconds));
        } else if let Some(bytes) = factor(&SIZES) {
            self.bytes = Some(bytes);
        } else {
            return Err(wrong());
        }
        Ok(self)
    }

    /// The runs beyond number and age; `runs` are newest first.
    fn beyond(&self, runs: &[Run], now: f64) -> Vec<RunId> {
        let is_old = |run: &Run| self.age.is_some_and(|age| now - run.about.started_at > age.as_secs_f64());
        let most = self.runs.map_or(usize::MAX, |runs| usize::try_from(runs).unwrap_or(usize::MAX));
        let beyond = runs.iter().enumerate().filter(|(place, run)| *place >= most || is_old(run));
        beyond.map(|(_, run)| run.id).collect()
    }
}

impl Store {
    /// Forgets runs that need not stay, as of `now` in Unix seconds; those of `needed` and all baselines do. Returns which.
    ///
    /// # Errors
    /// The database's.
    pub fn prune(&mut self, retention: &Retention, needed: &[RunId], now: f64) -> Result<Vec<RunId>> {
        if *retention == Retention::default() {
            return Ok(Vec::new());
        }
        let baselines = self.baselines()?.into_iter().map(|baseline| baseline.run);
        let pinned: Vec<RunId> = baselines.chain(needed.iter().copied()).collect();
        let runs = self.runs(i64::MAX as u64)?;
        let may_go = |run: &Run| !pinned.contains(&run.id) && run.state(now) != crate::State::Running;
        let mut removed = Vec::new();
        for id in retention.beyond(&runs, now) {
            if runs.iter().any(|run| run.id == id && may_go(run)) {
                self.remove(id)?;
                removed.push(id);
            }
        }
        let mut oldest = runs
            .iter()
            .rev()
            .filter(|run| may_go(run) && !removed.contains(&run.id))
            .collect::<Vec<_>>()
            .into_iter();
        while let (Some(most), Some(size)) = (retention.bytes, self.size_bytes()?) {
            let Some(run) = oldest.next().filter(|_| size > most) else { break };
            self.remove(run.id)?;
            removed.push(run.id);
        }
        if !removed.is_empty() {
            self.compact()?;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_keep_is_written_in_one_line() {
        let kept = Retention::parse("500 runs, 90d, 2GB").expect("all three");
        let expected =
            Retention { runs: Some(500), age: Some(Duration::from_secs(7_776_000)), bytes: Some(2 << 30) };
        assert_eq!(kept, expected);
        assert_eq!(Retention::parse("all"), Ok(Retention::default()));
        assert_eq!(Retention::parse("1 run").expect("one").runs, Some(1));
        for wrong in
            ["", "some", "5", "5 years", "-1 runs", "99999999999999999999d", "10GB,", "9999999999999GB"]
        {
            let error = Retention::parse(wrong).expect_err(wrong);
            assert!(error.is_usage() && error.to_string().contains("500 runs"), "{error}");
        }
    }
}
