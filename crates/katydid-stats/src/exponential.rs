//! How is a distribution told to collectors? In buckets whose bounds are powers of one base, as OpenTelemetry's
//! exponential histograms and Prometheus' native ones have them.
//!
//! What a maintainer must not break: bounds depend on the scale alone, so that histograms of several processes and
//! moments can be put together by whoever receives them.

use crate::Histogram;

/// Buckets that a collector is asked to keep: OpenTelemetry's own limit.
pub const MOST_BUCKETS: u64 = 160;

/// The finest scale: Prometheus knows none above it, and bounds 0.3 % apart.
const FINEST: i32 = 8;

const US_PER_S: f64 = 1e6;

/// A distribution of durations in seconds.
///
/// # Accuracy
/// Bucket `i` counts durations above `base^i` up to `base^(i + 1)`, where `base` is two to the power of `2^-scale`. Which
/// bucket a duration is in is decided by the number that stands for its cell ([`Cell::value_us`](crate::histogram::Cell::value_us)). With a hundredfold
/// between the shortest and the longest duration the bounds are 4 % apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exponential {
    /// How fine the buckets are.
    pub scale: i32,
    /// Durations that were zero.
    pub zeros: u64,
    /// Which bucket the first count is of.
    pub first: i32,
    /// Counts of one bucket after the other.
    pub counts: Vec<u64>,
}

impl Exponential {
    /// That of a histogram.
    pub fn of(histogram: &Histogram) -> Self {
        let (mut zeros, mut counted) = (0, Vec::new());
        for cell in histogram.cells() {
            match cell.value_us() {
                0 => zeros += cell.count,
                us => counted.push((us as f64 / US_PER_S, cell.count)),
            }
        }
        let (Some((shortest, _)), Some((longest, _))) = (counted.first(), counted.last()) else {
            return Self { scale: FINEST, zeros, ..Self::default() };
        };
        let mut scale = FINEST;
        while i64::from(bucket(*longest, scale)) - i64::from(bucket(*shortest, scale)) >= MOST_BUCKETS as i64
        {
            scale -= 1;
        }
        let first = bucket(*shortest, scale);
        let mut counts = vec![0; (bucket(*longest, scale) - first) as usize + 1];
        for (seconds, count) in counted {
            counts[(bucket(seconds, scale) - first) as usize] += count;
        }
        Self { scale, zeros, first, counts }
    }
}

/// The bucket of a duration above zero.
fn bucket(seconds: f64, scale: i32) -> i32 {
    (seconds.log2() * f64::from(scale).exp2()).ceil() as i32 - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The upper bound of a bucket.
    fn bound(scale: i32, index: i32) -> f64 {
        (f64::from(index + 1) * (-f64::from(scale)).exp2()).exp2()
    }

    #[test]
    fn bounds_belong_to_the_bucket_below() {
        let mut histogram = Histogram::new();
        [0, 500_000, 1_000_000, 1_000_000, 2_000_000].iter().for_each(|us| histogram.record_us(*us));
        let told = Exponential { scale: 6, zeros: 1, first: -65, counts: vec![0; 129] };
        let mut counts = told.counts.clone();
        (counts[0], counts[64], counts[128]) = (1, 2, 1);
        assert_eq!(Exponential::of(&histogram), Exponential { counts, ..told });
    }

    #[test]
    fn nothing_and_zeros_have_no_buckets() {
        assert_eq!(Exponential::of(&Histogram::new()).counts, []);
        let mut histogram = Histogram::new();
        histogram.record_us(0);
        assert_eq!((Exponential::of(&histogram).zeros, Exponential::of(&histogram).counts), (1, vec![]));
    }

    proptest! {
        #[test]
        fn every_duration_is_in_the_bucket_between_its_bounds(
            durations in prop::collection::vec(0_u64..crate::histogram::LONGEST_US, 1..60),
        ) {
            let mut histogram = Histogram::new();
            durations.iter().for_each(|us| histogram.record_us(*us));
            let told = Exponential::of(&histogram);
            prop_assert!(told.counts.len() as u64 <= MOST_BUCKETS);
            prop_assert_eq!(told.zeros + told.counts.iter().sum::<u64>(), durations.len() as u64);
            for cell in histogram.cells().filter(|cell| cell.value_us() > 0) {
                let seconds = cell.value_us() as f64 / US_PER_S;
                let index = bucket(seconds, told.scale);
                prop_assert!(told.counts[(index - told.first) as usize] >= cell.count);
                let (low, high) = (bound(told.scale, index - 1), bound(told.scale, index));
                prop_assert!(seconds > low * (1.0 - 1e-12) && seconds <= high * (1.0 + 1e-12));
            }
        }
    }
}
