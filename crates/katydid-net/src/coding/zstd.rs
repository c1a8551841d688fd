//! zstd (RFC 8878), with the window that RFC 9659 allows on the web.
//!
//! The decoder underneath wants whole frame headers and whole blocks, so this module finds their lengths
//! and keeps what is incomplete: at most one block (128 KiB).

use katydid_stats::Failure;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Budget, bad_encoding};

/// RFC 9659 3: no more is to be expected of a decoder.
const WINDOW_BYTES: u64 = 8 << 20;

/// RFC 8878 3.1.1.2.4: no block is longer.
const BLOCK_BYTES: usize = 128 * 1024;

const MAGIC: u32 = 0xFD2F_B528;

/// Decodes a sequence of zstd frames.
pub(super) struct Zstd {
    frames: FrameDecoder,
    state: State,
    /// The beginning of a header or block whose end has not come.
    partial: Vec<u8>,
}

#[derive(Clone, Copy)]
enum State {
    FrameHeader,
    /// A skippable frame; this many bytes are left.
    Skip(usize),
    Block {
        has_checksum: bool,
    },
}

/// What the bytes at hand come to.
enum Progress {
    /// This many bytes were used.
    Used(usize),
    /// The unit is longer than what is there.
    Incomplete,
}

impl Zstd {
    pub(super) fn new() -> Self {
        let mut frames = FrameDecoder::new();
        frames.set_max_window_size(WINDOW_BYTES);
        Self { frames, state: State::FrameHeader, partial: Vec::new() }
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        let mut joined = std::mem::take(&mut self.partial);
        let mut rest = if joined.is_empty() {
            input
        } else {
            joined.extend_from_slice(input);
            &joined
        };
        while !rest.is_empty() {
            match self.step(rest, out, budget)? {
                Progress::Used(bytes) => rest = &rest[bytes..],
                Progress::Incomplete => break,
            }
        }
        self.partial = rest.to_vec();
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), Failure> {
        match self.state {
            State::FrameHeader if self.partial.is_empty() => Ok(()),
            _ => Err(bad_encoding("Zstandard data is incomplete")),
        }
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>, budget: &mut Budget) -> Result<Progress, Failure> {
        match self.state {
            State::FrameHeader => self.frame_header(input),
            State::Skip(left) => {
                let used = left.min(input.len());
                self.state = if used == left { State::FrameHeader } else { State::Skip(left - used) };
                Ok(Progress::Used(used))
            }
            State::Block { has_checksum } => self.block(input, has_checksum, out, budget),
        }
    }

    /// RFC 8878 3.1.1.1 and 3.1.2.
    fn frame_header(&mut self, input: &[u8]) -> Result<Progress, Failure> {
        let Some((magic, rest)) = input.split_first_chunk() else { return Ok(Progress::Incomplete) };
        let magic = u32::from_le_bytes(*magic);
        if magic & 0xFFFF_FFF0 == 0x184D_2A50 {
            let Some((length, _)) = rest.split_first_chunk() else { return Ok(Progress::Incomplete) };
            self.state = match u32::from_le_bytes(*length) {
                0 => State::FrameHeader,
                length => State::Skip(length as usize),
            };
            return Ok(Progress::Used(8));
        }
        if magic != MAGIC {
            return Err(bad_encoding("zstd: not a frame"));
        }
        let Some(descriptor) = rest.first() else { return Ok(Progress::Incomplete) };
        let Some(header) = input.get(..frame_header_len(*descriptor)) else {
            return Ok(Progress::Incomplete);
        };
        self.frames.reset(header).map_err(|error| bad_encoding(format!("zstd: {error}")))?;
        self.state = State::Block { has_checksum: descriptor & 0b100 != 0 };
        Ok(Progress::Used(header.len()))
    }

    /// RFC 8878 3.1.1.2: a three-byte header with the last flag, the type and the size.
    fn block(
        &mut self,
        input: &[u8],
        has_checksum: bool,
        out: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<Progress, Failure> {
        const RUN_LENGTH: u32 = 1;
        let [first, second, third, ..] = *input else { return Ok(Progress::Incomplete) };
        let header = u32::from_le_bytes([first, second, third, 0]);
        let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, (header >> 3) as usize);
        if size > BLOCK_BYTES {
            return Err(bad_encoding("zstd: block longer than 128 KiB"));
        }
        let content = if kind == RUN_LENGTH { 1 } else { size };
        let checksum = if is_last && has_checksum { 4 } else { 0 };
        let Some(block) = input.get(..3 + content + checksum) else { return Ok(Progress::Incomplete) };
        let decoded = self.frames.decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1));
        decoded.map_err(|error| bad_encoding(format!("zstd: {error}")))?;
        budget.spend(self.frames.can_collect())?;
        self.frames.collect_to_writer(out).map_err(|error| bad_encoding(format!("zstd: {error}")))?;
        if is_last {
            self.end_frame()?;
        }
        Ok(Progress::Used(block.len()))
    }

    fn end_frame(&mut self) -> Result<(), Failure> {
        let announced = self.frames.get_checksum_from_data();
        if announced.is_some() && announced != self.frames.get_calculated_checksum() {
            return Err(bad_encoding("zstd: wrong checksum"));
        }
        self.state = State::FrameHeader;
        Ok(())
    }
}

/// Magic number, descriptor, and the fields that the descriptor announces (RFC 8878 3.1.1.1.1).
fn frame_header_len(descriptor: u8) -> usize {
    let is_single_segment = descriptor & 0b10_0000 != 0;
    let content_size = match descriptor >> 6 {
        0 => usize::from(is_single_segment),
        flag => 1 << flag,
    };
    let dictionary_id = [0, 1, 2, 4][usize::from(descriptor & 3)];
    4 + 1 + usize::from(!is_single_segment) + dictionary_id + content_size
}
