//! Codings against vectors made by other implementations (zlib and brotli of Python 3.11, the zstd command),
//! and laws against the encoders of the crates.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Coding, Decoder, LIMIT_DEFAULT, STEPS_MAX, decode};

const SONG: &[u8] = b"katydid sings, katydid sings";
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x4e\x2c\xa9\x4c\xc9\x4c\x51\x28\xce\xcc\x4b\x2f\xd6\
    \x51\xc8\x46\xe6\x02\x00\x35\x8d\x75\x6e\x1c\x00\x00\x00";
const GZIP_NAMED: &[u8] =
    b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x02\xff\x73\x6f\x6e\x67\x2e\x74\x78\x74\x00\xcb\x4e\x2c\
    \xa9\x4c\xc9\x4c\x51\x28\xce\xcc\x4b\x2f\xd6\x51\xc8\x46\xe6\x02\x00\x35\x8d\x75\x6e\x1c\x00\x00\x00";
const ZLIB: &[u8] =
    b"\x78\x9c\xcb\x4e\x2c\xa9\x4c\xc9\x4c\x51\x28\xce\xcc\x4b\x2f\xd6\x51\xc8\x46\xe6\x02\x00\x9a\xf0\
    \x0a\xa9";
const BARE: &[u8] = b"\xcb\x4e\x2c\xa9\x4c\xc9\x4c\x51\x28\xce\xcc\x4b\x2f\xd6\x51\xc8\x46\xe6\x02\x00";
const BROTLI: &[u8] =
    b"\x1b\x1b\x00\xf8\xc5\x6d\x6c\x5d\xf9\xde\x13\x08\x21\x41\xc7\x4e\x91\x54\x08\xd0\xa9\x7b\x59\
    \x88\xb7\x43\x00";
const ZSTD: &[u8] =
    b"\x28\xb5\x2f\xfd\x24\x1c\xad\x00\x00\x78\x6b\x61\x74\x79\x64\x69\x64\x20\x73\x69\x6e\x67\
    \x73\x2c\x20\x01\x00\x72\xcc\x3a\x6d\x41\x75\xc7";
const ZSTD_STREAMED: &[u8] =
    b"\x28\xb5\x2f\xfd\x04\x58\xad\x00\x00\x78\x6b\x61\x74\x79\x64\x69\x64\x20\x73\x69\x6e\x67\
    \x73\x2c\x20\x01\x00\x72\xcc\x3a\x6d\x41\x75\xc7";

type Decoded = Result<Vec<u8>, String>;

fn whole(coding: &Coding, body: &[u8], limit: usize) -> Decoded {
    decode(coding, body, limit).map_err(|failure| failure.label.expect("words").to_string())
}

fn in_pieces<'a>(coding: &Coding, pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Decoded {
    let mut decoder = Decoder::new(coding, limit);
    let mut out = Vec::new();
    let decoded = pieces.into_iter().try_for_each(|piece| decoder.decode(piece, &mut out));
    let finished = decoded.and_then(|()| decoder.finish());
    finished.map(|()| out).map_err(|failure| failure.label.expect("words").to_string())
}

