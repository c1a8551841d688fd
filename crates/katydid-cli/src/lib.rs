//! Puts the other crates together into commands: options, output, signals, exit codes.
//!
//! Not here: logic worth a test of its own. This is the only crate that reads the environment, prints and decides with
//! which code a process ends; even so its doors return that code, and `main` is the caller's.
//!
//! Reading order: [`options`] (what can be asked for), [`native`] (a run of Rust scenarios from options to exit code),
//! `live` (what is seen while it goes on), `files` (what it leaves behind), `signals`, and
//! [`history`] (what can be done with stored runs).
//!
//! ```no_run
//! use katydid_cli::{Engine, Scenario, User};
//!
//! struct Visitor;
//!
//! impl Scenario for Visitor {
//!     fn name(&self) -> &str {
//!         "Visitor"
//!     }
//!
//!     async fn run_user(&self, user: &User) {
//!         while user.next_task().await {
//!             let _ = user.get("/items").await;
//!         }
//!     }
//! }
//!
//! std::process::exit(katydid_cli::run(Engine::new().with(Visitor), std::env::args_os()));
//! ```

mod console;
mod files;
pub mod history;
mod live;
pub mod native;
mod open_files;
pub mod options;
mod panics;
mod signals;
mod target;

pub use history::history_main;
pub use katydid_engine::{
    ClientSettings, Engine, Method, Response, Scenario, TlsSettings, User, Verify, Wait,
};
pub use native::run;
pub use target::target_main;
