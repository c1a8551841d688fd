//! The body of a request from what a task gave: bytes, text, form fields, JSON.
//!
//! Only ordinary values are dealt with; `None` means that Python has to.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PyString};

use crate::call::text;

/// A body, and what it is.
pub(crate) struct Payload<'py> {
    pub(crate) content: Content<'py>,
    pub(crate) kind: PayloadKind,
}

/// Where the bytes of a body are.
pub(crate) enum Content<'py> {
    Text(Bound<'py, PyString>),
    Bytes(Bound<'py, PyBytes>),
    Own(String),
}

/// What a body was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    Text,
    Bytes,
    Form,
    Json,
}

impl Content<'_> {
    /// The bytes on the wire: text in UTF-8.
    pub(crate) fn bytes(&self) -> PyResult<&[u8]> {
        match self {
            Self::Text(text) => Ok(text.to_str()?.as_bytes()),
            Self::Bytes(bytes) => Ok(bytes.as_bytes()),
            Self::Own(text) => Ok(text.as_bytes()),
        }
    }

    /// The body as Python shows it.
    pub(crate) fn object(&self, py: Python<'_>) -> Py<PyAny> {
        match self {
            Self::Text(text) => text.clone().into_any().unbind(),
            Self::Bytes(bytes) => bytes.clone().into_any().unbind(),
            Self::Own(text) => PyString::new(py, text).into_any().unbind(),
        }
    }
}

/// The body that `data` stands for.
pub(crate) fn from_data<'py>(data: &Bound<'py, PyAny>, expands: bool) -> Option<Payload<'py>> {
    if let Ok(text) = data.cast_exact::<PyString>() {
        text.to_str().ok()?;
        return Some(Payload { content: Content::Text(text.clone()), kind: PayloadKind::Text });
    }
    if let Ok(bytes) = data.cast_exact::<PyBytes>() {
        return Some(Payload { content: Content::Bytes(bytes.clone()), kind: PayloadKind::Bytes });
    }
    let form = form_encode(data, expands)?;
    Some(Payload { content: Content::Own(form), kind: PayloadKind::Form })
}

/// How many bytes a body has that [`Content::object`] made.
pub(crate) fn length_of(body: &Bound<'_, PyAny>) -> Option<usize> {
    match body.cast::<PyBytes>() {
        Ok(bytes) => Some(bytes.as_bytes().len()),
        Err(_) => text(body).map(str::len),
    }
}

/// The body that `json` stands for, as `encode` (one of [`encoder`]) writes it.
pub(crate) fn from_json<'py>(
    json: &Bound<'py, PyAny>,
    encode: &Bound<'py, PyAny>,
) -> PyResult<Option<Payload<'py>>> {
    let written = encode.call1((json,))?;
    let Ok(text) = written.cast_into_exact::<PyString>() else { return Ok(None) };
    Ok(Some(Payload { content: Content::Text(text), kind: PayloadKind::Json }))
}

/// `json.dumps` with its defaults; `strict`: refusing NaN, as `requests` does.
pub(crate) fn encoder(py: Python<'_>, strict: bool) -> PyResult<&Bound<'_, PyAny>> {
    static LENIENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static STRICT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let known = if strict { &STRICT } else { &LENIENT };
    let build = || {
        let options = PyDict::new(py);
        options.set_item("allow_nan", !strict)?;
        let encoder = py.import("json")?.getattr("JSONEncoder")?.call((), Some(&options))?;
        PyResult::Ok(encoder.getattr(intern!(py, "encode"))?.unbind())
    };
    known.get_or_try_init(py, build).map(|encoder| encoder.bind(py))
}

/// `urllib.parse.urlencode` of an ordinary dictionary: names and values are text or whole numbers, and with
/// `expands` also lists of them.
pub(crate) fn form_encode(data: &Bound<'_, PyAny>, expands: bool) -> Option<String> {
    let fields = data.cast_exact::<PyDict>().ok()?;
    let mut out = String::new();
    for (name, value) in fields.iter() {
        match value.cast_exact::<PyList>() {
            Ok(list) if expands => {
                for item in list.iter() {
                    write_field(&mut out, &name, &item)?;
                }
            }
            _ => write_field(&mut out, &name, &value)?,
        }
    }
    Some(out)
}

fn write_field(out: &mut String, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> Option<()> {
    if !out.is_empty() {
        out.push('&');
    }
    write_quoted(out, name)?;
    out.push('=');
    write_quoted(out, value)
}

fn write_quoted(out: &mut String, value: &Bound<'_, PyAny>) -> Option<()> {
    if let Some(text) = text(value) {
        quote(out, text);
        return Some(());
    }
    let number = value.cast_exact::<PyInt>().ok()?;
    let number: i64 = number.extract().ok()?;
    out.push_str(&number.to_string());
    Some(())
}

/// `quote_plus`: everything but letters, digits and `_.-~` is escaped, a blank is a plus.
fn quote(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                out.push(HEX[usize::from(byte >> 4)] as char);
                out.push(HEX[usize::from(byte & 15)] as char);
            }
        }
    }
}