/// Whole and byte by byte; both must agree.
fn both(coding: &Coding, body: &[u8]) -> Decoded {
    let decoded = whole(coding, body, LIMIT_DEFAULT);
    assert_eq!(in_pieces(coding, body.chunks(1), LIMIT_DEFAULT), decoded, "byte by byte");
    decoded
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

fn brotli(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = ::brotli::CompressorWriter::new(&mut out, 4096, 3, 18);
    encoder.write_all(content).expect("memory");
    drop(encoder);
    out
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

fn encode(coding: &Coding, content: &[u8]) -> Vec<u8> {
    match coding {
        Coding::Identity => content.to_vec(),
        Coding::Gzip => gzip(content),
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(content).expect("memory");
            encoder.finish().expect("memory")
        }
        Coding::Brotli => brotli(content),
        Coding::Zstd => zstd(content),
        Coding::Chain(steps) => steps.iter().fold(content.to_vec(), |body, step| encode(step, &body)),
    }
}

fn chain(steps: impl IntoIterator<Item = Coding>) -> Coding {
    steps.into_iter().fold(Coding::Identity, Coding::then)
}

#[test]
fn decodes_what_others_encoded() {
    let twice = |body: &[u8]| [body, body].concat();
    let song_twice = twice(SONG);
    // RFC 8878 3.1.2: a frame that carries something else for somebody else.
    let skippable =
        [b"\x5a\x2a\x4d\x18\x03\x00\x00\x00abc", ZSTD, b"\x50\x2a\x4d\x18\x00\x00\x00\x00"].concat();
    let rows: &[(&str, Coding, &[u8], &[u8])] = &[
        ("gzip", Coding::Gzip, GZIP, SONG),
        ("gzip with a file name", Coding::Gzip, GZIP_NAMED, SONG),
        ("gzip of two members (RFC 1952 2.2)", Coding::Gzip, &twice(GZIP), &song_twice),
        ("garbage behind gzip, as urllib3 takes it", Coding::Gzip, &[GZIP, b"garbage"].concat(), SONG),
        ("a second member cut off, as urllib3 takes it", Coding::Gzip, &[GZIP, &GZIP[..5]].concat(), SONG),
        ("deflate as the RFC says", Coding::Deflate, ZLIB, SONG),
        ("deflate as some servers say", Coding::Deflate, BARE, SONG),
        ("bytes behind deflate", Coding::Deflate, &[ZLIB, b"garbage"].concat(), SONG),
        ("br", Coding::Brotli, BROTLI, SONG),
        ("zstd", Coding::Zstd, ZSTD, SONG),
        ("zstd without a size in its header", Coding::Zstd, ZSTD_STREAMED, SONG),
        ("zstd of two frames", Coding::Zstd, &twice(ZSTD), &song_twice),
        ("zstd among skippable frames", Coding::Zstd, &skippable, SONG),
        ("nothing coded", Coding::Identity, SONG, SONG),
    ];
    for (story, coding, body, content) in rows {
        assert_eq!(both(coding, body).as_deref(), Ok(*content), "{story}");
    }
}

#[test]
fn takes_an_empty_body_under_every_coding() {
    for coding in
        [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd, chain([Coding::Gzip, Coding::Brotli])]
    {
        assert_eq!(both(&coding, b"").as_deref(), Ok(&b""[..]), "{coding:?}");
    }
}

#[test]
fn says_what_is_wrong_in_the_words_users_know() {
    const TRUNCATED: &str = "Error -5 while decompressing data: incomplete or truncated stream";
    let with_byte = |body: &[u8], at: usize, byte: u8| {
        let mut body = body.to_vec();
        body[at] = byte;
        body
    };
    let rows: &[(&str, Coding, &[u8], &str)] = &[
        ("no gzip", Coding::Gzip, b"plain text", "Error -3 while decompressing data: incorrect header check"),
        (
            "a broken block",
            Coding::Gzip,
            &with_byte(GZIP, 10, 7),
            "Error -3 while decompressing data: invalid block type",
        ),
        (
            "a wrong CRC",
            Coding::Gzip,
            &with_byte(GZIP, 33, 0),
            "Error -3 while decompressing data: incorrect data check",
        ),
        (
            "a wrong length",
            Coding::Gzip,
            &with_byte(GZIP, 34, 0),
            "Error -3 while decompressing data: incorrect length check",
        ),
        ("gzip without its trailer", Coding::Gzip, &GZIP[..30], TRUNCATED),
        ("gzip cut in the header", Coding::Gzip, &GZIP[..1], TRUNCATED),
        ("zlib cut off", Coding::Deflate, &ZLIB[..20], TRUNCATED),
        ("one byte of deflate", Coding::Deflate, &ZLIB[..1], TRUNCATED),
        (
            "no deflate",
            Coding::Deflate,
            b"\xffplain",
            "Error -3 while decompressing data: invalid block type",
        ),
        (
            "a preset dictionary (RFC 1950 2.2)",
            Coding::Deflate,
            b"\x78\xbb\0\0\0\x01abc",
            "Error 2 while decompressing data",
        ),
        ("no br", Coding::Brotli, b"plain text", "brotli: decoder failed"),
        ("br cut off", Coding::Brotli, &BROTLI[..10], "brotli: decoder failed"),
        ("bytes behind br", Coding::Brotli, &[BROTLI, b"x"].concat(), "brotli: decoder failed"),
        ("no zstd", Coding::Zstd, b"plain text", "zstd: not a frame"),
        ("zstd cut off", Coding::Zstd, &ZSTD[..20], "Zstandard data is incomplete"),
        ("a wrong checksum", Coding::Zstd, &with_byte(ZSTD, ZSTD.len() - 1, 0), "zstd: wrong checksum"),
        ("garbage behind zstd", Coding::Zstd, &[ZSTD, b"garbage"].concat(), "zstd: not a frame"),
    ];
    for (story, coding, body, words) in rows {
        assert_eq!(both(coding, body), Err((*words).to_owned()), "{story}");
    }
}

#[test]
fn stops_bombs() {
    let zeros = vec![0; 3 << 20];
    let bare = {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&zeros).expect("memory");
        encoder.finish().expect("memory")
    };
    for (coding, body) in [
        (Coding::Gzip, gzip(&zeros)),
        (Coding::Deflate, bare),
        (Coding::Brotli, brotli(&zeros)),
        (Coding::Zstd, zstd(&zeros)),
        (chain([Coding::Gzip, Coding::Gzip]), gzip(&gzip(&zeros))),
    ] {
        assert_eq!(whole(&coding, &body, zeros.len()).map(|out| out.len()), Ok(zeros.len()), "{coding:?}");
        let mut out = Vec::new();
        let failure = Decoder::new(&coding, 1_000_000).decode(&body, &mut out).expect_err("too much");
        let words = "decoded body exceeds the limit of 1000000 bytes";
        assert_eq!(failure.label.as_deref(), Some(words), "{coding:?}");
        assert!(out.capacity() < 3_000_000, "{coding:?} took {} bytes", out.capacity());
    }
    // A window of 2 GiB: refused before any memory is taken for it.
    let failure = whole(&Coding::Zstd, b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", LIMIT_DEFAULT);
    assert!(failure.is_err_and(|words| words.starts_with("zstd: ")));
}

#[test]
fn undoes_chains_from_the_last_coding_to_the_first() {
    let coding = chain([Coding::Deflate, Coding::Brotli, Coding::Gzip]);
    assert_eq!(both(&coding, &encode(&coding, SONG)).as_deref(), Ok(SONG));
    let five = chain(std::iter::repeat_n(Coding::Gzip, STEPS_MAX));
    assert_eq!(whole(&five, &encode(&five, SONG), LIMIT_DEFAULT).as_deref(), Ok(SONG));
    let six = five.then(Coding::Gzip);
    let words = "too many content codings: more than 5".to_owned();
    assert_eq!(whole(&six, &encode(&six, SONG), LIMIT_DEFAULT), Err(words));
}

/// What makes streamed answers useful: bytes that the server flushed are handed out at once.
#[test]
fn hands_out_what_was_flushed() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(SONG).expect("memory");
    gzip.flush().expect("memory");
    let mut wire = Vec::new();
    let mut brotli = ::brotli::CompressorWriter::new(&mut wire, 4096, 3, 18);
    brotli.write_all(SONG).expect("memory");
    brotli.flush().expect("memory");
    for (coding, body) in
        [(Coding::Gzip, gzip.get_ref().as_slice()), (Coding::Brotli, brotli.get_ref().as_slice())]
    {
        let mut out = Vec::new();
        Decoder::new(&coding, LIMIT_DEFAULT).decode(body, &mut out).expect("sound");
        assert_eq!(out, SONG, "{coding:?}");
    }
}

