//! How do connections come and go? Bind, accept within limits, serve each on the server's own threads.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http;
use futures_util::FutureExt;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use katydid_stats::RunStats;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::archive::Archive;
use crate::command::Command;
use crate::desk::{Desk, Flask, Shared};
use crate::settings::Limits;
use crate::{Error, Settings, routes, tls};

/// Connections that may wait to be accepted, if the system allows as many.
const BACKLOG: u32 = 1024;

/// How long answers that are under way may take when the server stops.
const GRACE: Duration = Duration::from_millis(500);

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
    Content-Type: application/json\r\nContent-Length: 33\r\n\r\n{\"error\":\"too many connections\"}\n";

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The server: listens from the moment it is made until it is stopped or dropped.
#[derive(Debug)]
pub struct Control {
    shared: Arc<Shared>,
    direct: Router,
    address: Option<SocketAddr>,
    listening: Mutex<Option<Listening>>,
}

#[derive(Debug)]
struct Listening {
    stop: watch::Sender<bool>,
    seats: Arc<Semaphore>,
    runtime: Runtime,
}

impl Control {
    /// Binds and begins to serve.
    ///
    /// # Errors
    /// A setting that cannot work, an address that cannot be listened on, a certificate that cannot be used.
    pub fn start(settings: Settings) -> Result<Self, Error> {
        let mut control = Self::without_server(settings)?;
        let tls = control.shared.settings.tls.as_ref().map(tls::acceptor).transpose()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("katydid-control")
            .enable_all()
            .build()?;
        let listeners = {
            let _runtime = runtime.enter();
            bind(&control.shared.settings)?
        };
        let address = listeners.first().map(TcpListener::local_addr).transpose()?;
        let address = address.ok_or_else(|| Error::setting("the host has no address to listen on"))?;
        let (stop, stopped) = watch::channel(false);
        let desk = Desk { shared: Arc::clone(&control.shared), is_users_thread: false };
        let router = routes::guarded(desk);
        let limits = control.shared.settings.limits.clone();
        let seats = Arc::new(Semaphore::new(limits.connections));
        for listener in listeners {
            let (router, tls, seats) = (router.clone(), tls.clone(), Arc::clone(&seats));
            let door = Door { router, tls, seats, limits: limits.clone() };
            runtime.spawn(door.attend(listener, stopped.clone()));
        }
        control.address = Some(address);
        control.listening = Mutex::new(Some(Listening { stop, seats, runtime }));
        Ok(control)
    }

    /// A board that nobody can reach from outside: for reports of runs without a page.
    ///
    /// # Errors
    /// A setting that cannot work.
    pub fn without_server(settings: Settings) -> Result<Self, Error> {
        let shared = Arc::new(Shared::try_new(settings)?);
        let desk = Desk { shared: Arc::clone(&shared), is_users_thread: true };
        Ok(Self { shared, direct: routes::unguarded(desk), address: None, listening: Mutex::default() })
    }

    /// Where it listens; `None` when it does not.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The descriptor that is readable while commands wait.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.shared.commands.descriptor()
    }

    /// The commands that wait, oldest first.
    pub fn take(&self) -> Vec<Command> {
        self.shared.commands.take()
    }

    /// Puts a document up.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn publish(&self, name: &str, json: &[u8]) -> serde_json::Result<()> {
        self.shared.board.publish(name, json)
    }

    /// Puts the numbers of a run up, as of `now` in Unix seconds.
    pub fn publish_stats(&self, stats: &RunStats, now: f64) {
        self.shared.board.publish_stats(stats, now);
    }

    /// Has the users' thread left alone for a while, after it spent so long on publishing.
    pub fn rest(&self, spent: Duration) {
        self.shared.board.rest(spent);
    }

    /// Notes that something happened to the run, at `at` in Unix seconds.
    pub fn mark(&self, at: f64, kind: &str, text: &str) {
        self.shared.board.mark(at, kind, text);
    }

    /// Says what the Flask application answers from now on.
    pub fn use_flask(&self, flask: Flask) {
        self.shared.use_flask(flask);
    }

    /// Says which file `/stats/requests_full_history/csv` sends.
    pub fn offer_history_file(&self, path: Option<PathBuf>) {
        *self.shared.history_file.lock().unwrap_or_else(PoisonError::into_inner) = path;
    }

    /// Has the pages about stored runs made from an archive; the first one that is offered is it.
    pub fn offer_archive(&self, archive: Arc<dyn Archive>) {
        let _ = self.shared.archive.set(archive);
    }

    /// What a route that only reads answers, from what is on the board now. For the users' thread, which nobody has to
    /// wait for: status, headers, body.
    pub fn answer(&self, method: &str, target: &str) -> (u16, Vec<(String, String)>, Vec<u8>) {
        let request = http::Request::builder().method(method).uri(target).body(Body::empty());
        let Ok(request) = request else {
            return (400, Vec::new(), b"not the target of a request\n".to_vec());
        };
        // Nothing on this way waits, so that one poll brings the answer.
        let response = self.direct.clone().oneshot(request).now_or_never();
        let Some(Ok(response)) = response else { return (503, Vec::new(), Vec::new()) };
        let (head, body) = response.into_parts();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let body = axum::body::to_bytes(body, usize::MAX).now_or_never().and_then(Result::ok);
        (head.status.as_u16(), headers.collect(), body.unwrap_or_default().to_vec())
    }

    /// Ends the server: no new connections, and what is under way has a moment to end.
    pub fn stop(&self) {
        self.shared.commands.close();
        let listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.closing.send_replace(true);
        if let Some(listening) = listening {
            let connections = u32::try_from(self.shared.settings.limits.connections).unwrap_or(u32::MAX);
            listening.stop.send_replace(true);
            let all_gone = listening.seats.acquire_many(connections);
            let _ =
                listening.runtime.block_on(async { tokio::time::timeout(GRACE, all_gone).await.map(drop) });
            listening.runtime.shutdown_background();
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One listener for each address of the host. All of them share the port of the first.
fn bind(settings: &Settings) -> Result<Vec<TcpListener>, Error> {
    if settings.is_on_every_address() {
        let every = |host: [u16; 8]| SocketAddr::from((host, settings.port));
        return match listen(every([0; 8])) {
            Ok(listener) => Ok(vec![listener]),
            Err(_) => bind_all(&[SocketAddr::from(([0, 0, 0, 0], settings.port))]),
        };
    }
    let host = settings.host.trim_matches(['[', ']']);
    let addresses = (host, settings.port).to_socket_addrs();
    let addresses: Vec<SocketAddr> = addresses.map_err(|error| Error::host(host, error))?.collect();
    bind_all(&addresses)
}

fn bind_all(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Error> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in addresses {
        let mut address = *address;
        if let (0, Some(first)) = (address.port(), listeners.first()) {
            address.set_port(first.local_addr()?.port());
        }
        match listen(address) {
            Ok(listener) => listeners.push(listener),
            // A name may stand for addresses that this machine lacks, such as ::1 without IPv6.
            Err(error) if !listeners.is_empty() && error.kind() != io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(Error::address(address, error)),
        }
    }
    Ok(listeners)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What every connection comes through.
#[derive(Clone)]
struct Door {
    router: Router,
    tls: Option<TlsAcceptor>,
    seats: Arc<Semaphore>,
    limits: Limits,
}

impl Door {
    async fn attend(self, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.admit(stream, peer, stopped.clone()),
                    // Out of descriptors, most likely: others will be closed soon.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                _ = stopped.changed() => return,
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr, stopped: watch::Receiver<bool>) {
        let Ok(seat) = Arc::clone(&self.seats).try_acquire_owned() else {
            tokio::spawn(turn_away(stream));
            return;
        };
        let door = self.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            give_up_on_silence(&stream, door.limits.unread_for);
            match door.tls.clone() {
                None => door.serve(stream, peer, stopped).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) =
                        tokio::time::timeout(door.limits.head_within, tls.accept(stream)).await
                    {
                        door.serve(stream, peer, stopped).await;
                    }
                }
            }
            drop(seat);
        });
    }

    async fn serve<S>(self, stream: S, peer: SocketAddr, mut stopped: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = self.router;
        let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // Who has said all that he has to say still wants the answer.
            .half_close(true)
            .header_read_timeout(self.limits.head_within)
            .max_buf_size(self.limits.head_bytes)
            .max_headers(self.limits.headers)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        tokio::select! {
            // Whatever ends a connection ends it for its client alone.
            _ = connection.as_mut() => {}
            _ = stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }
}

/// Has the system end a connection whose client reads nothing of what waits for it.
fn give_up_on_silence(stream: &TcpStream, after: Duration) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(after));
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (stream, after);
}

async fn turn_away(mut stream: TcpStream) {
    let goodbye = async {
        let _ = stream.write_all(FULL).await;
        let _ = stream.shutdown().await;
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), goodbye).await;
}
