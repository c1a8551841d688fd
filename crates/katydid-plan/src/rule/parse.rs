//! How is a rule read? `[fail] CAUSE [or CAUSE]… [up to N%] [on [METHOD] NAME]`.

use std::ops::Range;

use regex_lite::Regex;

use super::{Cause, Error, NoAnswer, Pattern, Rule, Share, Verdict};

const METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
const WORDS: [&str; 6] = ["timeout", "connection", "fail", "up", "or", "on"];
const CAUSES: &str = "a status (409), a class of them (5xx), timeout, connection, \"a pattern*\" or /a regular expression/";

pub(super) fn rule(text: &str) -> Result<Rule, Error> {
    let mut reader = Reader { text, at: 0 };
    if reader.peek().is_none() {
        return Err(reader.wrong(text.len()..text.len(), "the rule is empty; write one such as 409 on POST /*/state"));
    }
    let fails = reader.take_word("fail").is_some();
    let causes = causes(&mut reader)?;
    let verdict = verdict(&mut reader, fails)?;
    let (method, name) = match reader.take_word("on") {
        Some(_) => place(&mut reader)?,
        None => (None, Pattern::anything()),
    };
    match reader.peek() {
        None => Ok(Rule { text: text.trim().into(), verdict, causes, method, name }),
        Some(range) => Err(reader.stray(range)),
    }
}

fn causes(reader: &mut Reader<'_>) -> Result<Vec<Cause>, Error> {
    let mut causes = vec![cause(reader)?];
    while reader.take_word("or").is_some() {
        causes.push(cause(reader)?);
    }
    Ok(causes)
}

fn cause(reader: &mut Reader<'_>) -> Result<Cause, Error> {
    let Some(range) = reader.peek() else {
        return Err(reader.wrong(reader.end(), format!("what happened is missing; write {CAUSES}")));
    };
    match &reader.text[range.start..=range.start] {
        "\"" => return reader.quoted().map(|text| Cause::Text(Pattern::new(&text))),
        "/" => return regex(reader),
        _ => {}
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
        (1, 3) if word[1..].eq_ignore_ascii_case("xx") => hundred(reader, word, range),
        (1..=3, _) => Err(reader.wrong(range, status_reason(word))),
        (4.., _) => Err(reader.wrong(range, "a status has three digits, from 100 to 599")),
        _ => Err(reader.stray_cause(range)),
    }
}

fn status(reader: &Reader<'_>, word: &str, range: Range<usize>) -> Result<u16, Error> {
    let status = word.parse().ok().filter(|status| (100..=599).contains(status));
    status.ok_or_else(|| reader.wrong(range, "there is no such status; they go from 100 to 599"))
}

fn hundred(reader: &Reader<'_>, word: &str, range: Range<usize>) -> Result<Cause, Error> {
    let hundred = word[..1].parse().ok().filter(|hundred| (1..=5).contains(hundred));
    hundred
        .map(Cause::Hundred)
        .ok_or_else(|| reader.wrong(range, "there is no such class of statuses; they go from 1xx to 5xx"))
}

fn status_reason(word: &str) -> String {
    let first = &word[..1];
    match word.find([',', '|', ';', '/']) {
        Some(_) => "several causes are joined by 'or': 409 or 412".into(),
        None => format!("a status has three digits; write {first}xx for all that begin with {first}"),
    }
}

