//! How does a part become bytes, and bytes a part? Numbers of variable length, deflated.
//!
//! A distribution, which is what takes room, is a list of steps from cell to cell and counts, in as few bits as such
//! numbers can do with: see `bits`. What a maintainer must not break: bytes of an earlier [`VERSION`] stay readable, and nothing that bytes
//! can hold makes reading panic or take memory without bound.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use katydid_stats::entry::PhaseSum;
use katydid_stats::histogram::CELLS;
use katydid_stats::part::Counts;
use katydid_stats::{EntryPart, Part, Phase};

use crate::bits::{BitReader, BitWriter, parameter};
use crate::error::{Error, Result};

/// The first byte.
const VERSION: u8 = 1;

/// Bytes that a part may have: what is longer was not written by us.
const MOST_BYTES: u64 = 1 << 30;

/// A part as bytes, without its times, its users and its failures, which have columns of their own.
pub(crate) fn encode(part: &Part) -> Vec<u8> {
    let mut plain = Vec::with_capacity(4096);
    entry(&mut plain, &part.total);
    for counts in [&part.lag, &part.start_lag].into_iter().chain(&part.phases) {
        distribution(&mut plain, counts);
    }
    number(&mut plain, part.entries.len() as u64);
    part.entries.iter().for_each(|one| entry(&mut plain, one));
    deflate(VERSION, &plain)
}

/// A document as bytes.
pub(crate) fn encode_document(text: &[u8]) -> Vec<u8> {
    deflate(VERSION, text)
}

/// The document of such bytes.
pub(crate) fn decode_document(bytes: &[u8]) -> Result<Vec<u8>> {
    inflate(bytes)
}

/// Fills in what [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8], part: &mut Part) -> Result<()> {
    let plain = inflate(bytes)?;
    let mut source = Source(&plain);
    part.total = source.entry()?;
    part.lag = source.distribution()?;
    part.start_lag = source.distribution()?;
    for phase in &mut part.phases {
        *phase = source.distribution()?;
    }
    let entries = source.number()?;
    part.entries.clear();
    for _ in 0..entries {
        part.entries.push(source.entry()?);
    }
    if source.0.is_empty() { Ok(()) } else { Err(broken()) }
}

fn broken() -> Error {
    Error::broken(
        "the stored measurements of this run cannot be read: they are damaged or of a newer katydid",
    )
}

