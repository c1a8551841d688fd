//! What comes over a connection of a cluster's before there are messages: greeting, handshake, frames.
//!
//! The first byte chooses the side, whether it has a key, and the length of pieces; the rest is what came. Bytes mean the
//! same in whatever pieces they come, and nothing is made of them that is longer than they are.

use std::sync::LazyLock;

use katydid_cluster::Key;
use katydid_cluster::zmtp::{Refusal, Session, Side};

static KEY: LazyLock<Key> =
    LazyLock::new(|| Key::try_of_secret("the key of the fuzzer").expect("it is long"));

/// # Panics
/// If a law of the protocol's parser is broken.
pub(crate) fn check(data: &[u8]) {
    let [choice, input @ ..] = data else { return };
    let whole = read(*choice, input.chunks(input.len().max(1)));
    let piece = usize::from(*choice / 4) + 1;
    assert_eq!(read(*choice, input.chunks(piece)), whole, "in pieces");
    assert!(whole.0.iter().map(Vec::len).sum::<usize>() <= input.len());
}

/// The messages and, if it came to that, the refusal.
fn read<'a>(choice: u8, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, Option<Refusal>) {
    let side = if choice & 1 == 0 { Side::Master } else { Side::Worker(b"host_1".to_vec()) };
    let mut session = Session::new(side, (choice & 2 != 0).then(|| KEY.clone()));
    let mut refusal = None;
    for piece in pieces {
        refusal = refusal.or_else(|| session.receive(piece).err());
        if refusal.is_some() {
            break;
        }
    }
    (std::iter::from_fn(|| session.take_message()).collect(), refusal)
}
