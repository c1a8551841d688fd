//! For which part of a run does a threshold hold?

use super::{Around, KEYWORDS, Metric, Threshold};
use crate::nearest::nearest;
use crate::rule::METHODS;
use crate::scan::{Piece, Scan};
use crate::{Misread, Pattern};

/// A part of a run. What is not set restricts nothing.
///
/// Requests of all names that match are taken together, with `is_each` every name by itself. Levels that match are
/// always judged each by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Scenarios by name.
    pub scenario: Option<Pattern>,
    /// Levels by name, or by number counted from 1 within their scenario.
    pub level: Option<Pattern>,
    /// The class of users that sent the requests.
    pub user: Option<String>,
    /// HTTP methods or request types.
    pub method: Option<Pattern>,
    /// Names of requests.
    pub name: Option<Pattern>,
    /// Is the name written after a slash, as in `level:3/items`? Then it is also that of `/items`.
    pub is_after_slash: bool,
    /// Is every name judged by itself?
    pub is_each: bool,
}

impl Scope {
    /// Is nothing left out?
    pub fn is_whole_run(&self) -> bool {
        *self == Self::default()
    }

    /// Is it about levels?
    pub fn is_of_levels(&self) -> bool {
        self.level.is_some() || self.scenario.is_some()
    }

    /// Is it about certain requests only?
    pub fn is_of_names(&self) -> bool {
        self.method.is_some() || self.name.is_some()
    }

    /// Does a request belong to it, as far as its method and name tell?
    pub fn has_request(&self, method: &str, name: &str) -> bool {
        let inner = name.strip_prefix('/').filter(|_| self.is_after_slash);
        is_in(&self.method, method)
            && (is_in(&self.name, name) || inner.is_some_and(|inner| is_in(&self.name, inner)))
    }

    /// Does a level belong to it? Its number is counted from 1.
    pub fn has_level(&self, scenario: Option<&str>, number: usize, name: Option<&str>) -> bool {
        let is_scenario =
            self.scenario.as_ref().is_none_or(|wanted| scenario.is_some_and(|name| wanted.matches(name)));
        let is_level = self.level.as_ref().is_none_or(|wanted| {
            wanted.matches(&number.to_string()) || name.is_some_and(|name| wanted.matches(name))
        });
        is_scenario && is_level
    }
}

fn is_in(wanted: &Option<Pattern>, text: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted.matches(text))
}

/// Selectors that stand before the name.
const PREFIXES: [&str; 3] = ["level:", "scenario:", "user:"];

/// Reads a scope: everything up to the next clause.
pub(super) fn scope(scan: &mut Scan<'_>, keyword: &Piece<'_>) -> Result<Scope, Misread> {
    let mut scope = Scope::default();
    while let Some(prefix) = scan.take_one_of(&PREFIXES.map(|prefix| (prefix, prefix))) {
        selector(scan, prefix, &mut scope)?;
    }
    refuse_unknown_prefix(scan)?;
    if scan.peek_word().text == "each" {
        scan.word();
        scope.is_each = true;
    }
    if at_name(scan) {
        names(scan, &mut scope)?;
    }
    match &scope {
        Scope { is_each: true, name: None, .. } => {
            let place = scan.peek_word_place();
            Err(scan.wrong(place, "after \"each\" there is no name", "write each * for all names"))
        }
        scope if scope.is_whole_run() => {
            let place = scan.peek_word_place();
            let problem = format!("after \"{}\" there is no scope", keyword.text);
            Err(scan.wrong(
                place,
                problem,
                "name requests, such as GET /items/*, or level:3, or user:Shopper",
            ))
        }
        _ => Ok(scope),
    }
}

fn selector(scan: &mut Scan<'_>, prefix: &str, scope: &mut Scope) -> Result<(), Misread> {
    let what = prefix.trim_end_matches(':');
    let value = if scan.is_at_quotation() {
        scan.quoted_or_word()?
    } else {
        scan.take_adjacent(|character| !character.is_whitespace() && character != '/')
    };
    if value.text.is_empty() {
        let problem = format!("after \"{prefix}\" there is no {what}");
        return Err(scan.wrong(value.place, problem, format!("write {prefix}NAME without a blank")));
    }
    let is_twice = match prefix {
        "level:" => scope.level.replace(Pattern::new(value.text)).is_some(),
        "scenario:" => scope.scenario.replace(Pattern::new(value.text)).is_some(),
        _ => scope.user.replace(value.text.into()).is_some(),
    };
    if is_twice {
        let place = value.place.start - prefix.len()..value.place.end;
        return Err(scan.wrong(
            place,
            format!("a {what} is there twice"),
            "use a pattern, or two thresholds",
        ));
    }
    scope.is_after_slash = scan.skip_slash();
    Ok(())
}

