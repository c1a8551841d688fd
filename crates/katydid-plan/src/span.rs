//! How long is `1h30m`? The grammar of time spans on the command line and in the web form.
//!
//! A span is either digits alone (seconds) or hours, minutes and seconds, each optional, in that order, nothing
//! between them. There are no fractions.

use std::time::Duration;

use crate::Error;

/// Parses a time span; a result too long for the type is an error.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use katydid_plan::span;
///
/// assert_eq!(span::parse("90"), Ok(Duration::from_secs(90)));
/// assert_eq!(span::parse("1h30m"), Ok(Duration::from_secs(5400)));
/// assert!(span::parse("1.5h").is_err());
/// ```
///
/// # Errors
/// Text that is empty or does not follow the grammar.
pub fn parse(text: &str) -> Result<Duration, Error> {
    if text.is_empty() {
        return Err(Error::empty_span());
    }
    if let Some(seconds) = number(text) {
        return Ok(Duration::from_secs(seconds));
    }
    let mut rest = text;
    let mut seconds = 0_u64;
    for (unit, length) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((part, after)) = rest.split_once(unit) {
            let value = number(part).and_then(|value| value.checked_mul(length)).ok_or(Error::bad_span())?;
            seconds = seconds.checked_add(value).ok_or(Error::bad_span())?;
            rest = after;
        }
    }
    if rest.is_empty() { Ok(Duration::from_secs(seconds)) } else { Err(Error::bad_span()) }
}

fn number(text: &str) -> Option<u64> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_locust_accepts() {
        let table = [
            ("90", 90),
            ("007", 7),
            ("0s", 0),
            ("20s", 20),
            ("3m", 180),
            ("2h", 7200),
            ("1h20m", 4800),
            ("3h30m10s", 12_610),
            ("1h5s", 3605),
        ];
        for (text, seconds) in table {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn refuses_what_locust_refuses() {
        let texts = [
            "3x",
            "1.5h",
            "10s5m",
            " 5",
            "5s ",
            "5 s",
            "-5",
            "1H",
            "h",
            "1m1m",
            "1_0",
            "1h5",
            "²",
            "+5",
            "hms",
            "99999999999999999999h",
        ];
        for text in texts {
            assert!(parse(text).is_err_and(|error| error.is_span()), "{text}");
        }
        assert_eq!(parse("").map_err(|error| error.to_string()), Err("Invalid time span format".into()));
    }
}
