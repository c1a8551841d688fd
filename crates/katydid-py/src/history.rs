//! Stored runs as Python sees them: one that is being kept, and what can be asked about others.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use katydid_cli::history::{compare, place};
use katydid_control::archive::Fault;
use katydid_report::compare::{Allowances, text};
use katydid_stats::part::Changes;
use katydid_store::{About, Address, End, Error, Level, Retention, RunId, Store, Writer, within};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::archive;
use crate::stats::RequestStats;

/// How long a run waits for its store at its beginning and at its end, beside [`Writer::finish`].
const PATIENCE: Duration = Duration::from_secs(15);

/// How long for a digest that later comparisons would make themselves.
const PATIENCE_TO_DIGEST: Duration = Duration::from_secs(5);

/// How long for two runs that are read and compared.
const PATIENCE_TO_COMPARE: Duration = Duration::from_secs(60);

/// What was asked for wrongly is a ValueError, what the database refuses an OSError.
fn as_python(error: Error) -> PyErr {
    let text = error.to_string();
    if error.is_usage() || error.is_missing() {
        PyValueError::new_err(text)
    } else {
        PyOSError::new_err(text)
    }
}

fn json(text: &[u8]) -> PyResult<serde_json::Value> {
    serde_json::from_slice(text).map_err(|error| PyValueError::new_err(format!("not JSON: {error}")))
}

/// A run that is being kept. Everything is written by a thread of its own.
#[pyclass(frozen, module = "katydid._core")]
pub(crate) struct StoredRun {
    number: u64,
    address: Address,
    writer: Mutex<Option<Writer>>,
    changes: Mutex<Changes>,
}

impl StoredRun {
    fn with<R>(&self, use_it: impl FnOnce(&Writer) -> R) -> Option<R> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(use_it)
    }
}

#[pymethods]
impl StoredRun {
    /// Begins a run; `about` is JSON. What goes beyond `keep` is forgotten first, `baseline` excepted.
    #[new]
    #[pyo3(signature = (store, about, keep = None, baseline = None))]
    fn new(
        py: Python<'_>,
        store: Option<&str>,
        about: &[u8],
        keep: Option<&str>,
        baseline: Option<String>,
    ) -> PyResult<Self> {
        let about: About = serde_json::from_value(json(about)?)
            .map_err(|error| PyValueError::new_err(format!("what is known of the run: {error}")))?;
        let address = place::address(store).map_err(as_python)?;
        let keep = keep.map(Retention::parse).transpose().map_err(as_python)?;
        let place = address.clone();
        let begin = move || -> Result<Writer, Error> {
            let mut store = Store::open(&place)?;
            if let Some(keep) = keep {
                let needed = baseline.and_then(|baseline| store.find(&baseline).ok());
                store.prune(&keep, needed.map(|run| run.id).as_slice(), about.started_at)?;
            }
            Writer::begin(store, &about)
        };
        let writer = py.detach(|| within(PATIENCE, begin)).map_err(as_python)?;
        let number = writer.run().0;
        Ok(Self { number, address, writer: Mutex::new(Some(writer)), changes: Mutex::default() })
    }

    /// The run's number.
    #[getter]
    fn number(&self) -> u64 {
        self.number
    }

    /// Where it is kept, without a password.
    #[getter]
    fn store(&self) -> String {
        self.address.to_string()
    }

    /// Keeps what changed until `at`. Returns whether it was looked at: not while the thread is far behind.
    #[pyo3(signature = (stats, at, users, must = false))]
    fn observe(&self, stats: &Bound<'_, RequestStats>, at: f64, users: u64, must: bool) -> bool {
        if !must && self.with(Writer::is_busy).unwrap_or(true) {
            return false;
        }
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = stats.get().read(|stats| changes.take(stats));
        self.with(|writer| writer.observe(copy, at, users));
        true
    }

    /// Keeps a level; `until` is None while it lasts.
    fn level(
        &self,
        number: u64,
        scenario: String,
        label: String,
        users: u64,
        begun_at: f64,
        until: Option<f64>,
    ) {
        self.with(|writer| writer.level(Level { number, scenario, label, users, from: begun_at, until }));
    }

    /// Keeps a document.
    fn document(&self, name: &str, content: Vec<u8>) {
        self.with(|writer| writer.document(name, content));
    }

    /// What went wrong first; told once.
    fn complaint(&self) -> Option<String> {
        self.with(Writer::complaint).flatten().map(|error| error.to_string())
    }

    /// Ends the run; `verdict` is JSON. Waits until all is written and digested for comparisons, for some seconds at
    /// most; a second call does nothing.
    #[pyo3(signature = (at, exit_code = None, verdict = None))]
    fn finish(
        &self,
        py: Python<'_>,
        at: f64,
        exit_code: Option<i64>,
        verdict: Option<&[u8]>,
    ) -> PyResult<()> {
        let verdict = verdict.map(json).transpose()?;
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer else { return Ok(()) };
        py.detach(|| writer.finish(End { at, exit_code, verdict })).map_err(as_python)?;
        let (address, run) = (self.address.clone(), RunId(self.number));
        let digest = move || compare::keep_digest(&mut Store::open(&address)?, run);
        // All is kept without it: whoever compares makes it then.
        let _ = py.detach(|| within(PATIENCE_TO_DIGEST, digest));
        Ok(())
    }
}

/// Carries out `katydid runs`, `show`, `export`, `compare` or `baseline`; returns the exit code.
#[pyfunction]
fn history_main(py: Python<'_>, argv: Vec<String>) -> i32 {
    py.detach(|| katydid_cli::history_main(argv, katydid_control::page::kept))
}

