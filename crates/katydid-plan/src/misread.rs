//! What is wrong with a text that a user wrote, where, and what to write instead?

use std::fmt;
use std::ops::Range;

/// Characters shown on each side of the place, where the text is long.
const CONTEXT: usize = 60;

/// A text that does not follow its grammar: the place, the problem and the fix.
///
/// Its `Display` is one line that says all of it, then the text, then carets below the place.
///
/// # Examples
/// ```
/// use katydid_plan::threshold;
///
/// let misread = threshold::parse("p95<2x").expect_err("there is no such unit");
/// assert_eq!(misread.column(), 6);
/// assert!(misread.to_string().ends_with("\n  p95<2x\n       ^"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    text: String,
    /// First and last character of the place, the latter not included, counted from zero.
    place: Range<usize>,
    problem: String,
    fix: String,
}

impl Misread {
    /// The bytes `place` of `text` are wrong. Problem and fix are halves of a sentence, lower case, without a full stop.
    pub(crate) fn new(
        text: &str,
        place: Range<usize>,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let characters_before =
            |end: usize| text.char_indices().take_while(|(index, _)| *index < end).count();
        let place = characters_before(place.start)..characters_before(place.end);
        Self { text: text.into(), place, problem: problem.into(), fix: fix.into() }
    }

    /// Where it is: the first character is in column 1.
    pub fn column(&self) -> usize {
        self.place.start + 1
    }

    /// All in one line, without the text.
    pub fn line(&self) -> String {
        format!("{}: {}", self.problem, self.fix)
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.place.start.saturating_sub(CONTEXT);
        let shown: String = self.text.chars().skip(from).take(2 * CONTEXT).map(visible).collect();
        let carets = (self.place.end - self.place.start).clamp(1, CONTEXT);
        let indent = self.place.start - from;
        writeln!(f, "column {}: {}", self.column(), self.line())?;
        write!(f, "  {shown}\n  {:indent$}{}", "", "^".repeat(carets))
    }
}

impl std::error::Error for Misread {}

/// A character that takes one column.
fn visible(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_the_place() {
        let misread = Misread::new("10@1 for ever", 9..13, "\"ever\" is no time", "write 5m");
        let lines: Vec<_> = misread.to_string().lines().map(str::to_owned).collect();
        assert_eq!(lines, ["column 10: \"ever\" is no time: write 5m", "  10@1 for ever", "           ^^^^"]);
    }

    #[test]
    fn the_end_of_a_text_is_a_place() {
        let misread = Misread::new("p95", 3..3, "nothing", "something");
        assert!(misread.to_string().ends_with("\n  p95\n     ^"));
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        let misread = Misread::new("é\té x", 6..7, "", "");
        assert_eq!(misread.column(), 5);
        assert!(misread.to_string().ends_with("\n  é é x\n      ^"));
    }

    #[test]
    fn of_a_long_text_only_what_surrounds_the_place_is_shown() {
        let text = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let told = Misread::new(&text, 500..501, "", "").to_string();
        let lines: Vec<_> = told.lines().collect();
        assert_eq!((lines[1].len(), lines[1].find('!'), lines[2].find('^')), (122, Some(62), Some(62)));
    }
}
