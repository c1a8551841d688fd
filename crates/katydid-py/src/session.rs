//! What both clients keep natively: where they go, what they always send, and over which connections.

use std::sync::Arc;
use std::time::Duration;

use katydid_net::tls::TlsSettings;
use katydid_net::{PoolId, Proxy, Timeouts};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::attached::Attached;
use crate::call;
use crate::head::{self, Block};
use crate::hub::Hub;
use crate::site::Site;
use crate::transport::ConnectionPool;
use crate::versioned::Versioned;

/// Native state of a session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) base_url: Py<PyAny>,
    pub(crate) site: Option<Arc<Site>>,
    pub(crate) request_event: Py<PyAny>,
    pub(crate) user: Py<PyAny>,
    /// The user has a `context` method of its own.
    pub(crate) has_context: bool,
    headers: Watched,
    block: Option<Arc<Block>>,
    cookies: Watched,
    cookie_line: Option<CookieLine>,
    pub(crate) timeouts: Timeouts,
    pub(crate) proxy: Option<Arc<Proxy>>,
    pub(crate) tls: TlsSettings,
    pub(crate) pool: Py<ConnectionPool>,
}

/// An object of the user's whose changes are counted, if it is of the kind that counts them.
#[derive(Debug)]
struct Watched {
    object: Py<PyAny>,
    versioned: Option<Py<Versioned>>,
}

/// The `Cookie` value for every request to the session's own site.
#[derive(Debug)]
struct CookieLine {
    version: u64,
    value: Option<Arc<str>>,
}

/// What a session adds to the head of a request.
#[derive(Clone, Debug)]
pub(crate) struct Dress {
    pub(crate) site: Arc<Site>,
    pub(crate) block: Arc<Block>,
    pub(crate) cookies: Option<Arc<str>>,
}

/// What a request takes from its session.
pub(crate) struct Outfit {
    pub(crate) dress: Dress,
    pub(crate) timeouts: Timeouts,
    pub(crate) proxy: Option<Arc<Proxy>>,
    pub(crate) pool: PoolId,
}

impl Watched {
    fn new(object: Bound<'_, PyAny>) -> Self {
        let versioned = object.cast::<Versioned>().ok().map(|versioned| versioned.clone().unbind());
        Self { object: object.unbind(), versioned }
    }

    fn none(py: Python<'_>) -> Self {
        Self { object: py.None(), versioned: None }
    }

    #[inline]
    fn version(&self) -> Option<u64> {
        self.versioned.as_ref().map(|versioned| versioned.get().version())
    }
}

impl Session {
    pub(crate) fn new(py: Python<'_>, pool: Py<ConnectionPool>) -> Self {
        Self {
            base_url: py.None(),
            site: None,
            request_event: py.None(),
            user: py.None(),
            has_context: false,
            headers: Watched::none(py),
            block: None,
            cookies: Watched::none(py),
            cookie_line: None,
            timeouts: Timeouts::default(),
            proxy: None,
            tls: TlsSettings::new(katydid_net::tls::Verify::None),
            pool,
        }
    }
}

impl Session {
    /// Shows the garbage collector what the session refers to.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.user)?;
        visit.call(&self.request_event)?;
        visit.call(&self.headers.object)?;
        visit.call(&self.headers.versioned)?;
        visit.call(&self.cookies.object)?;
        visit.call(&self.cookies.versioned)?;
        visit.call(&self.pool)
    }
}

/// Breaks the cycles that a session is part of: the user that it belongs to, and the event that knows the run.
pub(crate) fn clear(session: &Attached<Session>, py: Python<'_>) {
    let none = (py.None(), py.None());
    let old = session.with(py, |session| {
        (std::mem::replace(&mut session.user, none.0), std::mem::replace(&mut session.request_event, none.1))
    });
    drop(old);
}

