//! Is one run slower than another, by more than noise?
//!
//! The two sides are digested stretch by stretch ([`digester`], [`digest`]), levels and names are paired, and each pair's
//! differences are held against what is allowed with a test that knows how much a run varies within itself ([`noise`]). The
//! reasoning and its assumptions are on the page `docs/concepts/comparison.md`, which is to be changed together with this
//! code.

pub mod digest;
pub mod digester;
pub mod groups;
pub mod noise;
pub mod pairing;
pub mod resemblance;
pub mod text;

use serde::Serialize;

use crate::overlay::Buckets;

pub use digest::{Digest, LevelDigest, NameDigest, Span};
pub use digester::{Digester, Mark};
use noise::{Difference, Estimate, shares};
use pairing::{Load, partners};
use resemblance::Resemblance;

/// What the degradation of a level against a baseline with another number of users may be, level by level; the last one
/// holds for all further levels. The figures are those of the guide that this follows.
pub const ALLOWED_BY_LEVEL: [f64; 3] = [0.5, 1.0, 1.5];

/// What the degradation between equal loads may be: two runs of the same thing differ by more than each within itself.
pub const ALLOWED_ALIKE: f64 = 0.10;

/// By how much the share of failures may rise.
pub const ALLOWED_ERRORS: f64 = 0.01;

/// What is called worse or better may be so by chance with this probability, if nothing differs; and each interval
/// holds with one less this.
pub const RISK: f64 = 0.01;

/// What is allowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowances {
    /// Degradation by level, in place of both standards; the last one holds for all further levels.
    pub by_level: Vec<f64>,
    /// Rise of the share of failures.
    pub errors: Option<f64>,
}

impl Allowances {
    fn degradation(&self, level: usize, is_alike: bool) -> f64 {
        let of = |list: &[f64]| list.get(level).or(list.last()).copied();
        let standard = if is_alike { Some(ALLOWED_ALIKE) } else { of(&ALLOWED_BY_LEVEL) };
        of(&self.by_level).or(standard).unwrap_or(ALLOWED_ALIKE)
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The median of the response times.
    P50,
    /// Their 95th percentile, which the degradation formula is about.
    P95,
    /// The share of failures.
    Errors,
}

impl Metric {
    const ALL: [Self; 3] = [Self::P50, Self::P95, Self::Errors];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::Errors => "errors",
        }
    }
}

/// How a difference is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Worse by more than is allowed, and that is not noise.
    Worse,
    /// There is too little data to tell.
    Undecided,
    /// Better by more than noise.
    Better,
    /// Neither.
    Same,
}

impl Outcome {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Undecided => "undecided",
            Self::Better => "better",
            Self::Same => "same",
        }
    }
}

/// One figure on both sides.
///
/// # Accuracy
/// `change` is computed from all requests of both sides: for response times the degradation formula, (now − before) /
/// before; for failures the difference of the shares. The interval is that of [`noise`], and holds with 99 % for this
/// figure alone; it is about the mean over the batches, so it need not be centred on `change`. A figure is judged worse
/// or better only if it stands out among all of the comparison, too.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Which figure.
    pub metric: Metric,
    /// By how much it changed.
    pub change: Option<f64>,
    /// The lower end of the interval.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// What is allowed.
    pub allowed: f64,
    /// The judgement.
    pub outcome: Outcome,
}

/// The figures of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Failures per request.
    pub fail_ratio: f64,
    /// Requests per second.
    pub rps: f64,
    /// Mean response time.
    pub avg_ms: Option<f64>,
    /// Median.
    pub p50_ms: Option<f64>,
    /// 95th percentile.
    pub p95_ms: Option<f64>,
    /// 99th percentile.
    pub p99_ms: Option<f64>,
}

impl Figures {
    fn of(name: &NameDigest, seconds: f64) -> Self {
        let ms = |us: Option<u64>| us.map(|us| us as f64 / 1000.0);
        Self {
            requests: name.requests,
            failures: name.failures,
            fail_ratio: name.failures as f64 / (name.requests.max(1)) as f64,
            rps: if seconds > 0.0 { name.requests as f64 / seconds } else { 0.0 },
            avg_ms: (name.timed > 0).then(|| name.total_ms / name.timed as f64),
            p50_ms: ms(name.p50_us),
            p95_ms: ms(name.p95_us),
            p99_ms: ms(name.p99_us),
        }
    }
}

/// One name in one level on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The level's label; empty where the run has none.
    pub level: String,
    /// Method or request type.
    pub method: String,
    /// Name.
    pub name: String,
    /// The baseline; `None` where it does not have the name.
    pub before: Option<Figures>,
    /// The run; `None` where it does not have the name.
    pub after: Option<Figures>,
    /// What was judged; nothing where a side is missing.
    pub changes: Vec<Change>,
    /// The worst judgement.
    pub outcome: Outcome,
    /// The distributions of the response times, for pictures: of the baseline and of the run.
    #[serde(skip)]
    pub times: [Buckets; 2],
}

