//! What goes wrong in a scenario's own code? Panics, each kind counted once, with the place that it came from.
//!
//! What a maintainer must not break: a panic is never part of the statistics, which are about what the target did; and
//! memory is bounded, whatever scenarios put into their messages.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

/// Kinds of panics that are told apart; the rest is counted under [`OTHER`].
const KINDS: usize = 1000;
/// The message of all panics beyond that.
const OTHER: &str = "other panics: too many kinds to tell apart";

/// One kind of panic, and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name of the scenario.
    pub scenario: Box<str>,
    /// What it panicked with.
    pub message: Box<str>,
    /// Where, as `src/main.rs:12:9`; `None` where no hook calls [`note`].
    pub place: Option<Box<str>>,
    /// How many users ended like this.
    pub count: u64,
}

/// A panic as it was caught.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Caught {
    pub(crate) message: String,
    pub(crate) place: Option<String>,
}

thread_local! {
    static IS_IN_SCENARIO: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// For a program's panic hook: keeps the place of a panic of a scenario. Returns whether it was one; then the run tells
/// of it, and the hook need not.
pub fn note(info: &PanicHookInfo<'_>) -> bool {
    let is_in_scenario = IS_IN_SCENARIO.get();
    if is_in_scenario {
        PLACE.set(info.location().map(ToString::to_string));
    }
    is_in_scenario
}

/// Runs a scenario's code; `Err` is what it panicked with.
pub(crate) fn caught<T>(code: impl FnOnce() -> T) -> Result<T, Caught> {
    let before = IS_IN_SCENARIO.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(code));
    IS_IN_SCENARIO.set(before);
    outcome.map_err(|payload| Caught { message: message_of(&*payload), place: PLACE.take() })
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

/// The panics of a run.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Counts one.
    pub(crate) fn add(&mut self, scenario: &str, caught: &Caught) {
        let place = caught.place.as_deref();
        if !self.count(scenario, &caught.message, place) {
            if self.0.len() < KINDS {
                self.begin(scenario, &caught.message, place);
            } else if !self.count("", OTHER, None) {
                self.begin("", OTHER, None);
            }
        }
    }

    /// All kinds, in the order in which they were first seen.
    pub(crate) fn as_slice(&self) -> &[Fault] {
        &self.0
    }

    fn count(&mut self, scenario: &str, message: &str, place: Option<&str>) -> bool {
        let known = self.0.iter_mut().find(|fault| {
            *fault.scenario == *scenario && *fault.message == *message && fault.place.as_deref() == place
        });
        known.map(|fault| fault.count += 1).is_some()
    }

    fn begin(&mut self, scenario: &str, message: &str, place: Option<&str>) {
        self.0.push(Fault {
            scenario: scenario.into(),
            message: message.into(),
            place: place.map(Into::into),
            count: 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{set_hook, take_hook};

    use super::*;

    fn at(message: &str, line: u32) -> Caught {
        Caught { message: message.into(), place: Some(format!("src/main.rs:{line}:1")) }
    }

    #[test]
    fn one_kind_is_one_fault() {
        let mut faults = Faults::default();
        for caught in [at("no item 7", 3), at("no item 7", 3), at("no item 7", 4), at("no item 8", 3)] {
            faults.add("Visitor", &caught);
        }
        faults.add("Buyer", &at("no item 7", 3));
        let counts: Vec<u64> = faults.as_slice().iter().map(|fault| fault.count).collect();
        assert_eq!(counts, [2, 1, 1, 1]);
    }

    #[test]
    fn kinds_are_bounded() {
        let mut faults = Faults::default();
        for number in 0..KINDS + 20 {
            faults.add("Visitor", &at(&format!("no item {number}"), 3));
        }
        faults.add("Visitor", &at("no item 0", 3));
        assert_eq!(faults.as_slice().len(), KINDS + 1);
        assert_eq!(faults.as_slice()[0].count, 2, "a kind that is known stays known");
        let last = &faults.as_slice()[KINDS];
        assert_eq!((&*last.message, last.count), (OTHER, 20));
    }

    /// The hook is the process's, so this is the only test that sets it.
    #[test]
    fn a_hook_learns_whose_a_panic_is_and_keeps_its_place() {
        let loud = take_hook();
        set_hook(Box::new(|info| {
            note(info);
        }));
        let caught = caught(|| panic!("no item {}", 7));
        let silent = super::caught(|| std::panic::resume_unwind(Box::new(3)));
        set_hook(loud);
        let caught = caught.expect_err("it panicked");
        assert_eq!(caught.message, "no item 7");
        assert!(caught.place.is_some_and(|place| place.contains("fault.rs:")));
        let silent = silent.expect_err("it panicked");
        assert_eq!((&*silent.message, silent.place), ("a panic without a message", None));
    }
}
