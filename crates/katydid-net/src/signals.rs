//! Who hears a signal? The threads of the program around this crate, and never one that works for them.
//!
//! The kernel may hand a signal of the process to any thread that takes it. CPython 3.11 forgets to look at one that
//! another than its main thread took, until the main thread waits for something: a task that computes without a pause
//! could not be interrupted.

use std::io;
use std::mem::MaybeUninit;
use std::thread::{self, JoinHandle};

/// What a thread does to itself: whoever handles such a signal is to hear it.
const FAULTS: [libc::c_int; 6] =
    [libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGSEGV, libc::SIGTRAP];

/// Begins a thread with a name that takes no signals of the process.
///
/// # Errors
/// The system gives no thread.
///
/// # Examples
/// ```
/// let worker = katydid_net::signals::spawn("worker", || 7)?;
/// assert_eq!(worker.join().ok(), Some(7));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    without(|| thread::Builder::new().name(name.into()).spawn(work))
}

/// Does `work` so that threads which begin in it take no signals of the process, nor their own threads.
pub fn without<R>(work: impl FnOnce() -> R) -> R {
    let _blocked = Blocked::new();
    work()
}

/// This thread takes no signals while this lives. A thread inherits what the one that begins it takes.
struct Blocked {
    before: libc::sigset_t,
}

impl Blocked {
    fn new() -> Self {
        let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: `sigfillset` initialises the set that it gets, of which `sigdelset` takes signals that there are, and
        // `pthread_sigmask` the second one; none fails with these arguments, and all only touch what is this thread's.
        let before = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            for fault in FAULTS {
                libc::sigdelset(all.as_mut_ptr(), fault);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            before.assume_init()
        };
        Self { before }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: `before` is the mask that this thread had; the present one is not asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(signal: libc::c_int) -> bool {
        let mut mask = MaybeUninit::uninit();
        // SAFETY: without a new mask the call only writes the present one, which is then initialised.
        unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), mask.as_mut_ptr());
            libc::sigismember(mask.as_ptr(), signal) == 0
        }
    }

    fn takes_interrupts() -> bool {
        assert!(takes(libc::SIGSEGV), "a fault is always told");
        takes(libc::SIGINT)
    }

    #[test]
    fn only_threads_that_begin_inside_take_no_signals() {
        let look = || [takes_interrupts(), without(takes_interrupts), takes_interrupts()];
        let (inside, outside) = (spawn("inside", look).expect("a thread"), thread::spawn(look));
        assert_eq!(inside.join().expect("no panic"), [false; 3]);
        assert_eq!(outside.join().expect("no panic"), [true, false, true]);
        assert!(takes_interrupts());
    }
}
