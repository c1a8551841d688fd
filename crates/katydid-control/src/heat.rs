//! Which bucket of the heat map does a response time fall into? Four to an octave, the first from a quarter of a
//! millisecond on.

use katydid_stats::Histogram;

/// Where bucket 0 begins, in milliseconds.
pub const FIRST_MS: f64 = 0.25;

/// Buckets in which a duration doubles.
pub const PER_OCTAVE: u32 = 4;

/// The bucket of a duration; what is shorter than the first one's beginning is counted there.
///
/// # Examples
/// ```
/// use katydid_control::heat::bucket;
///
/// assert_eq!([bucket(0.1), bucket(0.25), bucket(0.5), bucket(1.0)], [0, 0, 4, 8]);
/// ```
pub fn bucket(ms: f64) -> u32 {
    let octaves = (ms / FIRST_MS).log2();
    // A cast of a float saturates: what is not above zero is bucket 0.
    (octaves * f64::from(PER_OCTAVE)).floor() as u32
}

/// How often each bucket was hit, shortest durations first; empty ones are left out.
pub fn buckets(times: &Histogram) -> Vec<(u32, u64)> {
    let mut hits: Vec<(u32, u64)> = Vec::new();
    for cell in times.cells() {
        let bucket = bucket(cell.value_ms());
        match hits.last_mut() {
            Some((last, count)) if *last == bucket => *count += cell.count,
            _ => hits.push((bucket, cell.count)),
        }
    }
    hits
}

/// The hits of both.
pub fn sum(left: &[(u32, u64)], right: &[(u32, u64)]) -> Vec<(u32, u64)> {
    let mut hits: std::collections::BTreeMap<u32, u64> = left.iter().copied().collect();
    for (bucket, count) in right {
        *hits.entry(*bucket).or_default() += count;
    }
    hits.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_quarters_of_an_octave() {
        let begins = |index: u32| FIRST_MS * f64::from(index).mul_add(0.25, 0.0).exp2();
        for index in 0..80 {
            let begin = begins(index);
            assert_eq!(bucket(begin * 1.001), index, "just above {begin} ms");
        }
        assert_eq!(bucket(0.0), 0);
    }

    #[test]
    fn sums_keep_the_order() {
        assert_eq!(sum(&[(1, 2), (5, 1)], &[(0, 1), (5, 3)]), [(0, 1), (1, 2), (5, 4)]);
    }
}
