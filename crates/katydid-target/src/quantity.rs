//! How are durations, shares and rates written in an option? Parsers of single quantities, with one-line complaints.

use crate::Error;
use std::time::Duration;

/// The longest delay an option may ask for: an hour.
pub(crate) const LONGEST: Duration = Duration::from_secs(3600);

/// Reads `20ms`, `1.5s`, `250us` or `2m`.
pub(crate) fn duration(text: &str) -> Result<Duration, Error> {
    let text = text.trim();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => {
            return Err(Error::usage(format!(
                "'{text}' is no duration; write it like 250us, 20ms, 1.5s or 2m"
            )));
        }
    };
    let seconds =
        number.parse::<f64>().map_err(|_| Error::usage(format!("'{text}' does not start with a number")))?;
    match Duration::try_from_secs_f64(seconds * scale) {
        Ok(length) if length <= LONGEST => Ok(length),
        _ => Err(Error::usage(format!("'{text}' is longer than the hour that a delay may take"))),
    }
}

/// Reads `1%` or `0.5%` as a part of one.
pub(crate) fn percent(text: &str) -> Result<f64, Error> {
    let wrong = || Error::usage(format!("'{text}' is no share; write it like 1% or 0.5%"));
    let number = text.trim().strip_suffix('%').ok_or_else(wrong)?;
    match number.trim().parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err(wrong()),
    }
}

/// Reads `100/s`.
pub(crate) fn per_second(text: &str) -> Result<u32, Error> {
    let number = text.trim().strip_suffix("/s").and_then(|number| number.trim().parse().ok());
    number.ok_or_else(|| Error::usage(format!("'{text}' is no rate; write it like 100/s")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_each_unit() {
        for (text, micros) in
            [("250us", 250), ("20ms", 20_000), ("1.5s", 1_500_000), ("2m", 120_000_000), ("0ms", 0)]
        {
            assert_eq!(duration(text).expect(text), Duration::from_micros(micros));
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused_with_its_text() {
        for text in ["", "20", "ms", "-1ms", "1.2.3s", "99999999999999999999999s", "61m", "nan s", "20 msec"]
        {
            assert!(duration(text).is_err_and(|error| error.is_usage()), "{text}");
        }
        for text in ["", "1", "101%", "-1%", "NaN%", "x%"] {
            assert!(percent(text).is_err_and(|error| error.to_string().contains(text)), "{text}");
        }
        for text in ["100", "-1/s", "/s", "1.5/s", "9999999999/s"] {
            assert!(per_second(text).is_err_and(|error| error.to_string().contains(text)), "{text}");
        }
    }

    #[test]
    fn shares_are_parts_of_one() {
        assert_eq!(percent("0.5%").expect("a share"), 0.005);
        assert_eq!(percent("100%").expect("a share"), 1.0);
        assert_eq!(per_second("100/s").expect("a rate"), 100);
    }
}
