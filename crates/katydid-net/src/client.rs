//! How does a Rust scenario talk HTTP? A small async client over a reactor that its thread shares.
//!
//! One client is one user: its own connections, its own cookies. Its futures run on any single-threaded executor
//! whose loop also calls `Reactor::turn` and wakes what `Reactor::pop_woken` hands out; dropping a future cancels its
//! exchange.
//!
//! What a maintainer must not break: a `GET` of an ordinary path without extra headers allocates nothing here. The
//! head is a request line and a block that was built once, written into a buffer that is used again.
//!
//! # Examples
//!
//! ```no_run
//! # use katydid_net::client::{Client, ClientSettings, Handle};
//! # async fn example(reactor: &Handle) -> Result<(), Box<dyn std::error::Error>> {
//! let settings = ClientSettings { base_url: Some("http://127.0.0.1:8080".into()), ..ClientSettings::default() };
//! let client = Client::try_new(reactor, settings)?;
//! if let Ok(response) = client.get("/items").await {
//!     println!("{}", response.status());
//! }
//! # Ok(()) }
//! ```

mod call;
mod error;
mod follow;
mod head;
mod place;
mod response;
mod sleep;
mod target;

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

pub use call::Call;
pub use error::Error;
pub use head::Method;
pub use response::Response;
pub use sleep::{Sleep, YieldNow, sleep_until, yield_now};
pub use target::BadUrl;

use crate::cookies::CookieJar;
use crate::exchange::{PoolSettings, Proxy, Timeouts};
use crate::tls::{TlsConfig, TlsSettings, Verify};
use crate::{PoolId, Reactor};
use place::Place;

/// The reactor that the futures of one thread share.
pub type Handle = Rc<RefCell<Reactor<Waker>>>;

/// What a client sends with every request and how it connects.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Put before every path, as Locust puts its host: `http://shop.example/api` makes `/items` into `/api/items`.
    pub base_url: Option<String>,
    /// Sent with every request, in this order; a header of the same name on a call takes its place.
    pub headers: Vec<(String, String)>,
    /// Time limits of every exchange.
    pub timeouts: Timeouts,
    /// At most this many connections to one origin.
    pub connections: usize,
    /// Whom to trust under `https`, and which certificate to show.
    pub tls: TlsSettings,
    /// A proxy for every request.
    pub proxy: Option<Proxy>,
    /// Follow at most this many redirects; 0 hands every answer out as it is.
    pub redirects: u32,
}

impl Default for ClientSettings {
    /// What Locust's `FastHttpUser` does: a minute for each silence, 30 redirects, compressed answers welcome. But
    /// certificates are checked.
    fn default() -> Self {
        let minute = Some(Duration::from_secs(60));
        Self {
            base_url: None,
            headers: vec![
                ("User-Agent".into(), concat!("katydid/", env!("CARGO_PKG_VERSION")).into()),
                ("Accept-Encoding".into(), "gzip, deflate, br, zstd".into()),
                ("Accept".into(), "*/*".into()),
            ],
            timeouts: Timeouts { connect: minute, network: minute },
            connections: 10,
            tls: TlsSettings::new(Verify::System),
            proxy: None,
            redirects: 30,
        }
    }
}

/// One user's HTTP client.
#[derive(Debug)]
pub struct Client {
    reactor: Handle,
    pool: PoolId,
    shared: Rc<Shared>,
    jar: RefCell<CookieJar>,
}

/// What clients of the same settings have in common.
#[derive(Debug)]
struct Shared {
    settings: ClientSettings,
    base: Option<Place>,
    tls: Option<Rc<TlsConfig>>,
    /// The head under construction; used again and again.
    buffer: RefCell<Vec<u8>>,
}

impl Client {
    /// A client on `reactor`.
    ///
    /// # Errors
    /// A base URL that is none, or not `http`/`https`; TLS settings that cannot be met, unless the base URL is plain
    /// `http`: then only what leads to `https` fails.
    pub fn try_new(reactor: &Handle, settings: ClientSettings) -> Result<Self, Error> {
        let base = match &settings.base_url {
            Some(text) => Some(Place::try_new(target::parse(text)?, &settings)?),
            None => None,
        };
        let is_plain = base.as_ref().is_some_and(|base| !base.origin.tls);
        let tls = match TlsConfig::try_new(&settings.tls) {
            Ok(config) => Some(Rc::new(config)),
            Err(_) if is_plain => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self::over(reactor, Rc::new(Shared { settings, base, tls, buffer: RefCell::default() })))
    }

    /// Another user's client with the same settings: it has its own connections and cookies.
    #[must_use]
    pub fn sibling(&self) -> Self {
        Self::over(&self.reactor, self.shared.clone())
    }

    fn over(reactor: &Handle, shared: Rc<Shared>) -> Self {
        let connections = shared.settings.connections;
        let settings = PoolSettings { size: connections, keep: connections, tls: shared.tls.clone() };
        let pool = reactor.borrow_mut().open_pool(settings);
        Self { reactor: reactor.clone(), pool, shared, jar: RefCell::default() }
    }

    /// A `GET`.
    pub fn get<'c>(&'c self, url: &'c str) -> Call<'c> {
        self.request(Method::Get, url)
    }

    /// A `HEAD`.
    pub fn head<'c>(&'c self, url: &'c str) -> Call<'c> {
        self.request(Method::Head, url)
    }

    /// A `POST`.
    pub fn post<'c>(&'c self, url: &'c str) -> Call<'c> {
        self.request(Method::Post, url)
    }

    /// A `PUT`.
    pub fn put<'c>(&'c self, url: &'c str) -> Call<'c> {
        self.request(Method::Put, url)
    }

    /// A `PATCH`.
    pub fn patch<'c>(&'c self, url: &'c str) -> Call<'c> {
        self.request(Method::Patch, url)
    }

    /// A `DELETE`.
    pub fn delete<'c>(&'c self, url: &'c str) -> Call<'c> {
        self.request(Method::Delete, url)
    }

    /// Any method; `url` is a path below the base URL or an absolute URL.
    pub fn request<'c>(&'c self, method: Method, url: &'c str) -> Call<'c> {
        Call::new(self, method, url)
    }

    /// Waits for `span`.
    pub fn sleep(&self, span: Duration) -> Sleep {
        sleep_until(&self.reactor, crate::clock::Moment::now().after(span))
    }

    /// Closes the connections that no exchange uses, as a browser does between visits.
    pub fn close_idle(&self) {
        self.reactor.borrow_mut().close_idle(self.pool);
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        self.jar.borrow_mut().clear();
    }

    /// The reactor that this client's exchanges run on.
    pub fn reactor(&self) -> &Handle {
        &self.reactor
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reactor.borrow_mut().close_pool(self.pool);
    }
}
