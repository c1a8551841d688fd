//! The bridge to Python: builds `katydid._core`. The only crate that names PyO3; it holds no decisions.
//!
//! Reading order: [`greenlet`] and [`hub`] (how Python waits for the reactor).
//!
//! What a maintainer must not break: a class with `__traverse__` has no `dict` of its own (Python's subclasses bring
//! theirs). CPython 3.11 makes such a dictionary while an object is allocated, which may run the garbage collector on
//! the object before its Rust half is written.

mod archive;
mod attached;
mod call;
mod cluster;
mod control;
mod fast;
mod greenlet;
mod head;
mod history;
mod hub;
mod incoming;
mod json;
mod meter;
mod otlp;
mod packing;
mod payload;
mod plain;
mod plan;
mod practice;
mod recording;
mod response;
mod rules;
mod samples;
mod session;
mod site;
mod stats;
mod transport;
mod verbs;
mod verdict;
mod versioned;

use pyo3::prelude::*;

/// The native half of the `katydid` package.
// One thread runs users and the reactor (gevent's contract); the module's state relies on the interpreter's lock.
#[pymodule(gil_used = true)]
mod _core {
    use super::*;

    #[pymodule_export]
    use super::fast::FastHttpClient;
    #[pymodule_export]
    use super::hub::{install, sleep, yield_if_unswitched};
    #[pymodule_export]
    use super::incoming::{Failed, Incoming};
    #[pymodule_export]
    use super::plain::HttpClient;
    #[pymodule_export]
    use super::practice::target_main;
    #[pymodule_export]
    use super::response::Response;
    #[pymodule_export]
    use super::rules::{Rules, check_rule};
    #[pymodule_export]
    use super::transport::ConnectionPool;
    #[pymodule_export]
    use super::versioned::Versioned;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::cluster::register(module)?;
        super::control::register(module)?;
        super::history::register(module)?;
        super::otlp::register(module)?;
        super::verbs::add::<FastHttpClient>(module.py())?;
        super::verbs::add::<HttpClient>(module.py())?;
        super::plan::register(module)?;
        super::samples::register(module)?;
        super::stats::register(module)?;
        super::verdict::register(module)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
