//! What comes over a cluster's wire: a message to a master, one to a worker, or bytes before there are messages.
//!
//! The first byte chooses; the rest is what came. What can be read can be written, and reads the same again; bytes of a
//! connection mean the same in whatever pieces they come.

use katydid_cluster::message::{
    ToMaster, decode_to_master, decode_to_worker, encode_to_master, encode_to_worker,
};
use katydid_cluster::zmtp::{Refusal, Session, Side};

/// # Panics
/// If a law of the parsers is broken.
pub(crate) fn check(data: &[u8]) {
    let [choice, input @ ..] = data else { return };
    match choice % 3 {
        0 => check_to_master(input),
        1 => check_to_worker(input),
        _ => check_session(input, usize::from(*choice / 3) + 1),
    }
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

fn check_session(input: &[u8], piece: usize) {
    let whole = read(input.chunks(input.len().max(1)));
    assert_eq!(read(input.chunks(piece)), whole, "in pieces");
    assert!(whole.0.iter().map(Vec::len).sum::<usize>() <= input.len());
}

/// The messages and, if it came to that, the refusal.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, Option<Refusal>) {
    let mut session = Session::new(Side::Master, None);
    let mut refusal = None;
    for piece in pieces {
        refusal = refusal.or_else(|| session.receive(piece).err());
        if refusal.is_some() {
            break;
        }
    }
    (std::iter::from_fn(|| session.take_message()).collect(), refusal)
}