/// The outfit for a request to the session's own site. `None` where something about the session needs Python: a base
/// URL out of the ordinary, headers or cookies that do not count their changes, a cookie that is not for every path.
#[inline]
pub(crate) fn outfit(
    client: &Bound<'_, PyAny>,
    session: &Attached<Session>,
    hub: &'static Hub,
) -> PyResult<Option<Outfit>> {
    let py = client.py();
    loop {
        let step = session.with(py, |session| session.try_outfit(py, hub))?;
        match step {
            Step::Ready(outfit) => return Ok(Some(outfit)),
            Step::Never => return Ok(None),
            Step::Headers(version) => {
                let headers = session.with(py, |session| session.headers.object.clone_ref(py));
                let Some(block) = Block::build(headers.bind(py), version)? else { return Ok(None) };
                let block = Some(Arc::new(block));
                session.with(py, |session| session.block = block);
            }
            Step::Cookies(version, site) => {
                let value = client.call_method1(intern!(py, "_cookie_line"), (&*site.root,))?;
                let (value, is_lasting): (Bound<'_, PyAny>, bool) = value.extract()?;
                if !is_lasting {
                    return Ok(None);
                }
                let value = if value.is_none() {
                    None
                } else {
                    // What could end the line, or is not ASCII: the way through Python judges it.
                    let Some(text) = call::text(&value).filter(|text| head::is_sendable("Cookie", text))
                    else {
                        return Ok(None);
                    };
                    Some(Arc::from(text))
                };
                session.with(py, |session| session.cookie_line = Some(CookieLine { version, value }));
            }
        }
    }
}

enum Step {
    Ready(Outfit),
    Never,
    /// The block of this version has to be built.
    Headers(u64),
    /// The cookies of this version have to be looked at.
    Cookies(u64, Arc<Site>),
}

impl Session {
    #[inline]
    fn try_outfit(&mut self, py: Python<'_>, hub: &'static Hub) -> PyResult<Step> {
        let Some(site) = &self.site else { return Ok(Step::Never) };
        let Some(version) = self.headers.version() else { return Ok(Step::Never) };
        let block = match &self.block {
            Some(block) if block.version == version => block.clone(),
            _ => return Ok(Step::Headers(version)),
        };
        let cookies = match (self.cookies.version(), &self.cookie_line) {
            (None, _) => return Ok(Step::Never),
            (Some(0), _) => None,
            (Some(version), Some(line)) if line.version == version => line.value.clone(),
            (Some(version), _) => return Ok(Step::Cookies(version, site.clone())),
        };
        let tls = site.origin.tls.then_some(&self.tls);
        // A certificate file that is missing, or the wrong thread: the way through Python says so in known words.
        let Ok(pool) = self.pool.get().transport.with(py, |transport| transport.pool(hub, tls)) else {
            return Ok(Step::Never);
        };
        Ok(Step::Ready(Outfit {
            dress: Dress { site: site.clone(), block, cookies },
            timeouts: self.timeouts,
            proxy: self.proxy.clone(),
            pool,
        }))
    }
}

/// Setters that both clients share. Replaced objects are dropped outside of the borrow.
pub(crate) fn set_base_url(session: &Attached<Session>, value: &Bound<'_, PyAny>) {
    let site = call::text(value).and_then(Site::parse).map(Arc::new);
    let old = session.with(value.py(), |session| {
        session.site = site;
        session.cookie_line = None;
        std::mem::replace(&mut session.base_url, value.clone().unbind())
    });
    drop(old);
}

pub(crate) fn set_request_event(session: &Attached<Session>, value: &Bound<'_, PyAny>) {
    let event = value.clone().unbind();
    drop(session.with(value.py(), |session| std::mem::replace(&mut session.request_event, event)));
}

/// Sets the user, and finds out whether its class has a `context` of its own.
pub(crate) fn set_user(session: &Attached<Session>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = value.py();
    let has_context = match value.get_type().getattr_opt(intern!(py, "context"))? {
        None => false,
        Some(context) => {
            let name = context.getattr_opt(intern!(py, "__qualname__"))?;
            let module = context.getattr_opt(intern!(py, "__module__"))?;
            let is = |value: Option<Bound<'_, PyAny>>, known: &str| {
                value.is_some_and(|value| call::text(&value).is_some_and(|text| text == known))
            };
            !(is(name, "User.context") && is(module, "katydid.locust.user.users"))
        }
    };
    let user = value.clone().unbind();
    let old = session.with(py, |session| {
        session.has_context = has_context;
        std::mem::replace(&mut session.user, user)
    });
    drop(old);
    Ok(())
}

pub(crate) fn set_headers(session: &Attached<Session>, value: &Bound<'_, PyAny>) {
    let watched = Watched::new(value.clone());
    let old = session.with(value.py(), |session| {
        session.block = None;
        std::mem::replace(&mut session.headers, watched)
    });
    drop(old);
}

pub(crate) fn set_cookies(session: &Attached<Session>, value: &Bound<'_, PyAny>) {
    let watched = Watched::new(value.clone());
    let old = session.with(value.py(), |session| {
        session.cookie_line = None;
        std::mem::replace(&mut session.cookies, watched)
    });
    drop(old);
}

