//! How do small numbers become few bits? By Rice's code: the low bits as they are, the rest as so many ones and a zero.
//!
//! A number far above the others of its series is written after so many ones as no other has, as a whole.

/// As many ones announce a number of 32 bits.
const ESCAPE: u32 = 24;

/// The number of low bits that suits a series with this sum and length.
pub(crate) fn parameter(sum: u64, length: usize) -> u32 {
    (sum / length.max(1) as u64 + 1).ilog2().min(31)
}

/// Writes bits, the lowest of a number first.
#[derive(Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    waiting: u64,
    count: u32,
}

impl BitWriter {
    fn put(&mut self, value: u64, bits: u32) {
        self.waiting |= value << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push(self.waiting as u8);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    /// Writes a number with so many low bits.
    pub(crate) fn rice(&mut self, value: u32, low_bits: u32) {
        let quotient = value >> low_bits;
        if quotient >= ESCAPE {
            self.put((1 << ESCAPE) - 1, ESCAPE);
            return self.put(u64::from(value), 32);
        }
        self.put((1 << quotient) - 1, quotient + 1);
        self.put(u64::from(value) & ((1 << low_bits) - 1), low_bits);
    }

    /// The bytes; the last one is filled up.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.waiting as u8);
        }
        self.bytes
    }
}

/// Reads what a [`BitWriter`] wrote.
pub(crate) struct BitReader<'a> {
    rest: &'a [u8],
    waiting: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, waiting: 0, count: 0 }
    }

    /// Has 56 bits or more waiting, unless the end is near. What waits above `count` is what comes next, or nothing.
    #[inline]
    fn fill(&mut self) {
        if let Some(word) = self.rest.first_chunk() {
            self.waiting |= u64::from_le_bytes(*word) << self.count;
            let bytes = (63 - self.count) / 8;
            self.rest = &self.rest[bytes as usize..];
            self.count += 8 * bytes;
            return;
        }
        while self.count <= 56 {
            let Some((first, rest)) = self.rest.split_first() else { return };
            self.waiting |= u64::from(*first) << self.count;
            self.count += 8;
            self.rest = rest;
        }
    }

    fn take(&mut self, bits: u32) -> Option<u64> {
        self.fill();
        let value = self.waiting & ((1 << bits) - 1);
        self.count = self.count.checked_sub(bits)?;
        self.waiting >>= bits;
        Some(value)
    }

    /// The next number; `None` when there is none.
    #[inline]
    pub(crate) fn rice(&mut self, low_bits: u32) -> Option<u32> {
        self.fill();
        let ones = self.waiting.trailing_ones();
        if ones >= ESCAPE {
            self.take(ESCAPE)?;
            return self.take(32).map(|value| value as u32);
        }
        // 24 bits at most, and 31: no more than were filled in.
        self.count = self.count.checked_sub(ones + 1 + low_bits)?;
        let low = (self.waiting >> (ones + 1)) & ((1 << low_bits) - 1);
        self.waiting >>= ones + 1 + low_bits;
        Some((ones << low_bits) | low as u32)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::vec(any::<u32>().prop_map(|v| v >> (v % 32)), 0..200)) {
            let sum = values.iter().map(|value| u64::from(*value)).sum();
            let low_bits = parameter(sum, values.len());
            let mut writer = BitWriter::default();
            values.iter().for_each(|value| writer.rice(*value, low_bits));
            let bytes = writer.finish();
            let mut reader = BitReader::new(&bytes);
            let again: Option<Vec<u32>> = values.iter().map(|_| reader.rice(low_bits)).collect();
            prop_assert_eq!(again, Some(values));
        }
    }

    #[test]
    fn a_series_of_ones_takes_a_bit_each() {
        let mut writer = BitWriter::default();
        (0..800).for_each(|_| writer.rice(0, 0));
        assert_eq!(writer.finish().len(), 100);
        assert_eq!(BitReader::new(&[]).rice(3), None);
    }
}
