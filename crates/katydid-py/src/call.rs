//! What did the task ask for? The arguments of one call, borrowed from the caller.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// An argument that may be absent; `None` from Python counts as absent.
pub(crate) type Argument<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// The arguments that both clients know. `rest` holds what only one of them does.
pub(crate) struct Call<'a, 'py> {
    pub(crate) method: &'a Bound<'py, PyAny>,
    pub(crate) url: &'a Bound<'py, PyAny>,
    pub(crate) name: Argument<'a, 'py>,
    pub(crate) data: Argument<'a, 'py>,
    pub(crate) json: Argument<'a, 'py>,
    pub(crate) headers: Argument<'a, 'py>,
    pub(crate) auth: Argument<'a, 'py>,
    pub(crate) context: Argument<'a, 'py>,
    pub(crate) catch_response: Argument<'a, 'py>,
    pub(crate) stream: Argument<'a, 'py>,
    pub(crate) allow_redirects: Argument<'a, 'py>,
    pub(crate) params: Argument<'a, 'py>,
    pub(crate) timeout: Argument<'a, 'py>,
    /// The call came by a verb's method, not by `request`.
    pub(crate) is_verb: bool,
    pub(crate) rest: Option<&'a Bound<'py, PyDict>>,
}

impl<'a, 'py> Call<'a, 'py> {
    /// A call of a verb's method with nothing but a URL.
    #[inline]
    pub(crate) fn bare(method: &'a Bound<'py, PyAny>, url: &'a Bound<'py, PyAny>) -> Self {
        Self {
            method,
            url,
            name: None,
            data: None,
            json: None,
            headers: None,
            auth: None,
            context: None,
            catch_response: None,
            stream: None,
            allow_redirects: None,
            params: None,
            timeout: None,
            is_verb: true,
            rest: None,
        }
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.url.py()
    }

    /// The arguments other than method and URL, for a call that goes through Python.
    #[cold]
    #[inline(never)]
    pub(crate) fn keywords(&self) -> PyResult<Bound<'py, PyDict>> {
        let py = self.py();
        let keywords = match self.rest {
            Some(rest) => rest.copy()?,
            None => PyDict::new(py),
        };
        let known = [
            (intern!(py, "name"), self.name),
            (intern!(py, "data"), self.data),
            (intern!(py, "json"), self.json),
            (intern!(py, "headers"), self.headers),
            (intern!(py, "auth"), self.auth),
            (intern!(py, "context"), self.context),
            (intern!(py, "catch_response"), self.catch_response),
            (intern!(py, "stream"), self.stream),
            (intern!(py, "allow_redirects"), self.allow_redirects),
            (intern!(py, "params"), self.params),
            (intern!(py, "timeout"), self.timeout),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                keywords.set_item(name, value)?;
            }
        }
        Ok(keywords)
    }

    /// Adds `None` for each of `names` that was not given. Locust's verbs hand these arguments over always, so a `request`
    /// of a subclass may look at them.
    #[cold]
    pub(crate) fn fill_in(
        &self,
        keywords: &Bound<'py, PyDict>,
        names: &[&Bound<'py, PyString>],
    ) -> PyResult<()> {
        for name in names {
            if !keywords.contains(name)? {
                keywords.set_item(name, self.py().None())?;
            }
        }
        Ok(())
    }

    /// Whether nothing was given that only `requests` or Python code can deal with.
    #[inline]
    pub(crate) fn has_rest(&self) -> bool {
        self.rest.is_some_and(|rest| !rest.is_empty())
    }
}

/// Whether an argument is given and true.
#[inline]
pub(crate) fn is_set(argument: Argument<'_, '_>) -> PyResult<bool> {
    argument.map_or(Ok(false), PyAnyMethods::is_truthy)
}

/// The characters of an ordinary string.
#[inline]
pub(crate) fn text<'a>(value: &'a Bound<'_, PyAny>) -> Option<&'a str> {
    // A string with lone surrogates has no UTF-8 form; Python deals with it.
    value.cast_exact::<PyString>().ok()?.to_str().ok()
}
