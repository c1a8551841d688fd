//! How did the run go, second by second? Points and marks, in bounded memory.
//!
//! One point a second for the first hour. When there are more than [`MAX_POINTS`], each two neighbours become one, and from then on
//! points come half as often. So a run of any length has between half as many and [`MAX_POINTS`] points.

use std::sync::Arc;

use serde::Serialize;

use crate::heat;
use crate::measured::Measured;

/// Points that are kept.
pub const MAX_POINTS: usize = 3600;

/// Marks that are kept; the oldest go first, except the very first.
pub const MAX_MARKS: usize = 1000;

/// Percentiles of a point.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// Seconds between two points at the beginning; a little less than one, so that a publisher with a tick of one second
/// makes a point at every tick.
const FIRST_STEP: f64 = 0.95;

/// What happened since the point before.
///
/// # Accuracy
/// Rates, mean, lag and heat are exact for the time since the point before. Percentiles are those of the last ten
/// seconds. When two points are made one, rates and heat are put together exactly and of each percentile the greater one
/// stays, so that a peak does not vanish.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The end of the time that it is about, in Unix seconds.
    pub at: f64,
    /// Users that were running.
    pub users: Option<u64>,
    /// Requests per second.
    pub rps: f64,
    /// Failures per second.
    pub fail_per_s: f64,
    /// By quantile, in milliseconds.
    pub percentiles: Percentiles,
    /// Mean response time.
    pub avg_ms: Option<f64>,
    /// 99th percentile of the lag.
    pub lag_p99_ms: Option<f64>,
    /// Bucket and hits.
    pub heat: Vec<(u32, u64)>,
    #[serde(skip)]
    seconds: f64,
    #[serde(skip)]
    timed: u64,
}

/// Response times at four quantiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// The median.
    #[serde(rename = "0.5")]
    pub p50: Option<f64>,
    /// The 90th percentile.
    #[serde(rename = "0.9")]
    pub p90: Option<f64>,
    /// The 95th percentile.
    #[serde(rename = "0.95")]
    pub p95: Option<f64>,
    /// The 99th percentile.
    #[serde(rename = "0.99")]
    pub p99: Option<f64>,
}

impl Percentiles {
    fn of(measured: &Measured) -> Self {
        let values = measured.snapshot.total.window_percentiles_ms.as_deref();
        let [p50, p90, p95, p99] = QUANTILES.map(|quantile| measured.percentile(values, quantile));
        Self { p50, p90, p95, p99 }
    }

    fn greater(self, other: Self) -> Self {
        Self {
            p50: greater(self.p50, other.p50),
            p90: greater(self.p90, other.p90),
            p95: greater(self.p95, other.p95),
            p99: greater(self.p99, other.p99),
        }
    }
}

fn greater(left: Option<f64>, right: Option<f64>) -> Option<f64> {
    left.into_iter().chain(right).reduce(f64::max)
}

impl Point {
    fn between(before: &Measured, now: &Measured, users: Option<u64>) -> Self {
        let seconds = (now.snapshot.taken_at - before.snapshot.taken_at).max(f64::MIN_POSITIVE);
        let per_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let (total, earlier) = (&now.snapshot.total, &before.snapshot.total);
        let timed = now.timed_requests.saturating_sub(before.timed_requests);
        Self {
            at: now.snapshot.taken_at,
            users,
            rps: per_second(total.requests, earlier.requests),
            fail_per_s: per_second(total.failures, earlier.failures),
            percentiles: Percentiles::of(now),
            avg_ms: (timed > 0).then(|| (now.total_ms - before.total_ms).max(0.0) / timed as f64),
            lag_p99_ms: now.lag.since(&before.lag).quantile_ms(0.99),
            heat: heat::buckets(&now.times.since(&before.times)),
            seconds,
            timed,
        }
    }

