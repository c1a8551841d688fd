//! Runs users: their lifecycle, the run's state machine, the loop that everything happens in.
//!
//! Not here: a terminal, a web server, Python. A run speaks through [`Watch`] and through the statistics.
//!
//! Reading order: [`scenario`] (what a user does), [`user`] (what it can do), [`measured`] (how a request becomes a
//! sample), [`fault`] (what a panic becomes), [`runner`] and [`roster`] (how many users there should be, and who has to go: values without a clock),
//! [`engine`] (what a program fills in), and the loop in `run`.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use katydid_engine::{Command, Engine, Progress, RunSettings, Scenario, Steady, Target, User, Watch};
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
//! struct Quiet;
//!
//! impl Watch for Quiet {
//!     fn watch(&mut self, _progress: &Progress<'_>) -> Command {
//!         Command::Continue
//!     }
//! }
//!
//! let settings = RunSettings {
//!     host: Some("http://127.0.0.1:8080".into()),
//!     run_time: Some(Duration::from_secs(10)),
//!     ..RunSettings::new(Steady(Target { users: 10, rate: 5.0 }))
//! };
//! let stats = Engine::new().with(Visitor).run(settings, &mut Quiet)?;
//! println!("{} requests", stats.total().requests);
//! # Ok::<(), katydid_engine::Error>(())
//! ```
//!
//! Invariants: all users of a run share one thread and one reactor; there is one loop; a user that waits costs nothing.
//!
//! Accuracy of the lag meter: every answer's lag (kernel arrival until read) and every request's start lag (the end of
//! the wait before it until its actual start) go into the run's statistics with its sample. A user that computes
//! makes both visible; it does not make response times longer, which end at the kernel's arrival time.

mod cast;
mod chance;
pub mod engine;
mod error;
pub mod fault;
mod life;
pub mod measured;
mod record;
pub mod roster;
mod run;
pub mod runner;
pub mod scenario;
pub mod shape;
pub mod user;
pub mod watch;
mod words;

pub use engine::{Engine, RunSettings};
pub use error::Error;
pub use fault::Fault;
pub use katydid_net::client::{ClientSettings, Method, Response};
pub use katydid_net::tls::{TlsSettings, Verify};
pub use katydid_plan::{Stage, Stages, Target, Wait};
pub use measured::Measured;
pub use runner::State;
pub use scenario::Scenario;
pub use shape::{Shape, Steady};
pub use user::User;
pub use watch::{Command, Progress, Watch};
