//! What did a request look like on the wire? Known afterwards, for those who keep a failed exchange.
//!
//! What a maintainer must not break: a response only points to what the head was written from; nothing is copied or
//! formatted for a request that nobody looks at.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::{Kind, Sent, fields};
use crate::payload::PayloadKind;
use crate::session::Dress;
use crate::{fast, plain};

/// A URL, and the header fields of the request that went there.
pub(super) type Seen<'py> = (Bound<'py, PyAny>, Bound<'py, PyList>);

/// How a request went over the wire, for those who look at it afterwards.
#[derive(Debug)]
pub(crate) enum Wire {
    /// An ordinary one: what its head was written from, besides method and headers of the call.
    Ordinary { dress: Dress, kind: Option<PayloadKind>, auth: Option<String> },
    /// A head of Python's, and the URL that it was written for.
    Written { url: Py<PyAny>, head: Py<PyBytes> },
}

impl Wire {
    pub(super) fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Ordinary { dress, kind, auth } => {
                Self::Ordinary { dress: dress.clone(), kind: *kind, auth: auth.clone() }
            }
            Self::Written { url, head } => Self::Written { url: url.clone_ref(py), head: head.clone_ref(py) },
        }
    }
}

/// The last request of `sent`, of a client of this kind; `None` where that is not known here.
#[cold]
pub(super) fn seen<'py>(py: Python<'py>, client: Kind, sent: &Sent) -> PyResult<Option<Seen<'py>>> {
    match &sent.wire {
        None => Ok(None),
        Some(Wire::Written { url, head }) => Ok(Some((url.bind(py).clone(), fields(py, head.as_bytes(py))?))),
        Some(Wire::Ordinary { dress, kind, auth }) => {
            let (headers, payload) = (sent.headers.as_ref(), sent.payload.as_ref());
            let (headers, payload) = (headers.map(|it| it.bind(py)), payload.map(|it| it.bind(py)));
            let head = match client {
                Kind::Fast => fast::head_again(dress, *kind, headers, payload),
                Kind::Http => {
                    let method = sent.method.bind(py).str()?;
                    let (method, auth) = (method.to_string_lossy(), auth.as_deref());
                    plain::head_again(dress, &method, *kind, auth, headers, payload)
                }
            };
            let Some(head) = head else { return Ok(None) };
            Ok(Some((sent.url.text(py)?, fields(py, &head)?)))
        }
    }
}
