//! Has somebody asked the process to end? SIGINT and SIGTERM as a flag.
//!
//! What a maintainer must not break: the second signal of a kind has the system's default effect, so that a process
//! whose users compute for ever can still be ended.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

extern "C" fn note(_signal: libc::c_int) {
    ASKED.store(true, Ordering::Relaxed);
}

/// From now on the first SIGINT and the first SIGTERM only set the flag.
pub(crate) fn listen() {
    ASKED.store(false, Ordering::Relaxed);
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: a zeroed `sigaction` is a valid value of this plain C struct: no flags, an empty mask.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = note as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESETHAND;
        // SAFETY: `action` is initialised and lives through the call; the handler only stores to an atomic, which is
        // allowed in a signal handler; the old action is not asked for.
        unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    }
}

/// Has a signal arrived since [`listen`]?
pub(crate) fn asked_to_end() -> bool {
    ASKED.load(Ordering::Relaxed)
}