/// `lvl:3` is most likely no name of a request.
fn refuse_unknown_prefix(scan: &mut Scan<'_>) -> Result<(), Misread> {
    let word = scan.peek_word();
    let Some((head, tail)) = word.text.split_once(':') else { return Ok(()) };
    let looks_like_one =
        !head.is_empty() && head.bytes().all(|byte| byte.is_ascii_lowercase()) && !tail.starts_with("//");
    let similar = nearest(&format!("{head}:"), PREFIXES).filter(|_| looks_like_one);
    match similar {
        Some(known) => {
            let problem = format!("\"{head}:\" is not understood");
            Err(scan.wrong(
                word.place,
                problem,
                format!("did you mean \"{known}\"? Else put the name in quotation marks"),
            ))
        }
        None => Ok(()),
    }
}

/// Does the name of a request follow, or a method?
fn at_name(scan: &mut Scan<'_>) -> bool {
    let word = scan.peek_word();
    !word.text.is_empty() && !KEYWORDS.contains(&word.text)
}

/// A name, or a method and a name. Capital letters are a method if a name follows.
fn names(scan: &mut Scan<'_>, scope: &mut Scope) -> Result<(), Misread> {
    let is_quoted = scan.is_at_quotation();
    let first = scan.quoted_or_word()?;
    let is_capitals = first.text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'*');
    if is_capitals && at_name(scan) {
        scope.method = Some(Pattern::new(first.text));
        scope.name = Some(Pattern::new(scan.quoted_or_word()?.text));
    } else if !is_quoted && METHODS.contains(&first.text) {
        let fix = format!("write {} * for all such requests, or put a name in quotation marks", first.text);
        return Err(scan.wrong(first.place, format!("the name after {} is missing", first.text), fix));
    } else {
        scope.name = Some(Pattern::new(first.text));
    }
    Ok(())
}

/// Makes a scope part of what its threshold stands in.
pub(super) fn put_within(
    scan: &Scan<'_>,
    scope: &mut Scope,
    around: Around<'_>,
    name: &Piece<'_>,
) -> Result<(), Misread> {
    let parts =
        [("scenario", around.scenario, &mut scope.scenario), ("level", around.level, &mut scope.level)];
    for (what, outer, own) in parts {
        let Some(outer) = outer else { continue };
        if own.replace(Pattern::new(outer)).is_some() {
            let problem = format!("it stands in a {what} already");
            return Err(scan.wrong(name.place.clone(), problem, format!("leave the {what} out")));
        }
    }
    Ok(())
}

/// Refuses what cannot be measured.
pub(super) fn check(scan: &Scan<'_>, threshold: &Threshold, name: &Piece<'_>) -> Result<(), Misread> {
    let scope = &threshold.scope;
    if threshold.metric.is_of_lag() && (scope.is_of_names() || scope.user.is_some()) {
        let problem = "the lag is the generator's and not measured for a part of the requests";
        return Err(scan.wrong(name.place.clone(), problem, "leave names and users out"));
    }
    let counts_up = matches!(threshold.metric, Metric::Requests | Metric::Failures);
    if counts_up
        && threshold.aborts
        && threshold.window.is_none()
        && !threshold.comparison.holds(0.0, threshold.limit)
    {
        let problem = "nothing is counted yet when the run begins, which would end it";
        return Err(scan.wrong(
            name.place.clone(),
            problem,
            "leave abort out, or say in which time: over 30s",
        ));
    }
    if threshold.metric != Metric::Degradation {
        return Ok(());
    }
    if !scope.is_of_levels() {
        let problem = "only levels have a degradation";
        return Err(scan.wrong(
            name.place.clone(),
            problem,
            "say of which: on level:2, or on level:* for each",
        ));
    }
    let is_partial = scope.is_of_names() || scope.user.is_some() || threshold.window.is_some();
    if is_partial || !threshold.after.is_zero() {
        let problem = "the degradation is one of whole levels";
        return Err(scan.wrong(name.place.clone(), problem, "leave names, users and times out"));
    }
    Ok(())
}
