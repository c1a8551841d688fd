//! The verbs of a client as Python methods. One list, so that all of them take their arguments the same way.

/// Implements `get` and the others for a client that has `fn verb(&Bound<Self>, &Call) -> PyResult<Bound<PyAny>>`.
///
/// Every keyword that the native path knows is an argument of its own, so that an ordinary call builds no
/// dictionary.
macro_rules! verbs {
    ($client:ty, $data:ident, $json:ident: $($name:ident $method:literal ($($lead:ident),*) [$($rest:ident),*];)*) => {
        #[pymethods]
        impl $client {
            $(
                #[doc = concat!("Send a ", $method, " request.")]
                #[pyo3(signature = (
                    url, $($lead = None,)* *, $($rest = None,)* name = None, headers = None, auth = None,
                    context = None, catch_response = None, stream = None, allow_redirects = None, params = None,
                    timeout = None, **kwargs
                ))]
                #[allow(clippy::too_many_arguments, reason = "each keyword of the Python method is an argument")]
                fn $name<'py>(
                    slf: &Bound<'py, Self>,
                    url: &Bound<'py, PyAny>,
                    $($lead: Option<&Bound<'py, PyAny>>,)*
                    $($rest: Option<&Bound<'py, PyAny>>,)*
                    name: Option<&Bound<'py, PyAny>>,
                    headers: Option<&Bound<'py, PyAny>>,
                    auth: Option<&Bound<'py, PyAny>>,
                    context: Option<&Bound<'py, PyAny>>,
                    catch_response: Option<&Bound<'py, PyAny>>,
                    stream: Option<&Bound<'py, PyAny>>,
                    allow_redirects: Option<&Bound<'py, PyAny>>,
                    params: Option<&Bound<'py, PyAny>>,
                    timeout: Option<&Bound<'py, PyAny>>,
                    kwargs: Option<&Bound<'py, PyDict>>,
                ) -> PyResult<Bound<'py, PyAny>> {
                    let call = Call {
                        method: intern!(slf.py(), $method), url, name, data: $data, json: $json, headers, auth, context,
                        catch_response, stream, allow_redirects, params, timeout, is_verb: true,
                        rest: kwargs,
                    };
                    Self::verb(slf, &call)
                }
            )*
        }
    };
}

pub(crate) use verbs;
