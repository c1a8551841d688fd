//! The verbs of a client as Python methods. One table, so that all of them take their arguments the same way.
//!
//! They are put into the classes by hand: a method that takes any keyword costs a tuple and a dictionary when PyO3
//! makes it, and what its wrapper lays on the stack is copied whenever a greenlet waits. Here the arguments stay where
//! the interpreter has put them, and the [`Call`] points there.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::PyTypeInfo;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::call::Call;

/// A client whose class gets the verbs.
pub(crate) trait Client: PyTypeInfo {
    /// Sends the request of a call.
    fn verb<'py>(slf: &Bound<'py, Self>, call: &Call<'_, 'py>) -> PyResult<Bound<'py, PyAny>>;
}

struct Verb {
    name: &'static CStr,
    method: &'static str,
    /// How many of [`LEADING`] may be given by position after the URL.
    leading: usize,
    /// Signature and text, in the form that `inspect` reads.
    doc: &'static CStr,
}

macro_rules! verb {
    ($name:literal, $method:literal, $leading:literal, $lead:literal) => {
        Verb {
            name: const_text(concat!($name, "\0")),
            method: $method,
            leading: $leading,
            doc: const_text(concat!(
                $name,
                "($self, url, ",
                $lead,
                ", name=None, headers=None, auth=None, context=None, catch_response=None, stream=None, ",
                "allow_redirects=None, params=None, timeout=None, **kwargs)\n--\n\nSend a ",
                $method,
                " request.\0"
            )),
        }
    };
}

const VERBS: [Verb; 7] = [
    verb!("get", "GET", 0, "*, data=None, json=None"),
    verb!("head", "HEAD", 0, "*, data=None, json=None"),
    verb!("options", "OPTIONS", 0, "*, data=None, json=None"),
    verb!("delete", "DELETE", 0, "*, data=None, json=None"),
    verb!("post", "POST", 2, "data=None, json=None, *"),
    verb!("put", "PUT", 1, "data=None, *, json=None"),
    verb!("patch", "PATCH", 1, "data=None, *, json=None"),
];

const fn const_text(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("a text of the table contains a zero"),
    }
}

/// The keywords that a [`Call`] has a place for, in the order of [`place`]. The first two may come by position.
const KEYWORDS: [&str; 12] = [
    "data",
    "json",
    "name",
    "headers",
    "auth",
    "context",
    "catch_response",
    "stream",
    "allow_redirects",
    "params",
    "timeout",
    "url",
];
const URL: usize = KEYWORDS.len() - 1;

/// The place of a keyword in a call; the URL has its own.
fn place<'c, 'a, 'py>(call: &'c mut Call<'a, 'py>, keyword: usize) -> &'c mut Option<&'a Bound<'py, PyAny>> {
    match keyword {
        0 => &mut call.data,
        1 => &mut call.json,
        2 => &mut call.name,
        3 => &mut call.headers,
        4 => &mut call.auth,
        5 => &mut call.context,
        6 => &mut call.catch_response,
        7 => &mut call.stream,
        8 => &mut call.allow_redirects,
        9 => &mut call.params,
        10 => &mut call.timeout,
        _ => unreachable!("the URL is not put into a place"),
    }
}

/// The strings of the tables as Python objects. Names in a caller's code are interned, so most are found by address.
struct Words {
    methods: [Py<PyAny>; VERBS.len()],
    keywords: [Py<PyString>; KEYWORDS.len()],
}

static WORDS: PyOnceLock<Words> = PyOnceLock::new();

impl Words {
    fn of(py: Python<'_>) -> &Self {
        WORDS.get_or_init(py, || Self {
            methods: VERBS.map(|verb| PyString::intern(py, verb.method).into_any().unbind()),
            keywords: KEYWORDS.map(|keyword| PyString::intern(py, keyword).unbind()),
        })
    }

    #[inline]
    fn keyword(&self, name: &Bound<'_, PyAny>) -> Option<usize> {
        let by_address = self.keywords.iter().position(|keyword| keyword.as_ptr() == name.as_ptr());
        by_address.or_else(|| self.keyword_by_text(name))
    }

    #[cold]
    fn keyword_by_text(&self, name: &Bound<'_, PyAny>) -> Option<usize> {
        let name = name.cast::<PyString>().ok()?.to_str().ok()?;
        KEYWORDS.iter().position(|keyword| *keyword == name)
    }
}

