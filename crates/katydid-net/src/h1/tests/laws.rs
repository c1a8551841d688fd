//! What holds for every input.

use proptest::collection::vec;
use proptest::prelude::*;

use super::read;
use crate::h1::{
    BodyDecoder, Framing, Limits, encode_chunk, encode_head, encode_last_chunk, headers, parse_head, reason,
};

/// Bytes of which answers are made, so that chance finds the interesting combinations.
fn token() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 204 \r\n",
        "HTTP/1.1 304\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/",
        "\r\n",
        "\n",
        "\r",
        " ",
        "\t",
        ":",
        ";",
        ",",
        "0",
        "5",
        "a",
        "0\r\n",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        "Content-Length: ",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, ",
        "chunked",
        "X: y\r\n",
        "Connection: close\r\n",
        "Connection: keep-alive\r\n",
        " folded\r\n",
        "X-Y",
        "hello",
    ];
    prop_oneof![
        12 => prop::sample::select(words.map(|word| word.as_bytes().to_vec()).to_vec()),
        1 => vec(any::<u8>(), 1..4),
    ]
}

fn wire() -> impl Strategy<Value = Vec<u8>> {
    let starts = [&b"HTTP/1.1 200 OK\r\n"[..], b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b""];
    (prop::sample::select(starts.map(<[u8]>::to_vec).to_vec()), vec(token(), 0..24))
        .prop_map(|(start, tokens)| [start, tokens.concat()].concat())
}

/// `input` cut at these places.
fn pieces<'a>(input: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
    ends.push(input.len());
    ends.sort_unstable();
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(&ends).map(|(start, end)| &input[start..*end]).collect()
}

proptest! {
    #[test]
    fn splits_do_not_matter(
        input in wire(),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
        request_is_head in any::<bool>(),
    ) {
        let whole = read([&input[..]], request_is_head);
        prop_assert_eq!(&read(pieces(&input, &cuts), request_is_head), &whole);
        prop_assert_eq!(&read(input.chunks(1), request_is_head), &whole);
    }

    #[test]
    fn splits_do_not_matter_in_large_heads(
        values in vec(0..3_000_usize, 1..50),
        lines in vec(token(), 0..4),
        cuts in vec(any::<prop::sample::Index>(), 1..8),
    ) {
        let fields = values.iter().map(|len| format!("X: {}\r\n", "v".repeat(*len))).collect::<String>();
        let input = [b"HTTP/1.1 200 OK\r\n", fields.as_bytes(), &lines.concat(), b"\r\n\r\nhello"].concat();
        prop_assert_eq!(read(pieces(&input, &cuts), false), read([&input[..]], false));
    }

    #[test]
    fn any_bytes_are_survived(input in vec(any::<u8>(), 0..200), framing in 0..4_u8) {
        let _ = parse_head(&input, false, &Limits::default());
        let _ = (headers(&input).count(), reason(&input).len());
        let framing = [Framing::Empty, Framing::Length(50), Framing::Chunked, Framing::UntilClose][framing as usize];
        let mut out = Vec::new();
        if let Ok((consumed, _)) = BodyDecoder::new(framing).decode(&input, &mut out) {
            prop_assert!(consumed <= input.len() && out.len() <= consumed);
        }
    }

    /// Both readers of heads read the same: what `httparse` finds is what `headers` finds.
    #[test]
    fn fields_are_those_of_httparse(input in wire()) {
        let mut room = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut room);
        let mut config = httparse::ParserConfig::default();
        config.allow_obsolete_multiline_headers_in_responses(true);
        if let Ok(httparse::Status::Complete(len)) = config.parse_response(&mut response, &input) {
            let expected: Vec<_> = response.headers.iter().map(|field| (field.name.as_bytes(), field.value)).collect();
            prop_assert_eq!(headers(&input[..len]).collect::<Vec<_>>(), expected);
            prop_assert_eq!(reason(&input), response.reason.unwrap_or_default().trim_ascii().as_bytes());
        }
    }

    #[test]
    fn chunks_survive_the_round_trip(
        body in vec(vec(any::<u8>(), 0..300), 0..8),
        rest in vec(any::<u8>(), 0..9),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut wire = Vec::new();
        body.iter().for_each(|piece| encode_chunk(&mut wire, piece));
        encode_last_chunk(&mut wire);
        let framed_len = wire.len();
        wire.extend_from_slice(&rest);
        let (mut decoder, mut out, mut consumed) = (BodyDecoder::new(Framing::Chunked), Vec::new(), 0);
        for piece in pieces(&wire, &cuts) {
            consumed += decoder.decode(piece, &mut out).expect("sound chunks").0;
        }
        prop_assert_eq!((out, consumed), (body.concat(), framed_len));
    }

    /// A head that we send reads back as the fields that went in.
    #[test]
    fn heads_survive_the_round_trip(fields in vec(("[!-9;-~]{1,12}", "([!-~\u{e4}]([ -~]{0,20}[!-~])?)?"), 0..20)) {
        let mut wire = Vec::new();
        let given = || fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        encode_head(&mut wire, b"GET", b"/", given()).expect("sound fields");
        prop_assert!(headers(&wire).eq(given()));
    }
}
