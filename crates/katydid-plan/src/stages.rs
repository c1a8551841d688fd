//! Which loads does a run hold, one after another? Levels: so many users, reached at such a rate, for so long.
//!
//! The grammar is `USERS@RATE for TIME`, levels separated by commas.

use std::time::Duration;

use crate::Misread;
use crate::scan::{Piece, Scan};

/// Levels that a run may have.
pub const MAX_LEVELS: usize = 1000;

/// A load that is held for a while, whose results are told apart from those of other levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// What the user calls it; without a name it is called by its number.
    pub name: Option<String>,
    /// Users that run.
    pub users: u64,
    /// Users started or stopped per second on the way there.
    pub rate: f64,
    /// From its beginning, before its users are started, to that of the next.
    pub length: Duration,
    /// By which share the 95th percentile may be above that of the first level or the baseline: 0.5 for 50 %.
    pub allowance: Option<f64>,
}

/// Parses levels.
///
/// # Examples
/// ```
/// use katydid_plan::stages;
///
/// let levels = stages::parse("10@1 for 5m, 50@5 for 5m").expect("it follows the grammar");
/// assert_eq!((levels[1].users, levels[1].rate, levels[1].length.as_secs()), (50, 5.0, 300));
/// ```
///
/// # Errors
/// Text that does not follow the grammar, a rate or a time of zero, more than [`MAX_LEVELS`].
pub fn parse(text: &str) -> Result<Vec<Level>, Misread> {
    let mut scan = Scan::new(text);
    let mut levels = Vec::new();
    loop {
        levels.push(level(&mut scan)?);
        if scan.is_at_end() {
            return Ok(levels);
        }
        if scan.take_one_of(&[(",", ())]).is_none() {
            let rest = scan.word();
            let problem = format!("\"{}\" does not belong to a level", rest.text);
            return Err(scan.wrong(rest.place, problem, "separate levels with commas"));
        }
        if levels.len() == MAX_LEVELS {
            let rest = scan.word();
            return Err(scan.wrong(rest.place, format!("more than {MAX_LEVELS} levels"), "leave some out"));
        }
    }
}

const FORM: &str = "write USERS@RATE for TIME, such as 10@1 for 5m";

fn level(scan: &mut Scan<'_>) -> Result<Level, Misread> {
    let users = scan.take(|character| character.is_ascii_digit());
    let count = users.text.parse().map_err(|_| missing(scan, &users, "a number of users"))?;
    if scan.take_one_of(&[("@", ())]).is_none() {
        let word = scan.peek_word();
        return Err(scan.wrong(word.place, "after the users there is no @ with a rate", FORM));
    }
    let rate = scan.digits();
    let per_second = rate.text.parse().map_err(|_| missing(scan, &rate, "a rate"))?;
    if per_second <= 0.0 {
        return Err(scan.wrong(rate.place, "nobody would start at a rate of 0", FORM));
    }
    let keyword = scan.take(|character| character.is_ascii_alphabetic());
    if keyword.text != "for" {
        let place = if keyword.text.is_empty() { scan.peek_word().place } else { keyword.place };
        return Err(scan.wrong(place, "after the rate there is no \"for\" with a time", FORM));
    }
    let length = scan.span_after(&keyword)?;
    Ok(Level { name: None, users: count, rate: per_second, length, allowance: None })
}

/// The error for a piece that should be a number.
fn missing(scan: &mut Scan<'_>, piece: &Piece<'_>, wanted: &str) -> Misread {
    if !piece.text.is_empty() {
        return scan.wrong(piece.place.clone(), format!("\"{}\" is not {wanted}", piece.text), FORM);
    }
    let word = scan.peek_word();
    let problem = match word.text {
        "" => format!("here should be {wanted}"),
        text => format!("\"{text}\" is not {wanted}"),
    };
    scan.wrong(word.place, problem, FORM)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts(text: &str) -> Vec<(u64, f64, u64)> {
        let levels = parse(text).unwrap_or_else(|misread| panic!("{text}: {misread}"));
        levels.iter().map(|level| (level.users, level.rate, level.length.as_secs())).collect()
    }

    #[test]
    fn reads_users_rate_and_time() {
        assert_eq!(
            facts("10@1 for 5m, 50@5 for 5m, 100@10 for 5m"),
            [(10, 1.0, 300), (50, 5.0, 300), (100, 10.0, 300)]
        );
        assert_eq!(facts(" 1 @ 0.5 for 1h30m,0@2 for 90 "), [(1, 0.5, 5400), (0, 2.0, 90)]);
    }

    #[test]
    fn refuses_with_the_place_and_the_fix() {
        let table = [
            ("", 1, "here should be a number of users"),
            ("ten@1 for 5m", 1, "\"ten@1\" is not a number of users"),
            ("-1@1 for 5m", 1, "is not a number of users"),
            ("10 for 5m", 4, "no @ with a rate"),
            ("10@ for 5m", 5, "\"for\" is not a rate"),
            ("10@1.2.3 for 5m", 4, "\"1.2.3\" is not a rate"),
            ("10@0 for 5m", 4, "rate of 0"),
            ("10@1", 5, "no \"for\" with a time"),
            ("10@1 5m", 6, "no \"for\" with a time"),
            ("10@1 of 5m", 6, "no \"for\" with a time"),
            ("10@1 for", 9, "after \"for\" there is no time"),
            ("10@1 for ever", 10, "\"ever\" is no time"),
            ("10@1 for 0s", 10, "no time at all"),
            ("10@1 for 1.5m", 10, "\"1.5m\" is no time"),
            ("10@1 for 5m 50@5 for 5m", 13, "separate levels with commas"),
            ("10@1 for 5m,", 13, "here should be a number of users"),
            ("99999999999999999999@1 for 5m", 1, "is not a number of users"),
        ];
        for (text, column, said) in table {
            let misread = parse(text).expect_err(text);
            let line = misread.line();
            assert!(misread.column() == column && line.contains(said), "{text}: {misread}");
        }
    }

    #[test]
    fn levels_are_bounded() {
        let text = vec!["1@1 for 1s"; MAX_LEVELS + 1].join(",");
        assert!(parse(&text).is_err_and(|misread| misread.line().contains("more than 1000 levels")));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9@a-z ,.é]{0,40}") {
            let _ = parse(&text);
        }
    }
}