/// Puts the verbs into the class of `C`.
pub(crate) fn add<C: Client>(py: Python<'_>) -> PyResult<()> {
    let class = C::type_object(py);
    let functions: [ffi::PyCFunctionFastWithKeywords; VERBS.len()] = [
        enter::<C, 0>,
        enter::<C, 1>,
        enter::<C, 2>,
        enter::<C, 3>,
        enter::<C, 4>,
        enter::<C, 5>,
        enter::<C, 6>,
    ];
    for (verb, function) in VERBS.iter().zip(functions) {
        let definition = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: verb.name.as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: function },
            ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ml_doc: verb.doc.as_ptr(),
        }));
        // SAFETY: the definition lives for ever and its function has the form that its flags say; the class is alive.
        let method = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), definition))?
        };
        class.setattr(verb.method.to_ascii_lowercase(), method)?;
    }
    Ok(())
}

/// What the interpreter calls: `VERB` is an index into [`VERBS`].
unsafe extern "C" fn enter<C: Client, const VERB: usize>(
    slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    Python::attach(|py| {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: the method is a descriptor of the class of `C`, which refuses to be called on anything else, and
            // the caller keeps the object alive during the call.
            let client = unsafe { &*(&raw const slf).cast::<Bound<'_, C>>() };
            // SAFETY: by the calling convention `arguments` holds `positional` objects, then one for each of `names`,
            // and the caller keeps all of them alive during the call. A `Bound` is transparent: a pointer to an object.
            let (arguments, names) = unsafe {
                let names =
                    Borrowed::from_ptr_or_opt(py, names).map(|names| names.cast_unchecked::<PyTuple>());
                let count = positional.cast_unsigned() + names.map_or(0, |names| names.len());
                (slice(arguments.cast::<Bound<'_, PyAny>>(), count), names)
            };
            run::<C, VERB>(client, arguments, positional.cast_unsigned(), names)
        }));
        match outcome {
            Ok(Ok(answer)) => answer.into_ptr(),
            Ok(Err(error)) => {
                error.restore(py);
                ptr::null_mut()
            }
            Err(_) => {
                PanicException::new_err(format!("katydid panicked in a {} request", VERBS[VERB].method))
                    .restore(py);
                ptr::null_mut()
            }
        }
    })
}

/// A slice that may be empty with a null pointer.
///
/// # Safety
/// `start` points to `count` valid values for the slice's lifetime, unless `count` is 0.
unsafe fn slice<'a, T>(start: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(start, count) }
}

#[inline]
fn run<'py, C: Client, const VERB: usize>(
    client: &Bound<'py, C>,
    arguments: &[Bound<'py, PyAny>],
    positional: usize,
    names: Option<Borrowed<'_, 'py, PyTuple>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = client.py();
    let words = Words::of(py);
    let method = words.methods[VERB].bind(py);
    let mut call = Call::bare(method, arguments.first().unwrap_or(method));
    let rest = assign(&mut call, &VERBS[VERB], words, arguments, positional, names)?;
    call.rest = rest.as_ref();
    C::verb(client, &call)
}

/// Puts the arguments into their places; returns those that have none.
#[inline(never)]
fn assign<'a, 'py>(
    call: &mut Call<'a, 'py>,
    verb: &Verb,
    words: &Words,
    arguments: &'a [Bound<'py, PyAny>],
    positional: usize,
    names: Option<Borrowed<'_, 'py, PyTuple>>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    if positional > verb.leading + 1 {
        return Err(too_many(verb, positional));
    }
    let (by_position, by_name) = arguments.split_at(positional);
    let mut has_url = positional > 0;
    for (index, value) in by_position.iter().skip(1).enumerate() {
        *place(call, index) = Some(value).filter(|value| !value.is_none());
    }
    let mut rest = None;
    for (index, value) in by_name.iter().enumerate() {
        let Some(names) = names else { break };
        let name = names.get_borrowed_item(index)?;
        match words.keyword(&name) {
            Some(URL) if has_url => return Err(twice(verb, "url")),
            Some(URL) => {
                has_url = true;
                call.url = value;
            }
            Some(keyword) if keyword + 1 < positional => return Err(twice(verb, KEYWORDS[keyword])),
            Some(keyword) => *place(call, keyword) = Some(value).filter(|value| !value.is_none()),
            None => rest.get_or_insert_with(|| PyDict::new(value.py())).set_item(name, value)?,
        }
    }
    if has_url { Ok(rest) } else { Err(no_url(verb)) }
}

#[cold]
fn too_many(verb: &Verb, positional: usize) -> PyErr {
    let (name, most) = (verb.method.to_ascii_lowercase(), verb.leading + 1);
    PyTypeError::new_err(format!(
        "{name}() takes at most {most} arguments by position, {positional} were given"
    ))
}

#[cold]
fn twice(verb: &Verb, keyword: &str) -> PyErr {
    let name = verb.method.to_ascii_lowercase();
    PyTypeError::new_err(format!("{name}() got multiple values for argument '{keyword}'"))
}

#[cold]
fn no_url(verb: &Verb) -> PyErr {
    let name = verb.method.to_ascii_lowercase();
    PyTypeError::new_err(format!("{name}() missing 1 required positional argument: 'url'"))
}
