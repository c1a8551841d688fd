//! The page's server: Locust's routes, `/api/v1`, a live stream and the page, on threads of its own.
//!
//! Not here: users, scheduling, Python. The users' thread *publishes* numbers and documents on a [`Board`], from which
//! every answer is made; what changes the run goes to it as a [`Command`](command::Command) with a way to reply. So a task
//! that computes for seconds delays commands and nothing else.
//!
//! Reading order: [`settings`], [`command`] and [`board`] (the two ways between the threads), [`measured`], [`heat`] and
//! [`history`] (what is on the board), `desk` (what a handler works with), `routes` (the table of them all), then their
//! answers, [`archive`] (stored runs) and [`server`] (connections).
//!
//! ```
//! use katydid_control::{Control, Settings};
//!
//! let control = Control::without_server(Settings::default())?;
//! control.publish("run", br#"{"state": "ready"}"#)?;
//! let (status, _headers, _body) = control.answer("GET", "/api/v1/run");
//! assert_eq!(status, 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Invariants: no thread of the server waits for the users' thread without a limit, and none of them ever touches Python;
//! every bound (connections, heads, bodies, commands, history) is a constant with a name.

mod answer;
mod api;
pub mod archive;
pub mod board;
pub mod command;
mod credentials;
mod desk;
mod error;
mod flask;
mod guard;
pub mod heat;
pub mod history;
mod incoming;
mod locust;
pub mod measured;
pub mod metrics;
mod orders;
mod origin;
pub mod page;
mod routes;
pub mod server;
pub mod settings;
mod tls;

pub use archive::Archive;
pub use board::Board;
pub use desk::Flask;
pub use error::Error;
pub use server::Control;
pub use settings::Settings;
