//! What a worker of katydid's makes of a master that was started anew.

use std::sync::Arc;
use std::time::Duration;

use katydid_cluster::message::{Setup, SpawnOrder};
use katydid_cluster::worker::{Settings, Worker, WorkerAction};
use katydid_cluster::{Now, Packed, ToMaster, ToWorker, UserCounts};
use katydid_stats::RunStats;

fn at(seconds: u64) -> Now {
    Now { elapsed: Duration::from_secs(seconds), unix_s: 1e9 + seconds as f64 }
}

fn spawn(master: u64, run: u64, timestamp: f64) -> ToWorker {
    let setup = Setup { host: None, stop_timeout_s: 0.0, parsed_options: Packed::nil() };
    let users = UserCounts::from([("A".to_owned(), 1)]);
    ToWorker::Spawn(SpawnOrder { timestamp, users, setup: Arc::new(setup), run: Some((master, run)) })
}

/// The run that the next report says it is of.
fn reported_run(worker: &mut Worker, now: Now) -> u64 {
    worker.take_actions();
    worker.report(now, RunStats::new(0.0), UserCounts::new(), Vec::new());
    let mark = worker.take_actions().into_iter().find_map(|action| match action {
        WorkerAction::Send(ToMaster::Stats(report)) => report.mark,
        _ => None,
    });
    mark.expect("a report to a master of ours").run
}

/// The owner was busy when its master was started anew, and then began the run that the one before had ordered. What it
/// measured was merged into the run of the same number of the new one.
#[test]
fn the_second_run_of_one_master_is_not_that_of_the_next() {
    let mut worker = Worker::new(Settings::new("2.46.3"));
    worker.connect(at(0));
    worker.receive(at(0), ToWorker::Ack { index: Some(0), master: Some(1) });
    worker.receive(at(0), spawn(1, 2, 1e9));
    worker.receive(at(9), ToWorker::Heartbeat { merged: Some((5, 0)) });
    worker.begin_run(2);
    assert_eq!(reported_run(&mut worker, at(9)), 0, "of no run");
    worker.receive(at(10), spawn(5, 2, 1e9 + 10.0));
    worker.begin_run(2);
    assert_eq!(reported_run(&mut worker, at(10)), 2);
}
