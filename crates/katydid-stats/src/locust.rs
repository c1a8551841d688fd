//! How does Locust write it? Its buckets of response times and the keys of its errors, which files and protocol contain.
//!
//! Nothing here is used where katydid prints a number of its own.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::{Entry, ErrorStat};

/// The bucket of a response time: two significant digits from 100 ms on, whole milliseconds below; halves go to the
/// even neighbour.
///
/// # Examples
/// ```
/// use katydid_stats::locust::bucket;
///
/// assert_eq!([bucket(2.5), bucket(145.0), bucket(155.0), bucket(9999.0)], [2, 140, 160, 10_000]);
/// ```
pub fn bucket(response_time_ms: f64) -> i64 {
    let step = match response_time_ms {
        ms if ms < 100.0 => 1.0,
        ms if ms < 1000.0 => 10.0,
        ms if ms < 10_000.0 => 100.0,
        _ => 1000.0,
    };
    (response_time_ms / step).round_ties_even() as i64 * step as i64
}

/// The response times of an entry in Locust's buckets, shortest first.
///
/// # Accuracy
/// A response time within 0.1 % of the border between two buckets may fall into the neighbour.
pub fn response_times(entry: &Entry) -> Vec<(i64, u64)> {
    let mut buckets: Vec<(i64, u64)> = Vec::new();
    for cell in entry.times.cells() {
        let bucket = bucket(cell.value_ms());
        match buckets.last_mut() {
            Some((last, count)) if *last == bucket => *count += cell.count,
            _ => buckets.push((bucket, cell.count)),
        }
    }
    buckets
}

/// The key under which Locust's protocol and files know an error: a digest of method, name and the text as Python
/// would quote it.
pub fn error_key(error: &ErrorStat) -> String {
    let quoted = python_repr(&error.text);
    let digest = Sha256::digest(format!("{}.{}.{quoted}", error.method, error.name));
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// An error's text with the memory address of an object in it made anonymous, so that equal errors are equal.
///
/// Only the first object's address is looked for, and only where a `>` ends it, and it is then replaced wherever it
/// occurs: keys depend on these details.
pub fn without_address(text: &str) -> std::borrow::Cow<'_, str> {
    let address = text.split_once("object at 0x").and_then(|(_, rest)| rest.split_once('>'));
    match address {
        Some((address, _)) => text.replace(&format!("0x{address}"), "0x....").into(),
        None => text.into(),
    }
}

/// A text as Python's `repr` shows a `str`.
///
/// # Accuracy
/// Which characters are printable is a question to Unicode's tables: for characters younger than the Python that
/// quotes the same text, the two may differ.
pub fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        push_quoted(&mut quoted, character, quote);
    }
    quoted.push(quote);
    quoted
}

fn push_quoted(quoted: &mut String, character: char, quote: char) {
    let code = character as u32;
    // Writing to a string cannot fail.
    let _ = match character {
        '\n' => quoted.write_str("\\n"),
        '\r' => quoted.write_str("\\r"),
        '\t' => quoted.write_str("\\t"),
        '\\' => quoted.write_str("\\\\"),
        _ if character == quote => write!(quoted, "\\{character}"),
        _ if is_printable(character) => quoted.write_char(character),
        _ if code <= 0xff => write!(quoted, "\\x{code:02x}"),
        _ if code <= 0xffff => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
}

/// Rust and Python agree on what is not printable: controls, formats, surrogates, private and unassigned code points,
/// and separators other than the space. Rust tells only through its escaping of a string, where the first character
/// follows a rule of its own; so it is asked about the second.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    let mut probe = [b'a'; 5];
    let length = character.encode_utf8(&mut probe[1..]).len();
    let probe = std::str::from_utf8(&probe[..=length]).unwrap_or_default();
    probe.escape_debug().eq(probe.chars())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sample;

    #[test]
    fn buckets_round_half_to_even() {
        let table = [
            (0.4, 0),
            (1.5, 2),
            (2.5, 2),
            (99.9, 100),
            (100.0, 100),
            (145.0, 140),
            (155.0, 160),
            (994.9, 990),
            (999.0, 1000),
            (1150.0, 1200),
            (1250.0, 1200),
            (9999.0, 10_000),
            (10_500.0, 10_000),
            (11_500.0, 12_000),
        ];
        for (ms, expected) in table {
            assert_eq!(bucket(ms), expected, "{ms}");
        }
    }

    #[test]
    fn whole_milliseconds_fall_into_their_own_bucket() {
        let mut entry = Entry::new("GET", "/", 0.0, 10);
        let times: Vec<f64> =
            (1..=1040).map(f64::from).chain([1150.0, 5450.0, 5550.0, 14_500.0, 61_500.0]).collect();
        times.iter().for_each(|ms| entry.record(&Sample::new(1.0, Some(*ms), 0)));
        let mut expected: Vec<(i64, u64)> = Vec::new();
        for bucket in times.iter().map(|ms| bucket(*ms)) {
            match expected.last_mut() {
                Some((last, count)) if *last == bucket => *count += 1,
                _ => expected.push((bucket, 1)),
            }
        }
        assert_eq!(response_times(&entry), expected);
    }

    #[test]
    fn quotes_like_python() {
        // The right side was printed by Python 3.11.
        let table = [
            ("", "''"),
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("it's \"so\"", "'it\\'s \"so\"'"),
            ("a\\b\n\r\t\0\u{7f}", "'a\\\\b\\n\\r\\t\\x00\\x7f'"),
            ("é\u{301}ü", "'é\u{301}ü'"),
            ("\u{a0}\u{ad}", "'\\xa0\\xad'"),
            ("\u{200b}\u{2028}\u{3000}", "'\\u200b\\u2028\\u3000'"),
            ("\u{1f600}\u{e0001}\u{301}", "'\u{1f600}\\U000e0001\u{301}'"),
        ];
        for (text, expected) in table {
            assert_eq!(python_repr(text), expected);
        }
    }

    #[test]
    fn addresses_are_made_anonymous_as_locust_does() {
        // Recorded from stock Locust: StatsError.parse_error(text).
        let table = [
            ("<A object at 0x7f1> <B object at 0x7f2>", "<A object at 0x....> <B object at 0x7f2>"),
            ("<A object at 0x7f1> 0x7f1 0x7f12", "<A object at 0x....> 0x.... 0x....2"),
            ("x object at 0x> y", "x object at 0x....> y"),
            ("object at 0x7f1 foo> 0x7f1 foo", "object at 0x....> 0x...."),
            ("object at 0x7f1", "object at 0x7f1"),
            ("plain", "plain"),
        ];
        for (text, expected) in table {
            assert_eq!(without_address(text), expected);
        }
    }

    #[test]
    fn keys_are_those_that_locust_computes() {
        // Recorded from stock Locust: StatsError.create_key(method, name, error).
        let error = ErrorStat {
            method: "GET".into(),
            name: "/a".into(),
            text: "CatchResponseError('plain')".into(),
            occurrences: 1,
            first_seen: 0.0,
            last_seen: 0.0,
        };
        assert_eq!(error_key(&error), "7a790682e570db50f894c31518a8cc7c4c06d98d7b068e4fb3fc6d45fa0541b8");
        let error = ErrorStat { name: "/c".into(), text: "ValueError(\"it's\")".into(), ..error };
        assert_eq!(error_key(&error), "ba7dd2d97a14ec6c672e28b6aa6905fec15abf59b0d0bf2a48e5084b73d283e8");
    }
}
