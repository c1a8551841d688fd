//! How does a whole histogram travel? As the cells that were hit: the distance from one to the next, and the count.
//!
//! Numbers are in groups of seven bits, lowest first (LEB128), so a typical cell takes three bytes. The last number is
//! the longest duration, exactly.

use katydid_stats::Histogram;

use crate::pack::Malformed;

const CUT: Malformed = Malformed("a histogram ends early");

pub(crate) fn to_bytes(histogram: &Histogram) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0;
    for cell in histogram.cells() {
        push(&mut bytes, cell.low_us - before);
        push(&mut bytes, cell.count);
        before = cell.low_us;
    }
    push(&mut bytes, (histogram.max_ms() * 1000.0).round() as u64);
    bytes
}

/// Adds what `bytes` hold to a histogram.
pub(crate) fn add_to(histogram: &mut Histogram, bytes: &[u8]) -> Result<(), Malformed> {
    add(histogram, read(bytes)?);
    Ok(())
}

pub(crate) fn add(histogram: &mut Histogram, more: Histogram) {
    if histogram.is_empty() { *histogram = more } else { histogram.merge(&more) }
}

fn read(mut bytes: &[u8]) -> Result<Histogram, Malformed> {
    let mut counts: Vec<(u64, u64)> = Vec::new();
    loop {
        let number = pop(&mut bytes)?;
        let last = counts.last_mut();
        if !bytes.is_empty() {
            let low_us = last.map_or(0, |(low_us, _)| *low_us).saturating_add(number);
            counts.push((low_us, pop(&mut bytes)?));
            continue;
        }
        // The longest duration lies in the last cell, so one of its counts can be told exactly.
        if let Some((low_us, count)) = last.filter(|(_, count)| *count > 0) {
            *count -= 1;
            let longest = number.max(*low_us);
            counts.push((longest, 1));
        }
        return Ok(Histogram::of_counts(counts));
    }
}

fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn pop(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(CUT)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Malformed("a number of a histogram is too long"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_histogram_arrives_as_it_left(durations in prop::collection::vec(0_u64..1 << 43, 0..600)) {
            let mut sent = Histogram::new();
            durations.iter().for_each(|us| sent.record_us(*us));
            let mut arrived = Histogram::new();
            add_to(&mut arrived, &to_bytes(&sent)).expect("we wrote it");
            prop_assert_eq!(arrived, sent);
        }

        #[test]
        fn any_bytes_are_a_histogram_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = add_to(&mut Histogram::new(), &bytes);
        }
    }

    #[test]
    fn a_cut_one_is_an_error() {
        let mut histogram = Histogram::new();
        [5, 70_000, 70_001].iter().for_each(|us| histogram.record_us(*us));
        let bytes = to_bytes(&histogram);
        assert!(add_to(&mut Histogram::new(), &[]).is_err());
        assert!(
            add_to(&mut Histogram::new(), &bytes[..1]).is_ok(),
            "nothing but a longest duration: an empty one"
        );
    }
}
