//! How is a rule read? `[fail] CAUSE [or CAUSE]… [up to N%] [on [METHOD] NAME]`, and the share may also come last.

use std::ops::Range;

use regex_lite::Regex;

use super::{Cause, NoAnswer, Rule, Share, Verdict};
use crate::nearest::nearest;
use crate::{Misread, Pattern};

/// Words that are a method before they are a name.
pub(crate) const METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
const CAUSES: &str = "write a status (409), a class of them (5xx), timeout, connection, \"a pattern*\" or /a regular expression/";

pub(super) fn rule(text: &str) -> Result<Rule, Misread> {
    let mut reader = Reader { text, at: 0 };
    if reader.peek().is_none() {
        let end = text.len()..text.len();
        return Err(reader.wrong(end, "the rule is empty", "write one such as 409 on POST /*/state"));
    }
    let fails = reader.take_word("fail").is_some();
    let causes = causes(&mut reader)?;
    let mut tolerated = tolerated(&mut reader, fails)?;
    let (method, name) = match reader.take_word("on") {
        Some(_) => place(&mut reader)?,
        None => (None, Pattern::new("*")),
    };
    if tolerated.is_none() {
        tolerated = self::tolerated(&mut reader, fails)?;
    }
    let usual = if fails { Verdict::Failed } else { Verdict::Expected };
    let verdict = tolerated.map_or(usual, Verdict::Tolerated);
    match reader.peek() {
        None => Ok(Rule { text: text.trim().into(), verdict, causes, method, name }),
        Some(range) => Err(reader.stray(range)),
    }
}

fn causes(reader: &mut Reader<'_>) -> Result<Vec<Cause>, Misread> {
    let mut causes = vec![cause(reader)?];
    while reader.take_word("or").is_some() {
        causes.push(cause(reader)?);
    }
    Ok(causes)
}

fn cause(reader: &mut Reader<'_>) -> Result<Cause, Misread> {
    let Some(range) = reader.peek() else {
        return Err(reader.wrong(reader.end(), "what happened is missing", CAUSES));
    };
    let rest = &reader.text[range.start..];
    if rest.starts_with('"') {
        return reader.quoted().map(|text| Cause::Text(Pattern::new(&text)));
    }
    if rest.starts_with('/') {
        return regex(reader);
    }
    let word = &reader.text[range.clone()];
    reader.at = range.end;
    match word.to_ascii_lowercase().as_str() {
        "timeout" | "timeouts" => return Ok(Cause::NoAnswer(NoAnswer::Timeout)),
        "connection" | "connections" => return Ok(Cause::NoAnswer(NoAnswer::Connection)),
        _ => {}
    }
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    match (digits, word.len()) {
        (3, 3) => status(reader, word, range).map(Cause::Status),
        (1, 3) if word.to_ascii_lowercase().ends_with("xx") => hundred(reader, word, range),
        (1..=3, _) => Err(unfinished_status(reader, word, range)),
        (4.., _) => Err(reader.wrong(range, "a status has three digits", "write one from 100 to 599")),
        _ => Err(stray_cause(reader, word, range)),
    }
}

fn status(reader: &Reader<'_>, word: &str, range: Range<usize>) -> Result<u16, Misread> {
    let status = word.parse().ok().filter(|status| (100..=599).contains(status));
    status.ok_or_else(|| reader.wrong(range, "there is no such status", "write one from 100 to 599"))
}

fn hundred(reader: &Reader<'_>, word: &str, range: Range<usize>) -> Result<Cause, Misread> {
    let hundred = word[..1].parse().ok().filter(|hundred| (1..=5).contains(hundred));
    let wrong = || reader.wrong(range, "there is no such class of statuses", "write one from 1xx to 5xx");
    hundred.map(Cause::Hundred).ok_or_else(wrong)
}

fn unfinished_status(reader: &Reader<'_>, word: &str, range: Range<usize>) -> Misread {
    if word.contains([',', '|', ';', '/']) {
        return reader.wrong(range, "several causes are joined by \"or\"", "write 409 or 412");
    }
    let fix = format!("write {first}xx for all that begin with {first}", first = &word[..1]);
    reader.wrong(range, "a status has three digits", fix)
}

fn stray_cause(reader: &Reader<'_>, word: &str, range: Range<usize>) -> Misread {
    let fix = match nearest(word, ["timeout", "connection", "fail"]) {
        Some(known) => format!("did you mean {known}?"),
        None => CAUSES.into(),
    };
    reader.wrong(range, format!("\"{word}\" is no cause"), fix)
}

fn regex(reader: &mut Reader<'_>) -> Result<Cause, Misread> {
    let start = reader.at;
    let Some((source, after)) = reader.until('/') else {
        let fix = "end it with /, or write \"on\" before a name of requests";
        return Err(reader.wrong(start..reader.text.len(), "the regular expression does not end", fix));
    };
    let regex = Regex::new(&source.replace("\\/", "/")).map_err(|error| {
        let fix: Vec<_> = error.to_string().split_whitespace().map(str::to_owned).collect();
        reader.wrong(start..after, "the regular expression cannot be used", fix.join(" "))
    })?;
    reader.at = after;
    Ok(Cause::Regex(regex))
}

/// Reads `up to 1%`, if that is what comes next.
fn tolerated(reader: &mut Reader<'_>, fails: bool) -> Result<Option<Share>, Misread> {
    let Some(start) = reader.take_word("up") else { return Ok(None) };
    let Some(to) = reader.take_word("to") else {
        return Err(reader.wrong(start, "after \"up\" there is no share", "write up to 1%"));
    };
    let share = share(reader, to)?;
    if fails {
        let fix = "leave out \"up to\", or leave out \"fail\"";
        return Err(reader.wrong(start, "\"fail\" has no share", fix));
    }
    Ok(Some(share))
}

