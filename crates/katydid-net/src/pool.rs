//! Which connection serves the next exchange? One pool per user, one lane per way to an origin.

use std::collections::VecDeque;

use crate::exchange::{Origin, PoolSettings, Proxy};
use crate::flight::ExchangeId;

/// The connections of one user to one origin by one way.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) origin: Origin,
    pub(crate) proxy: Option<Proxy>,
    /// Connections without an exchange, the most recently used last.
    pub(crate) idle: Vec<usize>,
    /// Connections that exist or are being opened.
    pub(crate) open: usize,
    /// Exchanges that wait for a connection, the oldest first.
    pub(crate) queue: VecDeque<ExchangeId>,
}

/// The connections of one user.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) settings: PoolSettings,
    pub(crate) lanes: Vec<Lane>,
    /// Exchanges under way.
    pub(crate) flights: usize,
    /// Rises when idle connections are dropped on request: connections of an earlier epoch are not kept.
    pub(crate) epoch: u32,
}

impl Pool {
    pub(crate) fn new(settings: PoolSettings) -> Self {
        Self { settings, lanes: Vec::new(), flights: 0, epoch: 0 }
    }

    /// The index of the lane to `origin` by `proxy`.
    pub(crate) fn lane(&mut self, origin: &Origin, proxy: Option<&Proxy>) -> usize {
        let found = self.lanes.iter().position(|lane| lane.origin == *origin && lane.proxy.as_ref() == proxy);
        found.unwrap_or_else(|| {
            self.lanes.push(Lane {
                origin: origin.clone(),
                proxy: proxy.cloned(),
                idle: Vec::new(),
                open: 0,
                queue: VecDeque::new(),
            });
            self.lanes.len() - 1
        })
    }
}
