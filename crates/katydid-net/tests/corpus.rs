//! Replays the fuzzing corpora, and a bounded number of seeded mutations of them, on stable Rust.
//!
//! Every file under `fuzz/corpus` was worth keeping: written by hand for a behaviour or found by the fuzzer. The
//! oracles are those of the fuzz targets. `fuzz/run.sh` looks for more.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/oracles/coding.rs"]
mod coding;
#[path = "../../../fuzz/oracles/cookies.rs"]
mod cookies;
#[path = "../../../fuzz/oracles/h1.rs"]
mod h1;
#[path = "../../../fuzz/oracles/proxy.rs"]
mod proxy;
#[path = "../../../fuzz/oracles/redirect.rs"]
mod redirect;
#[path = "../../../fuzz/oracles/sse.rs"]
mod sse;

/// Mutations of each corpus file.
const MUTATIONS: u64 = 12;

#[test]
fn h1_holds_on_its_corpus() {
    replay("h1", h1::check);
}

#[test]
fn coding_holds_on_its_corpus() {
    replay("coding", coding::check);
}

#[test]
fn sse_holds_on_its_corpus() {
    replay("sse", sse::check);
}

#[test]
fn cookies_holds_on_its_corpus() {
    replay("cookies", cookies::check);
}

#[test]
fn proxy_holds_on_its_corpus() {
    replay("proxy", proxy::check);
}

#[test]
fn redirect_holds_on_its_corpus() {
    replay("redirect", redirect::check);
}

fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(&corpus).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 12, "the corpus of {target} has only {} files", paths.len());
    for (index, path) in paths.iter().enumerate() {
        let input = fs::read(path).expect("a file");
        check_saying(path, &input, check);
        for mutation in 0..MUTATIONS {
            let seed = (index as u64) << 32 | mutation;
            check_saying(path, &mutate(&input, Chance(seed)), check);
        }
    }
}

/// A failed law names the file and the bytes, so that the case can be kept.
fn check_saying(path: &Path, input: &[u8], check: fn(&[u8])) {
    let checked = std::panic::catch_unwind(|| check(input));
    if let Err(panic) = checked {
        eprintln!("{}: {:?}", path.display(), String::from_utf8_lossy(input));
        std::panic::resume_unwind(panic);
    }
}

/// One to four changes: another byte, a piece out, a piece twice, cut off.
fn mutate(input: &[u8], mut chance: Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len());
        let end = (at + 1 + chance.below(16)).min(bytes.len());
        match chance.below(4) {
            0 if at < bytes.len() => bytes[at] = chance.next() as u8,
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                let place = chance.below(bytes.len() + 1);
                bytes.splice(place..place, piece);
            }
            _ => bytes.truncate(at.max(2)),
        }
    }
    bytes
}

/// A seeded sequence (SplitMix64): the same mutations on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}