/// Two runs, or two groups of names, held against each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// A name of the baseline for readers.
    pub before: String,
    /// A name of the run.
    pub after: String,
    /// Each level and name.
    pub rows: Vec<Row>,
    /// What a reader must know before trusting the figures.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Is something worse by more than noise and more than is allowed?
    pub fn is_regression(&self) -> bool {
        self.rows.iter().any(|row| row.outcome == Outcome::Worse)
    }

    /// Was something judged, and nothing worse? What was not compared has not passed.
    pub fn has_passed(&self) -> bool {
        !self.is_regression() && self.rows.iter().any(|row| row.outcome != Outcome::Undecided)
    }
}

/// Holds a run against a baseline.
pub fn compare(before: &Digest, after: &Digest, allowances: &Allowances) -> Comparison {
    let pairs = pair_levels(before, after);
    let mut rows: Vec<(Row, Vec<Judged>)> = Vec::new();
    for pair in &pairs {
        rows.extend(level_rows(pair, allowances));
    }
    let tests =
        rows.iter().flat_map(|(_, judged)| judged).filter(|judged| judged.difference.is_some()).count();
    let sure = RISK / tests.max(1) as f64;
    let rows = rows.into_iter().map(|(row, judged)| judge(row, &judged, sure)).collect();
    let mut notes = Vec::new();
    for (digest, side) in [(before, "the baseline"), (after, "the run")] {
        if digest.is_generator_limited {
            notes.push(format!(
                "in {side} the generator was the limit: its response times are not the target's alone"
            ));
        }
    }
    notes.extend(unpaired(before, after, &pairs));
    Comparison { before: String::new(), after: String::new(), rows, notes }
}

struct Pair<'a> {
    before: &'a LevelDigest,
    after: &'a LevelDigest,
    place: usize,
    is_alike: bool,
}

fn pair_levels<'a>(before: &'a Digest, after: &'a Digest) -> Vec<Pair<'a>> {
    let pair = |(after, partner): (&'a LevelDigest, Option<pairing::Partner>)| {
        let pairing::Partner { at, is_alike, place } = partner?;
        Some(Pair { before: before.levels.get(at)?, after, place, is_alike })
    };
    after.levels.iter().zip(partners(&loads(before), &loads(after))).filter_map(pair).collect()
}

fn loads(digest: &Digest) -> Vec<Load<'_>> {
    let spans = digest.levels.iter().map(|level| &level.span);
    spans.map(|span| Load { scenario: &span.scenario, users: span.users }).collect()
}

