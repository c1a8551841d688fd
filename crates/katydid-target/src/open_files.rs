//! May the process hold ten thousand connections? Not under the usual soft limit of 1,024 descriptors.

/// Raises the soft limit of open files to the hard one, as far as the system lets us; less is no reason to stop.
pub(crate) fn raise_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a live, writable `rlimit`, which is all that getrlimit writes to.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is a live, initialised `rlimit`, which setrlimit only reads; a refusal changes nothing.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
}
