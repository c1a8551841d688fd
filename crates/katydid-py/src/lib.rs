//! The bridge to Python: builds `katydid._core`. The only crate that names PyO3; it holds no decisions.

use pyo3::prelude::*;

/// The native half of the `katydid` package.
#[pymodule]
mod _core {
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
