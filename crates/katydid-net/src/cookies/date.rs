//! When is `Wed, 21 Oct 2015 07:28:00 GMT`? The date parser of RFC 6265 5.1.1, which takes what it recognises in any
//! order and form.

use std::time::{Duration, SystemTime};

/// What was recognised up to now.
#[derive(Default)]
struct Found {
    time: Option<(u64, u64, u64)>,
    day: Option<u64>,
    month: Option<u64>,
    year: Option<u64>,
}

/// The moment that a cookie date names, always UTC; `None` if it names none.
pub fn parse_date(text: &str) -> Option<SystemTime> {
    let mut found = Found::default();
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        found.take(token);
    }
    let (hour, minute, second) = found.time?;
    let (day, month, year) = (found.day?, found.month?, found.year.map(full_year)?);
    let is_date = year >= 1601 && (1..=days_in(month, year)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_1601(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let epoch = days_since_1601(1970, 1, 1) * 86_400;
    match seconds.checked_sub(epoch) {
        Some(after) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(after)),
        None => SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(epoch - seconds)),
    }
}

impl Found {
    /// Each token fills the first field that it fits and that is still empty.
    fn take(&mut self, token: &str) {
        if self.time.is_none()
            && let Some(time) = time_of(token)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some(day) = number_of(token, 1, 2)
        {
            self.day = Some(day);
        } else if self.month.is_none()
            && let Some(month) = month_of(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some(year) = number_of(token, 2, 4)
        {
            self.year = Some(year);
        }
    }
}

fn is_delimiter(char: char) -> bool {
    matches!(char, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// The number that a token begins with, if it has so many digits; what follows must not be one.
fn number_of(token: &str, least: usize, most: usize) -> Option<u64> {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    if (least..=most).contains(&digits) { token[..digits].parse().ok() } else { None }
}

/// `hh:mm:ss`, each of one or two digits; something else may follow.
fn time_of(token: &str) -> Option<(u64, u64, u64)> {
    let mut fields = token.splitn(3, ':');
    let mut exact = || fields.next().filter(|field| field.bytes().all(|byte| byte.is_ascii_digit()));
    let (hour, minute) = (number_of(exact()?, 1, 2)?, number_of(exact()?, 1, 2)?);
    Some((hour, minute, number_of(fields.next()?, 1, 2)?))
}

/// The month whose first three letters a token begins with, from 1.
fn month_of(token: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let begins = token.get(..3)?.to_ascii_lowercase();
    (1..).zip(MONTHS).find(|(_, month)| *month == begins).map(|(number, _)| number)
}

fn full_year(year: u64) -> u64 {
    match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(month: u64, year: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar since the first of January 1601, where a cycle of 400 years begins.
fn days_since_1601(year: u64, month: u64, day: u64) -> u64 {
    let years = year - 1601;
    let leap_days = years / 4 - years / 100 + years / 400;
    let months: u64 = (1..month).map(|month| days_in(month, year)).sum();
    years * 365 + leap_days + months + day - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unix(text: &str) -> Option<i64> {
        let time = parse_date(text)?;
        Some(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_secs().cast_signed(),
            Err(before) => -before.duration().as_secs().cast_signed(),
        })
    }

    #[test]
    fn dates_are_read_in_the_forms_that_servers_use() {
        for (text, expected) in [
            ("Wed, 21 Oct 2015 07:28:00 GMT", 1_445_412_480), // RFC 9110
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),  // RFC 850
            ("Sun Nov  6 08:49:37 1994", 784_111_777),        // asctime
            ("Thu, 01-Jan-1970 00:00:00 GMT", 0),
            ("Thu, 01 Jan 1970 0:0:1", 1),
            ("29 feb 2024 23:59:59", 1_709_251_199),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("1 Jan 1601 00:00:00", -11_644_473_600),
            ("01 Jan 69 00:00:00", 3_124_224_000), // two digits below 70 are this century
        ] {
            assert_eq!(unix(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_moment_is_none() {
        for text in [
            "",
            "0",
            "tomorrow",
            "21 Oct 2015",
            "Oct 2015 07:28:00",
            "21 2015 07:28:00",
            "21 Oct 07:28:00",
            "30 Feb 2024 00:00:00",
            "29 Feb 2100 00:00:00",
            "0 Jan 2024 00:00:00",
            "1 Jan 1600 00:00:00",
            "1 Jan 2024 24:00:00",
            "1 Jan 2024 00:60:00",
            "1 Jan 2024 00:00:60",
            "1 Jan 20245 00:00:00",
        ] {
            assert_eq!(unix(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = parse_date(&text);
        }

        /// Days are counted one by one across months, years and centuries.
        #[test]
        fn the_next_day_is_one_day_later(year in 1601_u64..9999, month in 1_u64..13, day in 1_u64..32) {
            prop_assume!(day <= days_in(month, year));
            let next = if day < days_in(month, year) { (year, month, day + 1) }
                else if month < 12 { (year, month + 1, 1) }
                else { (year + 1, 1, 1) };
            prop_assert_eq!(days_since_1601(next.0, next.1, next.2), days_since_1601(year, month, day) + 1);
        }
    }
}
