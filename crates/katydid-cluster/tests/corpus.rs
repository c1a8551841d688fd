//! Replays the fuzzing corpus of the wire, and a bounded number of seeded mutations of it, on stable Rust.
//!
//! Messages as stock Locust 2.46.3 wrote them begin with the byte 0 or 1; what the fuzzer has found does with another.
//! `fuzz/run.sh` looks for more.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/oracles/cluster.rs"]
mod cluster;
#[path = "../../../fuzz/oracles/zmtp.rs"]
mod zmtp;

#[test]
fn cluster_holds_on_its_corpus() {
    replay("cluster", 60, cluster::check);
}

#[test]
fn zmtp_holds_on_its_corpus() {
    replay("zmtp", 8, zmtp::check);
}

fn replay(target: &str, mutations: u64, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(&corpus).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 12, "the corpus has only {} files", paths.len());
    for (index, path) in paths.iter().enumerate() {
        let input = fs::read(path).expect("a file");
        check(&input);
        for mutation in 0..mutations {
            let mutated = mutate(&input, (index as u64) << 32 | mutation);
            let checked = std::panic::catch_unwind(|| check(&mutated));
            assert!(checked.is_ok(), "{}: {mutated:?}", path.display());
        }
    }
}

#[test]
fn every_message_of_stock_locust_is_read() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/cluster");
    let mut read = [0, 0];
    for entry in fs::read_dir(&corpus).expect("a corpus") {
        let input = fs::read(entry.expect("an entry").path()).expect("a file");
        match input.split_first() {
            Some((0, message)) => {
                katydid_cluster::message::decode_to_master(message).expect("a worker's message");
                read[0] += 1;
            }
            Some((1, message)) => {
                katydid_cluster::message::decode_to_worker(message).expect("a master's message");
                read[1] += 1;
            }
            _ => {}
        }
    }
    assert!(read.iter().all(|count| *count >= 12), "{read:?}");
}

/// A byte changed, bytes taken out, or the end cut off: by a seed (SplitMix64).
fn mutate(input: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = |bound: usize| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    };
    let mut bytes = input.to_vec();
    for _ in 0..=next(3) {
        let at = next(bytes.len());
        match next(3) {
            0 if at < bytes.len() => bytes[at] = next(256) as u8,
            1 => drop(bytes.drain(at..(at + 1 + next(8)).min(bytes.len()))),
            _ => bytes.truncate(at.max(2)),
        }
    }
    bytes
}
