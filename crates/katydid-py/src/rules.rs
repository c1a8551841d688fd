//! Rules as Python knows them: compiled once, asked for every failure, and for successes if one of them may fail those.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use katydid_plan::rule::{self, Facts, Judge, NoAnswer, Verdict};
use katydid_report::expectations;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::stats::RequestStats;

/// One rule at the end of a run: rule, verdict, limit, requests that it reclassified, requests that it covers, whether
/// more were tolerated than the limit allows, failures that it kept.
type OutcomeFields = (String, &'static str, Option<f64>, u64, u64, bool, u64);

/// How many sets of rules there are that may make a failure of a success.
static JUDGING_SUCCESSES: AtomicUsize = AtomicUsize::new(0);

/// Rules such as `409 on POST /*/state`.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct Rules {
    judge: Mutex<Judge>,
    judge_successes: bool,
}

impl Rules {
    fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a rule make a failure of this success?
    pub(crate) fn fails(&self, method: &str, name: &str, status: Option<u16>) -> bool {
        let facts = Facts { is_failure: false, status, no_answer: None, texts: &[] };
        self.judge().judge(method, name, &facts).is_some()
    }
}

impl Drop for Rules {
    fn drop(&mut self) {
        JUDGING_SUCCESSES.fetch_sub(usize::from(self.judge_successes), Ordering::Relaxed);
    }
}

#[pymethods]
impl Rules {
    /// Raises `ValueError` for the first text that is no rule.
    #[new]
    fn new(texts: Vec<String>) -> PyResult<Self> {
        let rules = rule::Rules::parse(texts).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let judge_successes = rules.judge_successes();
        JUDGING_SUCCESSES.fetch_add(usize::from(judge_successes), Ordering::Relaxed);
        Ok(Self { judge: Mutex::new(Judge::new(rules)), judge_successes })
    }

    /// The rules as they were written.
    #[getter]
    fn texts(&self) -> Vec<String> {
        self.judge().rules().as_slice().iter().map(|rule| rule.text().to_owned()).collect()
    }

    /// May a rule make a failure of a success?
    #[getter(judge_successes)]
    fn do_judge_successes(&self) -> bool {
        self.judge_successes
    }

    /// What the first rule that matches makes of a request, if there is something to tell of it: the rule's text, and
    /// `expected`, `tolerated`, `failed`, or `kept` for a failure that stays one. `no_answer` is `timeout` or `connection`.
    #[pyo3(name = "judge", signature = (method, name, *, is_failure, status, no_answer, texts))]
    fn judge_request(
        &self,
        method: &str,
        name: &str,
        is_failure: bool,
        status: Option<u16>,
        no_answer: Option<&str>,
        texts: Vec<String>,
    ) -> Option<(String, &'static str)> {
        let no_answer = match no_answer {
            Some("timeout") => Some(NoAnswer::Timeout),
            Some(_) => Some(NoAnswer::Connection),
            None => None,
        };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut judge = self.judge();
        let found = judge.judge(method, name, &Facts { is_failure, status, no_answer, texts: &texts })?;
        Some((judge.rules().as_slice()[found.rule].text().to_owned(), found.word()))
    }

    /// What became of each rule.
    fn outcomes(&self, stats: &Bound<'_, RequestStats>) -> Vec<OutcomeFields> {
        let snapshot = stats.get().snapshot_of_entries();
        expectations::outcomes(self.judge().rules(), &snapshot)
            .into_iter()
            .map(|outcome| {
                let (limit, is_broken) = (outcome.limit(), outcome.is_broken());
                let word = Verdict::word(outcome.verdict);
                (outcome.rule, word, limit, outcome.requests, outcome.covered, is_broken, outcome.kept)
            })
            .collect()
    }

    /// The table for the console.
    fn table(&self, stats: &Bound<'_, RequestStats>) -> Vec<String> {
        expectations::table(self.judge().rules(), &stats.get().snapshot_of_entries())
    }

    /// The rows of `_expectations.csv`.
    fn rows(&self, stats: &Bound<'_, RequestStats>) -> Vec<Vec<String>> {
        expectations::rows(self.judge().rules(), &stats.get().snapshot_of_entries())
    }
}

/// Raises ValueError, with the place and the fix, for text that is no rule.
#[pyfunction]
pub(crate) fn check_rule(text: &str) -> PyResult<()> {
    rule::Rule::parse(text).map(drop).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The rules for the requests that this event reports.
#[cold]
pub(crate) fn of<'py>(event: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Rules>>> {
    let py = event.py();
    let expectations = event.getattr_opt(intern!(py, "_expectations"))?;
    let Some(expectations) = expectations.filter(|expectations| !expectations.is_none()) else {
        return Ok(None);
    };
    Ok(expectations.getattr(intern!(py, "rules"))?.cast_into().ok())
}

/// May a rule of any run make a failure of a success? The one question about rules that is asked for every request.
#[inline]
pub(crate) fn judge_successes() -> bool {
    JUDGING_SUCCESSES.load(Ordering::Relaxed) > 0
}
