//! What do the rules say about a request? Which of them cover a name is found out once for each name.

use std::collections::HashMap;

use super::{NoAnswer, Rules, Verdict};

/// Names of which it is remembered which rules cover them; for further ones it is found out again each time.
const MOST_PLACES: usize = 10_000;

/// The word for a failure that a rule has stay one.
pub const KEPT: &str = "kept";

/// What is known about how a request ended.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Did it count as a failure so far?
    pub is_failure: bool,
    /// The status of its answer.
    pub status: Option<u16>,
    /// Why there is no answer.
    pub no_answer: Option<NoAnswer>,
    /// The failure's text, in every form in which a user may have seen it.
    pub texts: &'a [&'a str],
}

/// What a rule makes of a request. A success that a rule would have as one has none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The index of the rule.
    pub rule: usize,
    /// What it says.
    pub verdict: Verdict,
    /// Is the request what it was: a failure that the rule has stay one?
    pub is_kept: bool,
}

impl Judgement {
    /// The word for what became of the request: `expected`, `tolerated`, `failed`, or [`KEPT`].
    pub fn word(&self) -> &'static str {
        if self.is_kept { KEPT } else { self.verdict.word() }
    }
}

/// Indices of the rules that cover a method and a name, in their order.
type Covering = Box<[usize]>;

/// Rules at work.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    rules: Rules,
    /// The rules that cover a name, by method.
    places: HashMap<Box<str>, HashMap<Box<str>, Covering>>,
    known: usize,
}

impl Judge {
    /// A judge by these rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What the first rule that matches makes of a request, if there is something to tell of it.
    pub fn judge(&mut self, method: &str, name: &str, facts: &Facts<'_>) -> Option<Judgement> {
        if self.find(method, name).is_none() {
            let covering = self.covering(method, name);
            if self.known >= MOST_PLACES {
                return self.first(&covering, facts);
            }
            self.known += 1;
            self.places.entry(method.into()).or_default().insert(name.into(), covering);
        }
        self.first(self.find(method, name).unwrap_or_default(), facts)
    }

    fn find(&self, method: &str, name: &str) -> Option<&[usize]> {
        self.places.get(method)?.get(name).map(|rules| &**rules)
    }

    fn covering(&self, method: &str, name: &str) -> Covering {
        let rules = self.rules.as_slice().iter().enumerate();
        rules.filter(|(_, rule)| rule.covers(method, name)).map(|(index, _)| index).collect()
    }

    fn first(&self, covering: &[usize], facts: &Facts<'_>) -> Option<Judgement> {
        let rules = self.rules.as_slice();
        let rule = *covering.iter().find(|rule| rules[**rule].applies_to(facts))?;
        let verdict = rules[rule].verdict();
        let is_failed = verdict == Verdict::Failed;
        let is_kept = is_failed && facts.is_failure;
        (is_failed || facts.is_failure).then_some(Judgement { rule, verdict, is_kept })
    }
}