fn share(reader: &mut Reader<'_>, to: Range<usize>) -> Result<Share, Misread> {
    let Some(range) = reader.peek() else {
        return Err(reader.wrong(to, "the share is missing", "write it in percent: up to 1%"));
    };
    let word = &reader.text[range.clone()];
    reader.at = range.end;
    let number = word.strip_suffix('%').or_else(|| reader.take_word("%").map(|_| word));
    let Some(percent) = number.and_then(|number| number.parse::<f64>().ok()) else {
        return Err(reader.wrong(range, "this is no share", "write a number and a percent sign: up to 1%"));
    };
    if !(percent > 0.0 && percent <= 100.0) {
        return Err(reader.wrong(range, "there is no such share", "write one above 0% and at most 100%"));
    }
    Ok(Share(percent / 100.0))
}

/// The method and the name of the requests that a rule is about.
fn place(reader: &mut Reader<'_>) -> Result<(Option<Box<str>>, Pattern), Misread> {
    let Some(first) = reader.peek().filter(|_| !reader.is_at_share()) else {
        let end = reader.at.min(reader.end().start);
        return Err(reader.wrong(end..end, "the requests are missing", "write on POST /orders, or on *"));
    };
    if reader.is_at_quotation() {
        return Ok((None, Pattern::new(&reader.quoted()?)));
    }
    let word = &reader.text[first.clone()];
    reader.at = first.end;
    let has_more = reader.peek().is_some() && !reader.is_at_share();
    let is_quoted = reader.is_at_quotation();
    if !has_more && METHODS.contains(&word) {
        let fix = format!("write on {word} * for all such requests");
        return Err(reader.wrong(first, format!("the name after {word} is missing"), fix));
    }
    let is_method = word == "*" || word.bytes().all(|byte| byte.is_ascii_uppercase());
    if !has_more || !(is_method || is_quoted) {
        return Ok((None, Pattern::new(reader.name_from(first.start))));
    }
    let method = (word != "*").then(|| word.into());
    if is_quoted {
        return Ok((method, Pattern::new(&reader.quoted()?)));
    }
    Ok((method, Pattern::new(reader.name_from(reader.at))))
}

/// A place in the text of a rule.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Where the next word is; moves to its beginning.
    fn peek(&mut self) -> Option<Range<usize>> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        let rest = &self.text[self.at..];
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        (length > 0).then(|| self.at..self.at + length)
    }

    /// Takes the next word if it is this one.
    fn take_word(&mut self, word: &str) -> Option<Range<usize>> {
        let range = self.peek()?;
        if !self.text[range.clone()].eq_ignore_ascii_case(word) {
            return None;
        }
        self.at = range.end;
        Some(range)
    }

    /// Takes a name that stands in no quotation marks: everything from a place on, but for a share at the end.
    fn name_from(&mut self, start: usize) -> &'a str {
        self.at = start;
        while let Some(word) = self.peek()
            && !self.is_at_share()
        {
            self.at = word.end;
        }
        self.text[start..self.at].trim_end()
    }

    fn is_at_share(&self) -> bool {
        let mut ahead = Self { ..*self };
        ahead.take_word("up").is_some() && ahead.take_word("to").is_some()
    }

    fn is_at_quotation(&self) -> bool {
        self.text[self.at..].starts_with('"')
    }

    /// Takes a text in quotation marks, which begins here; `\"` stands for one inside.
    fn quoted(&mut self) -> Result<String, Misread> {
        let start = self.at;
        let Some((text, after)) = self.until('"') else {
            return Err(self.wrong(start..self.text.len(), "the quotation does not end", "close it with \""));
        };
        let text = text.replace("\\\"", "\"");
        if text.is_empty() {
            return Err(self.wrong(
                start..after,
                "an empty pattern matches nothing",
                "write \"*\" for any text",
            ));
        }
        self.at = after;
        Ok(text)
    }

    /// What stands between the mark here and the next one that has no backslash before it, and where that ends.
    fn until(&self, mark: char) -> Option<(&'a str, usize)> {
        let start = self.at + mark.len_utf8();
        let mut is_escaped = false;
        for (offset, character) in self.text[start..].char_indices() {
            if character == mark && !is_escaped {
                return Some((&self.text[start..start + offset], start + offset + mark.len_utf8()));
            }
            is_escaped = character == '\\' && !is_escaped;
        }
        None
    }

    fn end(&self) -> Range<usize> {
        let end = self.text.trim_end().len();
        end..end
    }

    fn wrong(&self, place: Range<usize>, problem: impl Into<String>, fix: impl Into<String>) -> Misread {
        Misread::new(self.text, place.start, problem, fix)
    }

    /// A word that is no part of a rule, after one or more that are.
    fn stray(&self, range: Range<usize>) -> Misread {
        let word = &self.text[range.clone()];
        let fix = match nearest(word, ["or", "on", "up"]) {
            Some("up") => "did you mean up to?".into(),
            Some(known) => format!("did you mean {known}?"),
            None if word.starts_with('/') || METHODS.contains(&word) => {
                format!("write on {}", self.text[range.start..].trim_end())
            }
            None => "what may follow is or, up to 1%, on POST /orders".into(),
        };
        self.wrong(range, format!("\"{word}\" does not belong here"), fix)
    }
}
