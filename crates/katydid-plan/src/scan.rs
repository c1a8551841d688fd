//! How is a short text of a grammar read? From left to right, with the place of every piece.

use std::ops::Range;
use std::time::Duration;

use crate::{Misread, span};

/// Reads a text piece by piece and makes errors that point into it.
pub(crate) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// A piece of the text with its place.
#[derive(Clone, Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) place: Range<usize>,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    pub(crate) fn is_at_end(&mut self) -> bool {
        self.skip_blanks();
        self.rest().is_empty()
    }

    /// What comes next, up to the first character that `belongs` refuses; blanks before it are skipped.
    pub(crate) fn take(&mut self, belongs: impl Fn(char) -> bool) -> Piece<'a> {
        self.skip_blanks();
        let start = self.at;
        let length = self.rest().find(|character| !belongs(character)).unwrap_or(self.rest().len());
        self.at += length;
        Piece { text: &self.text[start..self.at], place: start..self.at }
    }

    /// The next word: up to a blank.
    pub(crate) fn word(&mut self) -> Piece<'a> {
        self.take(|character| !character.is_whitespace())
    }

    /// The same without moving on.
    pub(crate) fn peek_word(&mut self) -> Piece<'a> {
        let at = self.at;
        let word = self.word();
        self.at = at;
        word
    }

    /// Where the next word stands, or the end of the text.
    pub(crate) fn peek_word_place(&mut self) -> Range<usize> {
        self.peek_word().place
    }

    /// What follows at once, without a blank, up to the first character that `belongs` refuses.
    pub(crate) fn take_adjacent(&mut self, belongs: impl Fn(char) -> bool) -> Piece<'a> {
        let start = self.at;
        if self.rest().starts_with(char::is_whitespace) {
            return Piece { text: "", place: start..start };
        }
        self.take(belongs)
    }

    pub(crate) fn is_at_quotation(&self) -> bool {
        self.rest().starts_with(['"', '\''])
    }

    /// Was there a slash, which is skipped?
    pub(crate) fn skip_slash(&mut self) -> bool {
        let is_there = self.rest().starts_with('/');
        self.at += usize::from(is_there);
        is_there
    }

    /// Moves past one of these texts, the first that is there.
    pub(crate) fn take_one_of<T: Copy>(&mut self, known: &[(&str, T)]) -> Option<T> {
        self.skip_blanks();
        let (text, value) = known.iter().find(|(text, _)| self.rest().starts_with(text))?;
        self.at += text.len();
        Some(*value)
    }

    /// A word, or everything between two quotation marks.
    pub(crate) fn quoted_or_word(&mut self) -> Result<Piece<'a>, Misread> {
        self.skip_blanks();
        let start = self.at;
        let Some(quote @ ('"' | '\'')) = self.rest().chars().next() else { return Ok(self.word()) };
        let inside = &self.text[start + 1..];
        let Some(length) = inside.find(quote) else {
            let place = start..self.text.len();
            return Err(self.wrong(place, "the quotation does not end", format!("close it with {quote}")));
        };
        self.at = start + length + 2;
        Ok(Piece { text: &inside[..length], place: start..self.at })
    }

    /// Digits with or without a fraction, as text.
    pub(crate) fn digits(&mut self) -> Piece<'a> {
        self.take(|character| character.is_ascii_digit() || character == '.')
    }

    /// A time span such as `30s` or `1h30m` after the word `keyword`.
    pub(crate) fn span_after(&mut self, keyword: &Piece<'_>) -> Result<Duration, Misread> {
        let word = self.take(|character| !character.is_whitespace() && character != ',');
        self.span_of(&word).map_err(|misread| {
            let follows = format!("after \"{}\" there is no time", keyword.text);
            if word.text.is_empty() { self.wrong(word.place.clone(), follows, SPANS) } else { misread }
        })
    }

    fn span_of(&self, word: &Piece<'_>) -> Result<Duration, Misread> {
        match span::parse(word.text) {
            Ok(length) if !length.is_zero() => Ok(length),
            Ok(_) => Err(self.wrong(word.place.clone(), "no time at all", SPANS)),
            Err(_) => Err(self.wrong(word.place.clone(), format!("\"{}\" is no time", word.text), SPANS)),
        }
    }

    pub(crate) fn wrong(
        &self,
        place: Range<usize>,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) -> Misread {
        Misread::new(self.text, place.start, problem, fix)
    }
}

/// How times are written.
const SPANS: &str = "write it like 30s, 5m or 1h30m, longer than nothing";
