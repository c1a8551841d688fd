//! A users' thread that computes keeps nobody waiting.

use std::time::{Duration, Instant};

use katydid_control::Settings;

use crate::client::get;
use crate::users::{publish, server};

/// The middle of twenty tries: this machine may be busy with other tests, and one late try proves nothing.
fn typical(mut attempt: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let begun = Instant::now();
            attempt();
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

#[test]
fn numbers_come_within_fifty_milliseconds_though_nobody_takes_commands() {
    let control = server(Settings::default());
    publish(&control);
    for path in ["/stats/requests", "/api/v1/run", "/api/v1/stats", "/tasks", "/logs", "/stats/requests/csv"]
    {
        let taken = typical(|| assert_eq!(get(&control, path).status, 200));
        assert!(taken < Duration::from_millis(50), "{path} took {taken:?}");
        println!("{path}: {taken:?}");
    }
}

#[test]
fn a_full_queue_is_said_at_once() {
    let control = server(Settings::default());
    let waiting: Vec<_> = (0..katydid_control::command::MAX_WAITING)
        .map(|_| {
            let control = std::sync::Arc::clone(&control);
            std::thread::spawn(move || get(&control, "/stop").status)
        })
        .collect();
    // Until all of them wait, another one would, too: so it asks whether it was refused.
    let mut refused = None;
    while refused.is_none() {
        let answer = crate::client::connect(&control);
        answer.set_read_timeout(Some(Duration::from_millis(200))).expect("a limit");
        refused = crate::client::first_status(answer, "GET /stats/reset", &control);
    }
    assert_eq!(refused, Some(503));
    control.stop();
    for thread in waiting {
        assert_eq!(thread.join().expect("an answer"), 503, "who waits is told that it will not happen");
    }
}