    /// This and the point that follows it as one.
    fn and(&self, next: &Self) -> Self {
        let seconds = self.seconds + next.seconds;
        let rate = |left: f64, right: f64| (left * self.seconds + right * next.seconds) / seconds;
        let sum_ms = |point: &Self| point.avg_ms.unwrap_or(0.0) * point.timed as f64;
        let timed = self.timed + next.timed;
        Self {
            at: next.at,
            users: next.users,
            rps: rate(self.rps, next.rps),
            fail_per_s: rate(self.fail_per_s, next.fail_per_s),
            percentiles: self.percentiles.greater(next.percentiles),
            avg_ms: (timed > 0).then(|| (sum_ms(self) + sum_ms(next)) / timed as f64),
            lag_p99_ms: greater(self.lag_p99_ms, next.lag_p99_ms),
            heat: heat::sum(&self.heat, &next.heat),
            seconds,
            timed,
        }
    }
}

/// Something that happened to the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// When, in Unix seconds.
    pub at: f64,
    /// `start`, `spawned`, `stage`, `users`, `pause`, `resume`, `reset` or `stop`.
    pub kind: String,
    /// For a reader.
    pub text: String,
}

/// Points and marks of one run.
#[derive(Debug, Default)]
pub struct History {
    points: Vec<Arc<Point>>,
    marks: Vec<Mark>,
    before: Option<Arc<Measured>>,
    is_new: bool,
    doublings: u32,
}

impl History {
    /// Takes the numbers of a moment. They become a point if enough time has passed since the last.
    pub fn observe(&mut self, now: &Arc<Measured>, users: Option<u64>) {
        let Some(before) = self.before.take().or_else(|| self.beginning(now)) else {
            self.before = Some(Arc::clone(now));
            return;
        };
        let was_reset = now.started_at != before.started_at
            || now.snapshot.total.requests < before.snapshot.total.requests;
        let is_too_early = now.snapshot.taken_at - before.snapshot.taken_at < self.step();
        if is_too_early && !was_reset {
            self.before = Some(before);
            return;
        }
        if !was_reset {
            self.points.push(Arc::new(Point::between(&before, now, users)));
        }
        self.before = Some(Arc::clone(now));
        if self.points.len() > MAX_POINTS {
            self.thin();
        }
    }

    /// The first numbers of a run tell everything since it began; numbers after a rest tell nothing.
    fn beginning(&mut self, now: &Measured) -> Option<Arc<Measured>> {
        std::mem::take(&mut self.is_new).then(|| Arc::new(now.at_beginning()))
    }

    fn step(&self) -> f64 {
        FIRST_STEP * f64::from(2_u32.saturating_pow(self.doublings))
    }

    fn thin(&mut self) {
        self.points = self.points.chunks(2).map(join).collect();
        self.doublings += 1;
    }

    /// Nothing is observed for a while: what happens until the next numbers belongs to no point.
    pub fn rest(&mut self) {
        self.before = None;
    }

    /// Adds a mark. A `start` begins the history anew.
    pub fn mark(&mut self, mark: Mark) {
        if mark.kind == "start" {
            *self = Self { is_new: true, ..Self::default() };
        }
        if self.marks.len() >= MAX_MARKS {
            self.marks.remove(1);
        }
        self.marks.push(mark);
    }

    /// Points after a moment in Unix seconds.
    pub fn points_since(&self, since: f64) -> &[Arc<Point>] {
        &self.points[self.points.partition_point(|point| point.at <= since)..]
    }

    /// Marks after a moment in Unix seconds.
    pub fn marks_since(&self, since: f64) -> &[Mark] {
        &self.marks[self.marks.partition_point(|mark| mark.at <= since)..]
    }
}

fn join(points: &[Arc<Point>]) -> Arc<Point> {
    match points {
        [first, second] => Arc::new(first.and(second)),
        rest => Arc::clone(&rest[0]),
    }
}

#[cfg(test)]
mod tests {
    use katydid_stats::{RunStats, Sample};

    use super::*;
    use crate::measured;

    struct Run {
        stats: RunStats,
        history: History,
    }

    impl Run {
        fn new() -> Self {
            let mut stats = RunStats::new(100.0);
            stats.keep_windows(10, false);
            Self { stats, history: History::default() }
        }

        fn tick(&mut self, at: f64, times_ms: &[f64]) {
            let id = self.stats.entry("GET", "/");
            times_ms.iter().for_each(|ms| self.stats.record(id, &Sample::new(at, Some(*ms), 1)));
            let now = Measured::of(&self.stats, at, &measured::QUANTILES, &[]);
            self.history.observe(&Arc::new(now), Some(3));
        }
    }

