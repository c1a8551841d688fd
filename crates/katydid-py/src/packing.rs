//! Python's values as msgpack and back, as Locust's nodes send them: dates and MongoDB's ids are maps that say so.

use katydid_cluster::pack::{Malformed, Packed, Reader, Token, Writer};
use pyo3::exceptions::{PyOverflowError, PyRecursionError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Dates are written like this.
const DATE_FORMAT: &str = "%Y%m%dT%H:%M:%S.%f";

/// Deeper values are refused by the other side.
const MAX_DEPTH: usize = katydid_cluster::pack::MAX_DEPTH;

/// A value as msgpack.
pub(crate) fn pack(value: &Bound<'_, PyAny>) -> PyResult<Packed> {
    let mut writer = Writer::new();
    write(&mut writer, value, 0)?;
    Packed::try_new(&writer.into_bytes()).map_err(unreadable)
}

/// A mapping as msgpack, without those of its pairs that cannot be sent.
pub(crate) fn pack_what_can_be(values: &Bound<'_, PyDict>) -> PyResult<Packed> {
    let pairs: Vec<Packed> = values
        .iter()
        .filter_map(|(key, value)| Some([pack(&key).ok()?, pack(&value).ok()?]))
        .flatten()
        .collect();
    let mut writer = Writer::new();
    writer.map(pairs.len() / 2);
    for value in &pairs {
        writer.packed(value);
    }
    Packed::try_new(&writer.into_bytes()).map_err(unreadable)
}

fn unreadable(malformed: Malformed) -> PyErr {
    PyValueError::new_err(format!("this cannot be sent: {malformed}"))
}

fn write(writer: &mut Writer, value: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
    if depth > MAX_DEPTH {
        return Err(PyRecursionError::new_err(format!(
            "nested more than {MAX_DEPTH} deep: this cannot be sent"
        )));
    }
    if value.is_none() {
        writer.nil();
    } else if let Ok(value) = value.cast::<PyBool>() {
        writer.bool(value.is_true());
    } else if let Ok(value) = value.cast::<PyInt>() {
        write_int(writer, value)?;
    } else if let Ok(value) = value.cast::<PyFloat>() {
        writer.float(value.value());
    } else if let Ok(value) = value.cast::<PyString>() {
        writer.text(value.to_str()?);
    } else if let Ok(value) = value.cast::<PyBytes>() {
        writer.bytes(value.as_bytes());
    } else if let Ok(value) = value.cast::<PyByteArray>() {
        writer.bytes(&value.to_vec());
    } else if let Ok(value) = value.cast::<PyList>() {
        writer.array(value.len());
        value.iter().try_for_each(|item| write(writer, &item, depth + 1))?;
    } else if let Ok(value) = value.cast::<PyTuple>() {
        writer.array(value.len());
        value.iter().try_for_each(|item| write(writer, &item, depth + 1))?;
    } else if let Ok(value) = value.cast::<PyDict>() {
        writer.map(value.len());
        for (key, value) in value {
            write(writer, &key, depth + 1)?;
            write(writer, &value, depth + 1)?;
        }
    } else {
        write_object(writer, value)?;
    }
    Ok(())
}

fn write_int(writer: &mut Writer, value: &Bound<'_, PyInt>) -> PyResult<()> {
    if let Ok(value) = value.extract::<i64>() {
        writer.int(value);
        return Ok(());
    }
    let value = value
        .extract::<u64>()
        .map_err(|_| PyOverflowError::new_err("a number of more than 64 bits cannot be sent"))?;
    writer.uint(value);
    Ok(())
}

fn write_object(writer: &mut Writer, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let kind = value.get_type();
    let is_date = value.is_instance(&value.py().import("datetime")?.getattr("datetime")?)?;
    if is_date {
        let text: String = value.call_method1("strftime", (DATE_FORMAT,))?.extract()?;
        writer.map(2).text("__datetime__").bool(true).text("as_str").text(&text);
        return Ok(());
    }
    if kind.name()?.to_str()? == "ObjectId" {
        writer.map(2).text("__ObjectId__").bool(true).text("as_str").text(value.str()?.to_str()?);
        return Ok(());
    }
    Err(PyTypeError::new_err(format!("can not serialize '{}' object", kind.fully_qualified_name()?)))
}

/// The value that msgpack stands for.
pub(crate) fn unpack<'py>(py: Python<'py>, packed: &Packed) -> PyResult<Bound<'py, PyAny>> {
    read(py, &mut packed.reader())
}

fn read<'py>(py: Python<'py>, reader: &mut Reader<'_>) -> PyResult<Bound<'py, PyAny>> {
    let token = reader.token().map_err(unreadable)?;
    Ok(match token {
        Token::Nil => py.None().into_bound(py),
        Token::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Token::Int(value) => value.into_pyobject(py)?.into_any(),
        Token::Uint(value) => value.into_pyobject(py)?.into_any(),
        Token::Float(value) => value.into_pyobject(py)?.into_any(),
        Token::Text(text) => PyString::new(py, text).into_any(),
        Token::Bytes(bytes) | Token::Extension(_, bytes) => PyBytes::new(py, bytes).into_any(),
        Token::Array(count) => {
            let items = (0..count).map(|_| read(py, reader)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        Token::Map(count) => {
            let map = PyDict::new(py);
            for _ in 0..count {
                let key = read(py, reader)?;
                map.set_item(key, read(py, reader)?)?;
            }
            as_object(map)?
        }
    })
}

/// A map that says that it is something else.
fn as_object(map: Bound<'_, PyDict>) -> PyResult<Bound<'_, PyAny>> {
    let py = map.py();
    let Some(text) = map.get_item("as_str")? else { return Ok(map.into_any()) };
    if map.contains("__datetime__")? {
        return py.import("datetime")?.getattr("datetime")?.call_method1("strptime", (text, DATE_FORMAT));
    }
    if map.contains("__ObjectId__")? {
        // Without the library it stays a map.
        let Ok(bson) = py.import("bson") else { return Ok(map.into_any()) };
        return bson.getattr("ObjectId")?.call1((text,));
    }
    Ok(map.into_any())
}
