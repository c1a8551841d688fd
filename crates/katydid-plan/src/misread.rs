//! What is wrong with a text that a user wrote, where, and what to write instead?

use std::fmt;

/// Characters shown on each side of the place, where the text is long.
const CONTEXT: usize = 60;

/// A text that does not follow its grammar: the place, the problem and the fix.
///
/// Its `Display` is one line: the text, the column, the problem and the fix.
///
/// # Examples
/// ```
/// use katydid_plan::threshold;
///
/// let misread = threshold::parse("p95<2x").expect_err("there is no such unit");
/// assert_eq!(misread.column(), 6);
/// assert!(misread.to_string().starts_with("\"p95<2x\", column 6: \"x\" is no unit: write "));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    text: String,
    /// The character that is wrong, counted from zero.
    at: usize,
    problem: String,
    fix: String,
}

impl Misread {
    /// From byte `at` on, `text` is wrong. Problem and fix are halves of a sentence, lower case, without a full stop.
    pub(crate) fn new(text: &str, at: usize, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        let at = text.char_indices().take_while(|(index, _)| *index < at).count();
        Self { text: text.into(), at, problem: problem.into(), fix: fix.into() }
    }

    /// Where it is: the first character is in column 1.
    pub fn column(&self) -> usize {
        self.at + 1
    }

    /// The problem and the fix, without the text.
    pub fn line(&self) -> String {
        format!("{}: {}", self.problem, self.fix)
    }

    /// The text, or what of a long one surrounds the place.
    fn shown(&self) -> String {
        let from = self.at.saturating_sub(CONTEXT);
        let mut rest = self.text.chars().skip(from);
        let shown: String = rest.by_ref().take(2 * CONTEXT).map(visible).collect();
        let cut = |is_cut: bool| if is_cut { "…" } else { "" };
        format!("{}{shown}{}", cut(from > 0), cut(rest.next().is_some()))
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\", column {}: {}", self.shown(), self.column(), self.line())
    }
}

impl std::error::Error for Misread {}

/// A character that breaks no line.
fn visible(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_all_in_one_line() {
        let misread = Misread::new("10@1 for ever", 9, "\"ever\" is no time", "write 5m");
        assert_eq!(misread.to_string(), "\"10@1 for ever\", column 10: \"ever\" is no time: write 5m");
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        let misread = Misread::new("é\té x", 6, "a", "b");
        assert_eq!(misread.to_string(), "\"é é x\", column 5: a: b");
    }

    #[test]
    fn of_a_long_text_only_what_surrounds_the_place_is_shown() {
        let text = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let told = Misread::new(&text, 500, "", "").to_string();
        assert!(
            told.starts_with(&format!("\"…{}!{}…\", column 501", "a".repeat(60), "b".repeat(59))),
            "{told}"
        );
    }
}