fn deflate(version: u8, plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(vec![version], Compression::new(6));
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.unwrap_or_else(|_| unreachable!("memory takes every byte"))
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>> {
    let Some((&VERSION, deflated)) = bytes.split_first() else { return Err(broken()) };
    let mut plain = Vec::new();
    DeflateDecoder::new(deflated).take(MOST_BYTES).read_to_end(&mut plain).map_err(|_| broken())?;
    Ok(plain)
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn float(out: &mut Vec<u8>, value: f64) {
    out.extend(value.to_le_bytes());
}

fn entry(out: &mut Vec<u8>, part: &EntryPart) {
    for value in [u64::from(part.key), part.requests, part.requests_without_time, part.failures, part.bytes] {
        number(out, value);
    }
    for value in [
        part.total_ms,
        part.min_ms.unwrap_or(f64::NAN),
        part.max_ms,
        part.last_request_at.unwrap_or(f64::NAN),
    ] {
        float(out, value);
    }
    number(out, part.statuses.len() as u64);
    for (status, count) in &part.statuses {
        number(out, u64::from(*status));
        number(out, *count);
    }
    for sum in &part.phases {
        number(out, sum.count);
        if sum.count > 0 {
            number(out, sum.ns);
        }
    }
    distribution(out, &part.times);
}

fn distribution(out: &mut Vec<u8>, counts: &Counts) {
    number(out, counts.cells.len() as u64);
    let Some((first, _)) = counts.cells.first() else { return };
    number(out, counts.max_us);
    number(out, u64::from(*first));
    let steps = counts.cells.windows(2).map(|pair| (pair[1].0 - pair[0].0).saturating_sub(1));
    let more = counts.cells.iter().map(|(_, count)| count.saturating_sub(1));
    let length = counts.cells.len();
    let step_bits = parameter(steps.clone().map(u64::from).sum(), length);
    let more_bits = parameter(more.clone().map(u64::from).sum(), length);
    out.extend([step_bits as u8, more_bits as u8]);
    let mut bits = BitWriter::default();
    more.clone().take(1).for_each(|more| bits.rice(more, more_bits));
    for (step, more) in steps.zip(more.skip(1)) {
        bits.rice(step, step_bits);
        bits.rice(more, more_bits);
    }
    let bits = bits.finish();
    number(out, bits.len() as u64);
    out.extend(bits);
}

/// Bytes that are still to be read.
struct Source<'a>(&'a [u8]);

impl Source<'_> {
    fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.0.split_first().ok_or_else(broken)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(broken())
    }

    fn small(&mut self) -> Result<u32> {
        u32::try_from(self.number()?).map_err(|_| broken())
    }

    fn float(&mut self) -> Result<f64> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(broken)?;
        self.0 = rest;
        Ok(f64::from_le_bytes(*bytes))
    }

    fn optional(&mut self) -> Result<Option<f64>> {
        Ok(Some(self.float()?).filter(|value| !value.is_nan()))
    }

    fn entry(&mut self) -> Result<EntryPart> {
        let mut part = EntryPart {
            key: self.small()?,
            requests: self.number()?,
            requests_without_time: self.number()?,
            failures: self.number()?,
            bytes: self.number()?,
            total_ms: self.float()?,
            min_ms: self.optional()?,
            max_ms: self.float()?,
            last_request_at: self.optional()?,
            ..EntryPart::default()
        };
        for _ in 0..self.number()? {
            let status = u16::try_from(self.number()?).map_err(|_| broken())?;
            part.statuses.push((status, self.number()?));
        }
        for phase in Phase::ALL {
            let count = self.number()?;
            let ns = if count > 0 { self.number()? } else { 0 };
            part.phases[phase as usize] = PhaseSum { ns, count };
        }
        part.times = self.distribution()?;
        Ok(part)
    }

    fn distribution(&mut self) -> Result<Counts> {
        let length = self.number()?;
        if length == 0 {
            return Ok(Counts::default());
        }
        let (max_us, mut index) = (self.number()?, self.small()?);
        let (step_bits, more_bits) = (u32::from(self.byte()?), u32::from(self.byte()?));
        let size = self.number()?;
        let bytes = self.0.split_at_checked(usize::try_from(size).map_err(|_| broken())?);
        let (bytes, rest) = bytes.filter(|_| step_bits < 32 && more_bits < 32).ok_or_else(broken)?;
        self.0 = rest;
        // Each cell takes a bit at least, so a false number cannot reserve more than there is.
        let mut counts = Counts { cells: Vec::with_capacity((length as usize).min(8 * bytes.len())), max_us };
        let mut bits = BitReader::new(bytes);
        for place in 0..length {
            if place > 0 {
                let step = bits.rice(step_bits).ok_or_else(broken)?;
                index = index.checked_add(step).and_then(|index| index.checked_add(1)).ok_or_else(broken)?;
            }
            if index >= CELLS {
                return Err(broken());
            }
            let count = bits.rice(more_bits).and_then(|more| more.checked_add(1)).ok_or_else(broken)?;
            counts.cells.push((index, count));
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts() -> impl Strategy<Value = Counts> {
        (prop::collection::btree_map(0..CELLS, 1_u32..5000, 0..50), 0_u64..1 << 42).prop_map(
            |(cells, max_us)| {
                let max_us = if cells.is_empty() { 0 } else { max_us };
                Counts { cells: cells.into_iter().collect(), max_us }
            },
        )
    }

    fn entry_part() -> impl Strategy<Value = EntryPart> {
        (
            any::<[u64; 4]>(),
            any::<u32>(),
            counts(),
            prop::option::of(0.0..1e9),
            prop::collection::vec((any::<u16>(), any::<u64>()), 0..4),
        )
            .prop_map(|([requests, failures, bytes, ns], key, times, min_ms, statuses)| {
                let mut phases = [PhaseSum::default(); 6];
                phases[4] = PhaseSum { ns, count: 3 };
                EntryPart {
                    key,
                    requests,
                    failures,
                    bytes,
                    times,
                    min_ms,
                    statuses,
                    phases,
                    ..EntryPart::default()
                }
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            entries in prop::collection::vec(entry_part(), 0..5), total in entry_part(), lag in counts(), phase in counts(),
        ) {
            let mut part = Part { entries, total, lag, ..Part::default() };
            part.phases[2] = phase;
            let mut again = Part::default();
            decode(&encode(&part), &mut again).expect("our own bytes");
            prop_assert_eq!(again, part);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, &mut Part::default());
            let _ = decode(&deflate(VERSION, &bytes), &mut Part::default());
        }
    }

    #[test]
    fn a_cell_that_there_is_not_is_refused() {
        let with_last = |index| {
            let lag = Counts { cells: vec![(5, 1), (index, 1)], max_us: 1 };
            decode(&encode(&Part { lag, ..Part::default() }), &mut Part::default()).is_ok()
        };
        assert!(with_last(CELLS - 1) && !with_last(CELLS) && !with_last(u32::MAX));
    }

    #[test]
    fn bytes_of_another_version_are_refused() {
        let mut bytes = encode(&Part::default());
        bytes[0] = VERSION + 1;
        assert!(decode(&bytes, &mut Part::default()).is_err());
        assert!(decode(&[], &mut Part::default()).is_err());
    }
}