    #[test]
    fn a_point_tells_what_came_since_the_last() {
        let mut run = Run::new();
        run.tick(100.0, &[]);
        run.tick(101.0, &[1.0, 3.0]);
        run.tick(101.5, &[8.0]);
        run.tick(102.0, &[]);
        let points = run.history.points_since(0.0);
        assert_eq!(points.len(), 2, "half a second makes no point");
        assert_eq!((points[0].rps, points[0].avg_ms, points[0].users), (2.0, Some(2.0), Some(3)));
        assert_eq!((points[1].rps, points[1].avg_ms), (1.0, Some(8.0)));
        assert_eq!(points[1].heat, [(heat::bucket(8.0), 1)]);
        assert_eq!(points[1].percentiles.p50, Some(3.0), "of the last ten seconds");
        assert_eq!(run.history.points_since(101.0).len(), 1);
    }

    #[test]
    fn the_first_point_of_a_run_reaches_back_to_its_start() {
        let mut run = Run::new();
        run.history.mark(Mark { at: 100.0, kind: "start".into(), text: String::new() });
        run.tick(102.0, &[4.0; 6]);
        let points = run.history.points_since(0.0);
        assert_eq!(points.iter().map(|point| (point.at, point.rps)).collect::<Vec<_>>(), [(102.0, 3.0)]);
        run.history.rest();
        run.tick(110.0, &[4.0; 6]);
        assert_eq!(
            run.history.points_since(102.0),
            [],
            "what happened while nobody looked belongs to no point"
        );
    }

    #[test]
    fn an_idle_second_has_no_mean() {
        let mut run = Run::new();
        run.tick(100.0, &[]);
        run.tick(101.0, &[]);
        let point = &run.history.points_since(0.0)[0];
        assert_eq!(
            (point.rps, point.avg_ms, point.percentiles.p50, point.lag_p99_ms),
            (0.0, None, None, None)
        );
    }

    #[test]
    fn a_reset_makes_no_negative_point() {
        let mut run = Run::new();
        run.tick(100.0, &[1.0; 5]);
        run.stats.reset(100.5);
        run.tick(101.0, &[1.0]);
        run.tick(102.0, &[1.0; 2]);
        assert_eq!(run.history.points_since(0.0).iter().map(|point| point.rps).collect::<Vec<_>>(), [2.0]);
    }

    #[test]
    fn a_reset_is_noticed_although_more_came_since() {
        let mut run = Run::new();
        run.tick(100.0, &[1.0; 2]);
        run.stats.reset(100.5);
        run.tick(101.0, &[1.0; 7]);
        run.tick(102.0, &[1.0; 3]);
        assert_eq!(run.history.points_since(0.0).iter().map(|point| point.rps).collect::<Vec<_>>(), [3.0]);
    }

    #[test]
    fn is_thinned_and_loses_no_request() {
        let mut run = Run::new();
        run.tick(0.0, &[]);
        let seconds = MAX_POINTS as u32 + 100;
        (1..=seconds).for_each(|second| run.tick(f64::from(second), &[2.0]));
        let points = run.history.points_since(0.0);
        assert!(points.len() < MAX_POINTS && points.len() >= MAX_POINTS / 2);
        let hits: u64 = points.iter().flat_map(|point| &point.heat).map(|(_, count)| count).sum();
        assert!(hits >= u64::from(seconds) - 2, "only what came after the last point is missing: {hits}");
        assert!(points.iter().all(|point| point.rps == 1.0), "rates stay rates");
    }

    #[test]
    fn marks_are_bounded_and_a_start_begins_anew() {
        let mut history = History::default();
        let mark = |kind: &str, at| Mark { at, kind: kind.into(), text: String::new() };
        history.mark(mark("start", 0.0));
        (1..2000).for_each(|at| history.mark(mark("users", f64::from(at))));
        assert_eq!(history.marks_since(-1.0).len(), MAX_MARKS);
        assert_eq!(history.marks_since(-1.0)[0].kind, "start");
        history.mark(mark("start", 3000.0));
        assert_eq!(history.marks_since(-1.0).len(), 1);
    }
}
