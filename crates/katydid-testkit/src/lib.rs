//! What the tests of several crates share: certificates to order. Never part of a shipped program.

pub mod certificates;
