//! What does `/api/v1` answer? Our own words, units in the names, `null` for what does not exist.

pub(crate) mod entry;
pub(crate) mod events;
pub(crate) mod openapi;
mod read;
pub(crate) mod rendered;
mod schemas;

pub(crate) use events::events;
pub(crate) use openapi::openapi;
pub(crate) use read::*;