fn regex(reader: &mut Reader<'_>) -> Result<Cause, Error> {
    let start = reader.at;
    let Some((source, after)) = reader.until('/') else {
        return Err(reader.wrong(
            start..reader.text.len(),
            "a regular expression ends with /; a name of requests comes after 'on'",
        ));
    };
    let source = source.replace("\\/", "/");
    let regex = Regex::new(&source).map_err(|error| {
        let reason = format!("the regular expression cannot be used: {}", one_line(&error.to_string()));
        reader.wrong(start..after, reason)
    })?;
    reader.at = after;
    Ok(Cause::Regex(regex))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn verdict(reader: &mut Reader<'_>, fails: bool) -> Result<Verdict, Error> {
    let usual = if fails { Verdict::Failed } else { Verdict::Expected };
    let Some(start) = reader.take_word("up") else { return Ok(usual) };
    let Some(to) = reader.take_word("to") else {
        return Err(reader.wrong(start, "write 'up to' and a share, such as up to 1%"));
    };
    let share = share(reader, to)?;
    if fails {
        let place = start.start..reader.at;
        return Err(reader.wrong(place, "'fail' has no share; leave out 'up to', or leave out 'fail'"));
    }
    Ok(Verdict::Tolerated(share))
}

fn share(reader: &mut Reader<'_>, to: Range<usize>) -> Result<Share, Error> {
    let Some(range) = reader.peek() else {
        return Err(reader.wrong(to, "the share is missing; write it in percent: up to 1%"));
    };
    let word = &reader.text[range.clone()];
    reader.at = range.end;
    let number = word.strip_suffix('%').or_else(|| reader.take_word("%").map(|_| word));
    let Some(percent) = number.and_then(|number| number.parse::<f64>().ok()) else {
        return Err(reader.wrong(range, "a share is a number and a percent sign: up to 1%"));
    };
    if !(percent > 0.0 && percent <= 100.0) {
        return Err(reader.wrong(range, "a share is above 0% and at most 100%"));
    }
    Ok(Share(percent / 100.0))
}

/// The method and the name of the requests that a rule is about.
fn place(reader: &mut Reader<'_>) -> Result<(Option<Box<str>>, Pattern), Error> {
    let Some(first) = reader.peek() else {
        return Err(reader.wrong(reader.end(), "the requests are missing; write on POST /orders, or on *"));
    };
    if reader.text[first.start..].starts_with('"') {
        return Ok((None, Pattern::new(&reader.quoted()?)));
    }
    let word = &reader.text[first.clone()];
    reader.at = first.end;
    let is_quoted = reader.peek().is_some_and(|next| reader.text[next.start..].starts_with('"'));
    let is_method = word.bytes().all(|byte| byte.is_ascii_uppercase()) || word == "*";
    let rest = reader.text[first.end..].trim();
    if rest.is_empty() && METHODS.contains(&word) {
        let reason = format!("the name after {word} is missing; write on {word} * for all such requests");
        return Err(reader.wrong(first, reason));
    }
    if rest.is_empty() || !(is_method || is_quoted) {
        let whole = reader.text[first.start..].trim_end();
        reader.at = reader.text.len();
        return Ok((None, Pattern::new(whole)));
    }
    let method = (word != "*").then(|| word.into());
    if is_quoted {
        return Ok((method, Pattern::new(&reader.quoted()?)));
    }
    reader.at = reader.text.len();
    Ok((method, Pattern::new(rest)))
}

/// A place in the text of a rule.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
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

    /// Takes a text in quotation marks, which begins here; `\"` stands for one inside.
    fn quoted(&mut self) -> Result<String, Error> {
        self.peek();
        let start = self.at;
        let Some((text, after)) = self.until('"') else {
            return Err(self.wrong(start..self.text.len(), "the quotation mark is not closed; end the text with \""));
        };
        let text = text.replace("\\\"", "\"");
        if text.is_empty() {
            return Err(self.wrong(start..after, "an empty pattern matches nothing; write \"*\" for any text"));
        }
        self.at = after;
        Ok(text)
    }

    /// What stands between the mark here and the next one that has no backslash before it, and where that ends.
    fn until(&self, mark: char) -> Option<(&str, usize)> {
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

    fn wrong(&self, place: Range<usize>, reason: impl Into<Box<str>>) -> Error {
        Error::new(self.text, place, reason)
    }

    fn stray_cause(&self, range: Range<usize>) -> Error {
        let word = &self.text[range.clone()];
        let reason = match nearest(word, &WORDS[..3]) {
            Some(known) => format!("'{word}' is no cause; did you mean {known}?"),
            None => format!("'{word}' is no cause; write {CAUSES}"),
        };
        self.wrong(range, reason)
    }

    fn stray(&self, range: Range<usize>) -> Error {
        let word = &self.text[range.clone()];
        let reason = match nearest(word, &WORDS[3..]) {
            Some("up") => format!("'{word}' does not belong here; did you mean 'up to'?"),
            Some(known) => format!("'{word}' does not belong here; did you mean '{known}'?"),
            None if word.starts_with('/') || METHODS.contains(&word) => {
                format!("write 'on' before the requests: on {}", self.text[range.start..].trim_end())
            }
            None => format!("'{word}' does not belong here; what may follow is 'or', 'up to 1%' and 'on POST /orders'"),
        };
        self.wrong(range, reason)
    }
}

/// The known word that differs least, if it differs by a letter or two.
fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let word = word.to_ascii_lowercase();
    let distances = known.iter().map(|known| (distance(&word, known), *known));
    let (distance, known) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= known.len() / 3 + 1 && distance < word.len().min(known.len())).then_some(known)
}

/// How many letters have to be changed, added or left out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
