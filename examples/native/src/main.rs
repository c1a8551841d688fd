//! A Rust scenario: users who list items three times as often as they look at one.

use katydid_cli::{Engine, Scenario, User};

/// Someone who browses without a pause.
struct Visitor;

impl Scenario for Visitor {
    fn name(&self) -> &str {
        "Visitor"
    }

    async fn run_user(&self, user: &User) {
        while user.next_task().await {
            // Failures are in the statistics already; this user goes on whatever the answer is.
            let _ = match user.pick(&[3, 1]) {
                0 => user.get("/items").await,
                _ => user.get("/items/7").name("/items/[id]").await,
            };
        }
    }
}

fn main() {
    std::process::exit(katydid_cli::run(Engine::new().with(Visitor), std::env::args_os()));
}