/// Opens a store to see that it can be; returns how it is shown, and None for the store that is none.
#[pyfunction]
fn history_check(py: Python<'_>, store: Option<&str>, keep: Option<&str>) -> PyResult<Option<String>> {
    let check = || -> Result<Option<String>, Error> {
        keep.map(Retention::parse).transpose()?;
        match place::address(store)? {
            Address::None => Ok(None),
            address => {
                within(PATIENCE, move || Store::open(&address).map(|store| Some(store.address().to_string())))
            }
        }
    };
    py.detach(check).map_err(as_python)
}

/// Number, JSON, and documents by name.
type Found<'py> = (u64, String, Vec<(String, Bound<'py, PyBytes>)>);

/// What is known of a stored run: its number, then JSON of it, of its levels, and of its documents by name.
#[pyfunction]
fn history_run<'py>(
    py: Python<'py>,
    store: Option<&str>,
    run: &str,
    documents: Vec<String>,
) -> PyResult<Found<'py>> {
    let read = || -> Result<_, Error> {
        let mut store = Store::open(&place::address(store)?)?;
        let run = store.find(run)?;
        let levels = store.levels(run.id)?;
        let mut about = katydid_cli::history::run_json(&run, "");
        about["levels"] = serde_json::json!(levels);
        about["reclassified"] = katydid_cli::history::reclassified_json(&mut store, run.id)?;
        let mut found = Vec::new();
        for name in documents {
            if let Some(content) = store.document(run.id, &name)? {
                found.push((name, content));
            }
        }
        Ok((run.id.0, about.to_string(), found))
    };
    let (number, about, found) = py.detach(read).map_err(as_python)?;
    Ok((number, about, found.into_iter().map(|(name, content)| (name, PyBytes::new(py, &content))).collect()))
}

/// The levels of a stored run: scenario, users, and 95th percentile in milliseconds where something was measured.
#[pyfunction]
fn history_levels(
    py: Python<'_>,
    store: Option<&str>,
    run: &str,
) -> PyResult<Vec<(String, u64, Option<f64>)>> {
    let read = || compare::references(&mut Store::open(&place::address(store)?)?, run);
    let levels = py.detach(read).map_err(as_python)?;
    Ok(levels.into_iter().map(|level| (level.scenario, level.users, level.p95_ms)).collect())
}

/// Everything that the report of a stored run tells, as JSON.
#[pyfunction]
fn history_report<'py>(py: Python<'py>, store: Option<&str>, run: &str) -> PyResult<Bound<'py, PyBytes>> {
    match py.detach(|| archive::report(store, run).map(|data| data.to_string())) {
        Ok(text) => Ok(PyBytes::new(py, text.as_bytes())),
        Err(Fault::Wrong(text) | Fault::Missing(text)) => Err(PyValueError::new_err(text)),
        Err(Fault::Broken(text)) => Err(PyOSError::new_err(text)),
    }
}

/// What the report of a run says about the baseline that it was held against, as JSON; None if it was held against none.
#[pyfunction]
fn history_comparison(py: Python<'_>, store: Option<&str>, run: u64) -> PyResult<Option<String>> {
    let read = || -> Result<_, Error> {
        let mut store = Store::open(&place::address(store)?)?;
        let run = store.run(RunId(run))?;
        katydid_cli::history::archive::kept_comparison(&mut store, &run)
    };
    Ok(py.detach(read).map_err(as_python)?.map(|told| told.to_string()))
}

/// Holds a run against a baseline: the lines to print, whether it has passed, the whole as JSON, and a sentence for each
/// thing that is worse.
#[pyfunction]
#[pyo3(signature = (store, baseline, run, allow = Vec::new(), allow_errors = None))]
fn history_compare(
    py: Python<'_>,
    store: Option<&str>,
    baseline: String,
    run: String,
    allow: Vec<f64>,
    allow_errors: Option<f64>,
) -> PyResult<(Vec<String>, bool, String, Vec<String>)> {
    let allowances = Allowances { by_level: allow, errors: allow_errors };
    let address = place::address(store).map_err(as_python)?;
    let compare = move || compare::compare_runs(&mut Store::open(&address)?, &baseline, &run, &allowances);
    let comparison = py.detach(|| within(PATIENCE_TO_COMPARE, compare)).map_err(as_python)?;
    let json =
        serde_json::to_string(&comparison).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok((text::lines(&comparison), comparison.has_passed(), json, text::findings(&comparison)))
}

/// Keeps how a run ended; `verdict` is JSON.
#[pyfunction]
#[pyo3(signature = (store, run, at, exit_code = None, verdict = None))]
fn history_conclude(
    py: Python<'_>,
    store: Option<&str>,
    run: u64,
    at: f64,
    exit_code: Option<i64>,
    verdict: Option<&[u8]>,
) -> PyResult<()> {
    let end = End { at, exit_code, verdict: verdict.map(json).transpose()? };
    let address = place::address(store).map_err(as_python)?;
    py.detach(|| within(PATIENCE, move || Store::open(&address)?.finish(RunId(run), &end))).map_err(as_python)
}

/// Adds the classes and functions of this module to `katydid._core`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<StoredRun>()?;
    module.add_function(wrap_pyfunction!(history_main, module)?)?;
    module.add_function(wrap_pyfunction!(history_conclude, module)?)?;
    module.add_function(wrap_pyfunction!(history_check, module)?)?;
    module.add_function(wrap_pyfunction!(history_run, module)?)?;
    module.add_function(wrap_pyfunction!(history_report, module)?)?;
    module.add_function(wrap_pyfunction!(history_comparison, module)?)?;
    module.add_function(wrap_pyfunction!(history_levels, module)?)?;
    module.add_function(wrap_pyfunction!(history_compare, module)?)
}
