//! Who wants to know how late a sleep ended? The generator's own delay before a task goes on.

use std::cell::RefCell;

type Listener = Box<dyn FnMut(u64)>;

thread_local! {
    static START_LAG: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Notes that a sleeping greenlet was resumed `late_ns` nanoseconds after its time.
#[inline]
pub(crate) fn note_start_lag(late_ns: u64) {
    START_LAG.with_borrow_mut(|listener| {
        if let Some(listener) = listener {
            listener(late_ns);
        }
    });
}

/// Makes `listener` the one that is told; `None`: nobody is. It must not run Python code.
pub(crate) fn listen_to_start_lag(listener: Option<Listener>) {
    START_LAG.set(listener);
}