fn unpaired(before: &Digest, after: &Digest, pairs: &[Pair<'_>]) -> Vec<String> {
    let is_in = |level: &LevelDigest, side: fn(&Pair<'_>) -> u64| {
        pairs.iter().any(|pair| side(pair) == level.span.number)
    };
    let later = after.levels.iter().filter(|level| !is_in(level, |pair| pair.after.span.number));
    let earlier = before.levels.iter().filter(|level| !is_in(level, |pair| pair.before.span.number));
    let later = later.map(|level| match &*level.span.label {
        "" => format!("the run has no levels, and the baseline has none of {} users", level.span.users),
        label => format!("the baseline has no level like \"{label}\""),
    });
    // A baseline without levels is held against every level, so it is never left over.
    let earlier = earlier.map(|level| format!("the run has no level like \"{}\"", level.span.label));
    later.chain(earlier).collect()
}

/// A figure's difference that waits to be judged until it is known how many there are.
struct Judged {
    metric: Metric,
    change: Option<f64>,
    difference: Option<Difference>,
    allowed: f64,
}

/// How alike neighbouring batches of a level are, in the order of [`Metric::ALL`].
type Alike = [Resemblance; Metric::ALL.len()];

/// Those of both sides. Names that have the same good and bad seconds say little more together than one: where both sides
/// together say more than one alone, that is believed.
fn alike(pair: &Pair<'_>) -> [Alike; 2] {
    let of = |levels: &[&LevelDigest]| {
        Metric::ALL.map(|metric| {
            let names = levels.iter().flat_map(|level| level.names.values());
            let rows: Vec<Vec<f64>> = names.filter_map(|name| values_of(name, metric)).collect();
            Resemblance::of(&rows, if metric == Metric::Errors { 0.0 } else { noise::LEAST_VARIANCE })
        })
    };
    let both = of(&[pair.before, pair.after]);
    [pair.before, pair.after].map(|level| {
        let mut sides = of(&[level]);
        sides.iter_mut().zip(&both).for_each(|(side, both)| side.common = side.common.max(both.common));
        sides
    })
}

fn estimate(name: &NameDigest, metric: Metric, alike: &[Resemblance]) -> Option<Estimate> {
    let values = values_of(name, metric)?;
    let correlation = alike.get(metric as usize)?.in_row(&values);
    match metric {
        Metric::P50 | Metric::P95 => Estimate::of_logarithms(&values, correlation),
        Metric::Errors => Estimate::of_shares(&counts_of(name), correlation),
    }
}

fn level_rows(pair: &Pair<'_>, allowances: &Allowances) -> Vec<(Row, Vec<Judged>)> {
    let mut keys: Vec<_> = pair.before.names.keys().chain(pair.after.names.keys()).collect();
    keys.sort_by_key(|(method, name)| (name, method));
    keys.dedup();
    let alike = alike(pair);
    keys.into_iter()
        .map(|key| {
            let (before, after) = (pair.before.names.get(key), pair.after.names.get(key));
            let row = Row {
                level: pair.after.span.label.clone(),
                method: key.0.to_string(),
                name: key.1.to_string(),
                before: before.map(|name| Figures::of(name, pair.before.seconds)),
                after: after.map(|name| Figures::of(name, pair.after.seconds)),
                changes: Vec::new(),
                outcome: Outcome::Same,
                times: [before, after].map(|name| name.map(|name| name.times.clone()).unwrap_or_default()),
            };
            let judged = match (before, after) {
                (Some(before), Some(after)) => differences((before, after), &alike, pair, allowances),
                _ => Vec::new(),
            };
            (row, judged)
        })
        .collect()
}

fn differences(
    (before, after): (&NameDigest, &NameDigest),
    [old_alike, new_alike]: &[Alike; 2],
    pair: &Pair<'_>,
    allowances: &Allowances,
) -> Vec<Judged> {
    let (old, new) = (Figures::of(before, pair.before.seconds), Figures::of(after, pair.after.seconds));
    let degradation = |old: Option<f64>, new: Option<f64>| {
        old.zip(new).filter(|(old, _)| *old > 0.0).map(|(old, new)| (new - old) / old)
    };
    let allowed = allowances.degradation(pair.place, pair.is_alike);
    let difference = |metric| {
        estimate(before, metric, old_alike)
            .zip(estimate(after, metric, new_alike))
            .and_then(|(x, y)| x.to(&y))
    };
    Metric::ALL
        .map(|metric| match metric {
            Metric::P50 | Metric::P95 => Judged {
                metric,
                change: if metric == Metric::P50 {
                    degradation(old.p50_ms, new.p50_ms)
                } else {
                    degradation(old.p95_ms, new.p95_ms)
                },
                difference: difference(metric),
                allowed,
            },
            Metric::Errors => Judged {
                metric,
                change: Some(new.fail_ratio - old.fail_ratio),
                difference: difference(metric),
                allowed: allowances.errors.unwrap_or(ALLOWED_ERRORS),
            },
        })
        .into()
}

/// One value for each batch.
fn values_of(name: &NameDigest, metric: Metric) -> Option<Vec<f64>> {
    let logarithm = |us: Option<u64>| us.map(|us| (us.max(1) as f64).ln());
    match metric {
        Metric::P50 => name.batches.iter().map(|batch| logarithm(batch.p50_us)).collect(),
        Metric::P95 => name.batches.iter().map(|batch| logarithm(batch.p95_us)).collect(),
        Metric::Errors => Some(shares(&counts_of(name))),
    }
}

fn counts_of(name: &NameDigest) -> Vec<(u64, u64)> {
    name.batches.iter().map(|batch| (batch.failures, batch.requests)).collect()
}

fn judge(mut row: Row, judged: &[Judged], sure: f64) -> Row {
    row.changes = judged.iter().map(|one| one.judged(sure)).collect();
    row.outcome = match row.changes.iter().map(|change| change.outcome).min() {
        None => Outcome::Undecided,
        // Too little data for one figure says nothing against what the others show.
        Some(Outcome::Undecided) => {
            let decided = row.changes.iter().filter(|change| change.metric != Metric::Errors);
            decided
                .map(|change| change.outcome)
                .filter(|outcome| *outcome != Outcome::Undecided)
                .min()
                .unwrap_or(Outcome::Undecided)
        }
        Some(worst) => worst,
    };
    row
}

impl Judged {
    fn judged(&self, sure: f64) -> Change {
        let is_sure = self.difference.is_some_and(|difference| difference.chance() <= sure);
        let interval = self.difference.map(|difference| difference.interval(RISK));
        let interval = interval.map(|(low, high)| match self.metric {
            Metric::Errors => (low, high),
            Metric::P50 | Metric::P95 => (low.exp() - 1.0, high.exp() - 1.0),
        });
        let outcome = match interval {
            None => Outcome::Undecided,
            Some((low, _)) if is_sure && low > self.allowed => Outcome::Worse,
            Some((_, high)) if is_sure && high < 0.0 => Outcome::Better,
            Some(_) => Outcome::Same,
        };
        Change {
            metric: self.metric,
            change: self.change,
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            allowed: self.allowed,
            outcome,
        }
    }
}

#[cfg(test)]
mod alarms;
#[cfg(test)]
mod tests;
