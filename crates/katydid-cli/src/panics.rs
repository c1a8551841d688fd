//! What becomes of a scenario's panic? It is counted and told by the run, and not printed each time that it happens.

use std::panic;

use katydid_engine::{Fault, fault};
use katydid_report::csv::ExceptionRow;

/// What a process that runs users alone is called in files.
const NODE: &str = "local";

/// From now on the panics of scenarios are the run's to tell; all others are printed as before.
pub(crate) fn leave_to_the_run() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !fault::note(info) {
            print(info);
        }
    }));
}

/// One panic as a line: who, where, what.
pub(crate) fn line(fault: &Fault) -> String {
    format!("{}: {}", place(fault), fault.message)
}

/// All panics as lines below the tables.
pub(crate) fn table(faults: &[Fault]) -> Vec<String> {
    let rows = faults.iter().map(|fault| format!("{:<18} {}", fault.count, line(fault)));
    ["Exceptions".into(), format!("{:<18} {}", "# occurrences", "Exception")]
        .into_iter()
        .chain(rows)
        .collect()
}

/// A panic as a row of `_exceptions.csv`.
pub(crate) fn row(fault: &Fault) -> ExceptionRow {
    ExceptionRow {
        count: fault.count,
        message: fault.message.to_string(),
        traceback: place(fault),
        nodes: vec![NODE.into()],
    }
}

fn place(fault: &Fault) -> String {
    match &fault.place {
        Some(place) => format!("{} panicked at {place}", fault.scenario),
        None => format!("{} panicked", fault.scenario),
    }
}
