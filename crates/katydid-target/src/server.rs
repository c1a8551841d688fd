//! How does a practice server come and go? Bind, say so in one line, serve until a signal, finish what is under way.

use crate::wire::{Door, Fate};
use crate::{Args, Error, Kind, Setup, agent, gateway, llm, mcp, open_files, rules, shop};
use axum::Router;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long answers that are under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Connections that may wait to be accepted, if the system allows as many.
const BACKLOG: u32 = 8192;

/// Runs the servers until SIGINT or SIGTERM.
///
/// Prints one line for each server once all of them are ready: `listening on http://127.0.0.1:8000 (shop)`.
///
/// # Errors
///
/// When an option does not fit the server, or an address cannot be listened on.
pub fn run(args: Args) -> Result<(), Error> {
    open_files::raise_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::system(format!("cannot start the server's threads: {error}"), error))?;
    let outcome = runtime.block_on(serve(args));
    runtime.shutdown_background(); // streams without an end are cut here
    outcome
}

async fn serve(args: Args) -> Result<(), Error> {
    let kinds = args.kind.servers();
    let setup = Setup { seed: args.seed, tokens: args.token.clone(), laws: args.latency.clone() };
    setup.check(&kinds)?;
    let mut signals = Signals::new()?;
    let mut listeners = Vec::new();
    for (i, &kind) in kinds.iter().enumerate() {
        listeners.push((kind, bind(args.host, port(&args, kind, i)?)?));
    }
    let (stop, stopped) = watch::channel(());
    let mut servers = JoinSet::new();
    for (kind, listener) in listeners {
        announce(kind, &listener);
        servers.spawn(attend(rules::guard(router(kind, &setup), &args), listener, stopped.clone()));
    }
    signals.next().await;
    drop(stop);
    tokio::select! {
        _ = servers.join_all() => {}
        () = tokio::time::sleep(GRACE) => {}
        () = signals.next() => {}
    }
    Ok(())
}

fn router(kind: Kind, setup: &Setup) -> Router {
    match kind {
        Kind::Shop => shop::router(),
        Kind::Agent => agent::router(setup),
        Kind::Gateway => gateway::router(setup),
        Kind::Mcp => mcp::router(setup),
        Kind::Llm => llm::router(setup),
        Kind::All => unreachable!("`all` is spelled out before a server is made"),
    }
}

/// Serves until `stopped` loses its sender, then lets the answers under way finish.
async fn attend(router: Router, listener: TcpListener, mut stopped: watch::Receiver<()>) {
    let service = router.into_make_service_with_connect_info::<Fate>();
    let signal = async move { while stopped.changed().await.is_ok() {} };
    // the error type is kept for later by axum: serving a bound listener does not fail
    let _ = axum::serve(Door(listener), service).with_graceful_shutdown(signal).await;
}

/// The port of server number `i`.
fn port(args: &Args, kind: Kind, i: usize) -> Result<u16, Error> {
    match args.port {
        None => Ok(kind.default_port()),
        Some(0) => Ok(0),
        Some(first) => u16::try_from(usize::from(first) + i).map_err(|_| {
            Error::usage(format!("--port {first} leaves no room for all servers; take a lower one"))
        }),
    }
}

fn bind(host: IpAddr, port: u16) -> Result<TcpListener, Error> {
    let address = SocketAddr::new(host, port);
    let listen = || {
        let socket = if host.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error| {
        let advice = "give another --port, or --port 0 for a free one";
        Error::system(format!("cannot listen on {address}: {error}; {advice}"), error)
    })
}

/// Says that a server is ready. Nobody may be reading, which is no reason to stop.
fn announce(kind: Kind, listener: &TcpListener) {
    if let Ok(address) = listener.local_addr() {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "listening on http://{address} ({})", kind.name());
        let _ = out.flush();
    }
}

/// The signals that end a server.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self, Error> {
        let watch = |kind| {
            signal(kind).map_err(|error| Error::system(format!("cannot watch for signals: {error}"), error))
        };
        Ok(Self { interrupt: watch(SignalKind::interrupt())?, terminate: watch(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
