//! Who wants to know how late a sleep ended? The generator's own delay before a task goes on.

use std::cell::RefCell;

/// Says whether it still wants to be told.
type Listener = Box<dyn FnMut(u64) -> bool>;

thread_local! {
    static START_LAG: RefCell<Vec<Listener>> = const { RefCell::new(Vec::new()) };
}

/// Notes that a sleeping greenlet was resumed `late_ns` nanoseconds after its time.
#[inline]
pub(crate) fn note_start_lag(late_ns: u64) {
    START_LAG.with_borrow_mut(|listeners| listeners.retain_mut(|listener| listener(late_ns)));
}

/// Has `listener` told too, from now on. It must not run Python code.
pub(crate) fn listen_to_start_lag(listener: Listener) {
    START_LAG.with_borrow_mut(|listeners| listeners.push(listener));
}
