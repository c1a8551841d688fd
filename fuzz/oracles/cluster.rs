//! What comes over a cluster's wire: a message to a master, or one to a worker.
//!
//! The first byte chooses; the rest is what came. What can be read can be written, and reads the same again.

use katydid_cluster::message::{
    ToMaster, decode_to_master, decode_to_worker, encode_to_master, encode_to_worker,
};

/// # Panics
/// If a law of the parsers is broken.
pub(crate) fn check(data: &[u8]) {
    let [choice, input @ ..] = data else { return };
    if choice % 2 == 0 { check_to_master(input) } else { check_to_worker(input) }
}

fn check_to_master(input: &[u8]) {
    let Ok(read) = decode_to_master(input) else { return };
    let written = encode_to_master(&read.message, &read.node_id);
    let again = decode_to_master(&written).expect("we wrote it");
    match (&read.message, &again.message) {
        (ToMaster::Stats(first), ToMaster::Stats(second)) => {
            let facts = |stats: &katydid_stats::RunStats| {
                let total = stats.total();
                (total.requests, total.failures, total.times.count(), stats.errors().as_slice().len())
            };
            assert_eq!(facts(&first.stats), facts(&second.stats));
            let mut sum = first.stats.clone();
            sum.merge(&second.stats);
        }
        _ => assert_eq!(encode_to_master(&again.message, &again.node_id), written),
    }
}

fn check_to_worker(input: &[u8]) {
    let Ok(read) = decode_to_worker(input) else { return };
    let written = encode_to_worker(&read.message, &read.node_id);
    let again = decode_to_worker(&written).expect("we wrote it");
    assert_eq!(encode_to_worker(&again.message, &again.node_id), written);
}