pub(crate) fn headers(session: &Attached<Session>, py: Python<'_>) -> Py<PyAny> {
    session.with(py, |session| session.headers.object.clone_ref(py))
}

pub(crate) fn cookies(session: &Attached<Session>, py: Python<'_>) -> Py<PyAny> {
    session.with(py, |session| session.cookies.object.clone_ref(py))
}

/// Seconds as a limit; `None`, and what is no length of time, means none.
pub(crate) fn limit(seconds: Option<f64>) -> Option<Duration> {
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

/// The user's context for one request: what the user class adds to every request, then what the call adds.
#[inline]
pub(crate) fn context<'py>(
    session: &Attached<Session>,
    own: Option<&Bound<'py, PyAny>>,
    py: Python<'py>,
) -> PyResult<Option<Py<PyAny>>> {
    let user = session.with(py, |session| session.has_context.then(|| session.user.clone_ref(py)));
    let Some(user) = user else { return Ok(own.map(|own| own.clone().unbind())) };
    let merged = PyDict::new(py);
    merged.update(user.bind(py).call_method0(intern!(py, "context"))?.cast()?)?;
    if let Some(own) = own {
        merged.update(own.cast()?)?;
    }
    Ok(Some(merged.into_any().unbind()))
}

/// Whether a class still has the methods that the native path replaces. Looked up once for each state of the class.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    checked: Option<(usize, u32, bool)>,
}

impl Inherited {
    /// Nothing was looked up yet.
    pub(crate) const fn unknown() -> Self {
        Self { checked: None }
    }

    /// Whether none of `names` means something else on the client's class (or on the client itself) than on the
    /// class that `_native_methods` names.
    #[inline]
    pub(crate) fn holds(
        known: &Attached<Self>,
        client: &Bound<'_, PyAny>,
        names: &[&Bound<'_, PyString>],
    ) -> PyResult<bool> {
        let py = client.py();
        let class = client.get_type();
        let pointer = class.as_type_ptr();
        // SAFETY: the type object is alive as long as `class` is; the field is a plain integer.
        let version = unsafe { (*pointer).tp_version_tag };
        let checked = known.with(py, |known| known.checked);
        let holds = match checked {
            Some((address, tag, holds)) if address == pointer as usize && tag == version && version != 0 => {
                holds
            }
            _ => {
                let holds = compare(client, names)?;
                // SAFETY: as above; the look-ups may have given the type a new version.
                let version = unsafe { (*pointer).tp_version_tag };
                known.with(py, |known| known.checked = Some((pointer as usize, version, holds)));
                holds
            }
        };
        Ok(holds && !is_patched(client, names)?)
    }
}

#[cold]
fn compare(client: &Bound<'_, PyAny>, names: &[&Bound<'_, PyString>]) -> PyResult<bool> {
    let py = client.py();
    let class = client.get_type();
    let Some(originals) = class.getattr_opt(intern!(py, "_native_methods"))? else { return Ok(false) };
    for name in names {
        if !class.getattr(*name)?.is(originals.get_item(*name)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the client object itself has one of the methods in its dictionary.
#[inline]
fn is_patched(client: &Bound<'_, PyAny>, names: &[&Bound<'_, PyString>]) -> PyResult<bool> {
    // SAFETY: the object is alive and its type has a dictionary; the function returns a new reference or null with an
    // error set.
    let dict = unsafe {
        let dict = pyo3::ffi::PyObject_GenericGetDict(client.as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(client.py(), dict)?.cast_into_unchecked::<PyDict>()
    };
    for name in names {
        if dict.contains(*name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `(connect, read)` limits from a `timeout` argument of `requests`; `None` if it is something else.
pub(crate) fn timeouts(timeout: &Bound<'_, PyAny>) -> Option<Timeouts> {
    let seconds = |value: &Bound<'_, PyAny>| -> Option<Option<Duration>> {
        if value.is_none() {
            return Some(None);
        }
        let seconds: f64 = value.extract().ok()?;
        (seconds > 0.0).then(|| limit(Some(seconds)))
    };
    if let Ok(pair) = timeout.cast_exact::<PyTuple>() {
        let (connect, network) = (pair.get_item(0).ok()?, pair.get_item(1).ok()?);
        return (pair.len() == 2)
            .then_some(Timeouts { connect: seconds(&connect)?, network: seconds(&network)? });
    }
    let both = seconds(timeout)?;
    Some(Timeouts { connect: both, network: both })
}
