//! br (RFC 7932).

use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, HeapAlloc, HuffmanCode};
use katydid_stats::Failure;

use super::{Budget, bad_encoding};

/// Decodes one brotli stream.
pub(super) struct Brotli {
    state: BrotliState<HeapAlloc<u8>, HeapAlloc<u32>, HeapAlloc<HuffmanCode>>,
    is_done: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let allocators = (HeapAlloc::default(), HeapAlloc::default(), HeapAlloc::default());
        // Strict: without the "large window" extension, which could claim a gigabyte.
        let state = BrotliState::new_strict(allocators.0, allocators.1, allocators.2);
        Self { state, is_done: false }
    }

    pub(super) fn decode(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        budget: &mut Budget,
    ) -> Result<(), Failure> {
        let (mut available_in, mut offset_in) = (input.len(), 0);
        if self.is_done {
            return Err(corrupt());
        }
        loop {
            let start = out.len();
            out.resize(start + budget.block(), 0);
            let (mut available_out, mut written, mut total) = (out.len() - start, 0, 0);
            let result = BrotliDecompressStream(
                &mut available_in,
                &mut offset_in,
                input,
                &mut available_out,
                &mut written,
                &mut out[start..],
                &mut total,
                &mut self.state,
            );
            out.truncate(start + written);
            budget.spend(written)?;
            match result {
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultSuccess if available_in == 0 => {
                    self.is_done = true;
                    return Ok(());
                }
                BrotliResult::ResultSuccess | BrotliResult::ResultFailure => return Err(corrupt()),
            }
        }
    }

    pub(super) fn finish(&self) -> Result<(), Failure> {
        if self.is_done { Ok(()) } else { Err(corrupt()) }
    }
}

/// Python's `brotli.error` knows no more than this either.
#[cold]
fn corrupt() -> Failure {
    bad_encoding("brotli: decoder failed")
}
