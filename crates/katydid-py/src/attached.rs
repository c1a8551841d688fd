//! State of a Python object that changes through a shared reference.

use std::cell::{Ref, RefCell};

use pyo3::Python;

/// A value that only threads attached to the interpreter touch, one after the other.
///
/// What a maintainer must not break: the closures given to [`Attached::with`] run no Python code, and that includes
/// dropping the last reference to a Python object. Take such values out and drop them afterwards.
#[derive(Debug, Default)]
pub(crate) struct Attached<T>(RefCell<T>);

// SAFETY: the only access is `with`, which asks for a `Python` token. The module is declared with `gil_used`, so at
// most one thread holds a token at a time, and since closures run no Python code, the lock cannot change hands
// inside one.
unsafe impl<T: Send> Sync for Attached<T> {}

impl<T> Attached<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    /// The value for the garbage collector, which comes without a token; `None` while somebody else looks at it.
    pub(crate) fn for_collector(&self) -> Option<Ref<'_, T>> {
        self.0.try_borrow().ok()
    }

    /// Calls `use_it` with the value.
    #[inline]
    pub(crate) fn with<R>(&self, _attached: Python<'_>, use_it: impl FnOnce(&mut T) -> R) -> R {
        use_it(&mut self.0.borrow_mut())
    }
}
