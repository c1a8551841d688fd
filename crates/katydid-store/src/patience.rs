//! How long may a database keep somebody waiting? Not for ever: neither the end of a run nor a signal may depend on it.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use katydid_net::signals;

use crate::error::{Error, Result};

/// Does `work` on a thread of its own and waits for it until `limit` has passed; then the thread is left to itself.
///
/// # Errors
/// Those of `work`; it took longer; the system gives no thread.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// assert_eq!(katydid_store::within(Duration::from_secs(60), || Ok(7)), Ok(7));
/// ```
pub fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (done, result) = sync_channel(1);
    // Nobody listens any more when the limit has passed.
    signals::spawn("katydid-store-ask", move || drop(done.send(work())))
        .map_err(|error| Error::database(format!("no thread for the store: {error}")))?;
    result.recv_timeout(limit).unwrap_or_else(|reason| {
        Err(match reason {
            RecvTimeoutError::Timeout => {
                Error::database(format!("the store gave no answer for {} s", limit.as_secs_f64()))
            }
            RecvTimeoutError::Disconnected => {
                Error::broken("a thread of the store ended by a bug of katydid")
            }
        })
    })
}