fn any_coding() -> impl Strategy<Value = Coding> {
    let single = || prop::sample::select(vec![Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd]);
    vec(single(), 0..3).prop_map(chain)
}

/// Compressible and incompressible.
fn any_content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..2_000),
        vec(0..3_u8, 0..2_000),
        (any::<u8>(), 0..300_000_usize).prop_map(|(byte, len)| vec![byte; len])
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn codings_survive_the_round_trip(coding in any_coding(), content in any_content(), piece in 1..5_000_usize) {
        let body = encode(&coding, &content);
        prop_assert!(whole(&coding, &body, LIMIT_DEFAULT).is_ok_and(|decoded| decoded == content));
        prop_assert!(in_pieces(&coding, body.chunks(piece), LIMIT_DEFAULT).is_ok_and(|decoded| decoded == content));
    }

    /// Damage gives the same verdict whole and in pieces, and neither a panic nor more than the limit.
    #[test]
    fn damage_is_survived(
        coding in any_coding(),
        content in vec(0..9_u8, 1..400),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        piece in 1..50_usize,
    ) {
        let mut body = encode(&coding, &content);
        damage.iter().for_each(|(at, byte)| *at.get_mut(&mut body) = *byte);
        let decoded = whole(&coding, &body, 10_000);
        prop_assert!(decoded.as_ref().map_or(0, Vec::len) <= 10_000);
        prop_assert_eq!(in_pieces(&coding, body.chunks(piece), 10_000).is_ok(), decoded.is_ok());
    }

    #[test]
    fn any_bytes_are_survived(coding in any_coding(), body in vec(any::<u8>(), 0..300)) {
        let decoded = whole(&coding, &body, 10_000);
        prop_assert_eq!(in_pieces(&coding, body.chunks(7), 10_000).is_ok(), decoded.is_ok());
    }
}
