//! Which failures were to be expected? Rules such as `409 on POST /*/state`, as a user writes them beside a suite.
//!
//! A rule says what happened (`409`, `5xx`, `timeout`, `connection`, a pattern of the failure's text), optionally how much
//! of it is tolerated (`up to 1%`), and where (`on POST /*/state`; everywhere without it). With `fail` before it, it makes a
//! failure of what it names. Of several rules the first that matches decides.
//!
//! What a maintainer must not break: a rule never makes a success of a failure without a trace. Whoever applies a
//! [`Judgement`] counts it, under the rule's own text.

mod judge;
mod parse;

use regex_lite::Regex;

use crate::{Misread, Pattern};

pub(crate) use parse::METHODS;

pub use judge::{Facts, Judge, Judgement, KEPT};

/// What becomes of a request that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It counts as answered.
    Expected,
    /// It counts as answered as long as such requests are at most this share of all that the rule covers.
    Tolerated(Share),
    /// It is a failure, even if it was none.
    Failed,
}

impl Verdict {
    /// The word for it in tables and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Tolerated(_) => "tolerated",
            Self::Failed => "failed",
        }
    }
}

/// A part of all, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(f64);

impl Share {
    /// As a number from 0 to 1.
    pub fn ratio(self) -> f64 {
        self.0
    }

    /// Are so many of so many more than this share?
    pub fn is_exceeded_by(self, part: u64, all: u64) -> bool {
        part as f64 > self.0 * all as f64
    }
}

/// A way in which a request ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoAnswer {
    /// A time limit ran out.
    Timeout,
    /// There was no connection, it broke, or what came over it was no answer.
    Connection,
}

/// What a rule is about.
#[derive(Clone, Debug)]
pub enum Cause {
    /// Answers with this status.
    Status(u16),
    /// Answers with a status of this hundred: 4 for `4xx`.
    Hundred(u16),
    /// No answer, for this reason.
    NoAnswer(NoAnswer),
    /// Failures with such a text.
    Text(Pattern),
    /// Failures in whose text this is found.
    Regex(Regex),
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    text: Box<str>,
    verdict: Verdict,
    causes: Vec<Cause>,
    method: Option<Box<str>>,
    name: Pattern,
}

impl Rule {
    /// Reads one rule.
    ///
    /// # Examples
    /// ```
    /// use katydid_plan::rule::{Rule, Verdict};
    ///
    /// let rule = Rule::parse("409 on POST /*/state")?;
    /// assert_eq!(rule.verdict(), Verdict::Expected);
    /// assert!(rule.covers("POST", "/servers/[id]/state") && !rule.covers("GET", "/servers/[id]/state"));
    /// # Ok::<(), katydid_plan::Misread>(())
    /// ```
    ///
    /// # Errors
    /// Text that is no rule; the error shows the place and says what to write.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        parse::rule(text)
    }

    /// The rule as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What becomes of a request that matches.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Is the rule about requests of this method and name?
    pub fn covers(&self, method: &str, name: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.name.matches(name)
    }

    /// Did what the rule is about happen?
    fn applies_to(&self, facts: &Facts<'_>) -> bool {
        self.causes.iter().any(|cause| cause.explains(facts))
    }

    /// Can the rule change what becomes of a success?
    fn concerns_successes(&self) -> bool {
        self.causes.iter().any(|cause| matches!(cause, Cause::Status(_) | Cause::Hundred(_)))
    }
}

impl Cause {
    fn explains(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Status(status) => facts.status == Some(*status),
            Self::Hundred(hundred) => facts.status.is_some_and(|status| status / 100 == *hundred),
            Self::NoAnswer(reason) => facts.no_answer == Some(*reason),
            Self::Text(pattern) => facts.texts.iter().any(|text| pattern.matches(text)),
            Self::Regex(regex) => facts.texts.iter().any(|text| regex.is_match(text)),
        }
    }
}

/// Rules in the order in which they are asked.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Reads rules, one in each text; what is there twice is one rule.
    ///
    /// # Errors
    /// The first text that is no rule.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, Misread> {
        let mut rules: Vec<Rule> = Vec::new();
        for text in texts {
            let rule = Rule::parse(text.as_ref())?;
            if rules.iter().all(|known| known.text != rule.text) {
                rules.push(rule);
            }
        }
        Ok(Self(rules))
    }

    /// All rules.
    pub fn as_slice(&self) -> &[Rule] {
        &self.0
    }

    /// May a rule make a failure of a request that was none?
    pub fn judge_successes(&self) -> bool {
        self.0.iter().any(|rule| rule.verdict == Verdict::Failed && rule.concerns_successes())
    }
}

#[cfg(test)]
mod tests;
