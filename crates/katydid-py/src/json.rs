//! JSON of a response, with the standard library's results or not at all.

use jiter::{FloatMode, PartialMode, PythonParse, StringCacheMode};
use pyo3::prelude::*;

const PARSER: PythonParse = PythonParse {
    // `json.loads` takes NaN and Infinity.
    allow_inf_nan: true,
    cache_mode: StringCacheMode::Keys,
    partial_mode: PartialMode::Off,
    catch_duplicate_keys: false,
    float_mode: FloatMode::Float,
};

/// Parses UTF-8 JSON. `None` where `json.loads` has to judge: errors (its exceptions and their texts are what
/// callers know), integers beyond 64 bits, lone surrogates, very deep nesting.
pub(crate) fn parse<'py>(py: Python<'py>, text: &[u8]) -> Option<Bound<'py, PyAny>> {
    PARSER.python_parse(py, text).ok()
}
