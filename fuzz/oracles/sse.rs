//! An event stream, arbitrarily split: the same events, sound ones, and none longer than the limit.
//!
//! The first byte chooses limit and split; the rest is the stream.

use katydid_net::sse::{Event, EventStream};

/// # Panics
/// If a law of the parser is broken.
pub(crate) fn check(data: &[u8]) {
    let [options, input @ ..] = data else { return };
    let limit = if options & 1 == 0 { 1 << 20 } else { 40 };
    let whole = read(limit, [input]);
    assert_eq!(read(limit, input.chunks(usize::from(*options >> 1) + 1)), whole, "in pieces");
    for event in &whole.0 {
        assert!(!event.kind.is_empty() && !event.kind.contains(['\r', '\n']), "type {:?}", event.kind);
        assert!(!event.data.contains('\r'), "data {:?}", event.data);
        assert!(!event.last_id.contains(['\r', '\n', '\0']), "id {:?}", event.last_id);
        // A byte that is no UTF-8 becomes three.
        assert!(event.data.len() <= 3 * limit, "{} bytes of data", event.data.len());
    }
}

/// The events and, if it came to that, the complaint.
fn read<'a>(limit: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, bool) {
    let mut stream = EventStream::with_limit(limit);
    let mut events = Vec::new();
    let stopped = pieces.into_iter().try_for_each(|piece| stream.push(piece, &mut events));
    (events, stopped.is_err())
}
