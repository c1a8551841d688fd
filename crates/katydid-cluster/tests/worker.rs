//! What a worker says to its master, and asks of its owner; and what it makes of a master that was started anew.

use std::sync::Arc;
use std::time::Duration;

use katydid_cluster::message::{Setup, SpawnOrder};
use katydid_cluster::report::Mark;
use katydid_cluster::worker::{Settings, Worker, WorkerAction};
use katydid_cluster::{Now, Packed, ToMaster, ToWorker, UserCounts, WorkerEvent};
use katydid_stats::RunStats;

struct Play {
    worker: Worker,
    now: Now,
}

impl Play {
    /// A worker that a master knows.
    fn with(master: Option<u64>) -> Self {
        let mut play = Self {
            worker: Worker::new(Settings::new("2.46.3")),
            now: Now { elapsed: Duration::ZERO, unix_s: 1e9 },
        };
        play.worker.connect(play.now);
        play.joins(master);
        play.worker.take_actions();
        play
    }

    fn joins(&mut self, master: Option<u64>) {
        self.worker.receive(self.now, ToWorker::Ack { index: Some(0), master });
    }

    /// How often is a report asked for?
    fn passes(&mut self, ms: u64) -> usize {
        for _ in 0..ms / 50 {
            self.now.elapsed += Duration::from_millis(50);
            self.worker.tick(self.now);
        }
        let is_due = |action: &WorkerAction| matches!(action, WorkerAction::Tell(WorkerEvent::ReportDue));
        self.worker.take_actions().iter().filter(|action| is_due(action)).count()
    }

    /// The mark of the report that it sends now.
    fn reports(&mut self) -> Option<Mark> {
        self.worker.take_actions();
        self.worker.report(self.now, RunStats::new(0.0), UserCounts::new(), Vec::new());
        self.worker.take_actions().iter().find_map(|action| match action {
            WorkerAction::Send(ToMaster::Stats(report)) => report.mark,
            _ => None,
        })
    }
}

/// One failed report, or one question that was lost, had silenced a worker for good.
#[test]
fn a_report_that_does_not_come_is_asked_for_again() {
    let mut play = Play::with(None);
    assert_eq!(play.passes(100), 1, "the first one");
    assert_eq!(play.passes(2500), 0, "its owner has an interval's time");
    assert_eq!(play.passes(3000), 1, "nothing came");
    play.now.elapsed += Duration::from_secs(2);
    play.reports();
    assert_eq!(play.passes(2500), 0, "from one report to the next");
    assert_eq!(play.passes(600), 1);
}

#[test]
fn numbers_of_reports_go_on_and_say_which_was_the_first_for_a_master() {
    let mut play = Play::with(Some(1));
    let marks = [(1, 1, 1), (1, 2, 1), (2, 3, 3), (2, 4, 3), (1, 5, 5), (1, 6, 5)];
    for (master, number, first) in marks {
        play.passes(5000);
        play.joins(Some(master));
        assert_eq!(play.reports(), Some(Mark { master, run: 0, number, first }));
    }
}

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

/// Times beyond any clock had ended the node's thread, and a master that is waited for for ever was lost at once.
#[test]
fn no_time_is_too_long() {
    let mut play = Play::with(None);
    let settings = play.worker.settings_mut();
    (settings.heartbeat_interval, settings.report_interval) = (Duration::MAX, Duration::MAX);
    (settings.connect_timeout, settings.master_timeout) = (Duration::MAX, Duration::MAX);
    assert_eq!(play.passes(5000), 1);
    play.worker.stopped(play.now, Duration::MAX);
    play.reports();
    assert_eq!(play.passes(5000), 0);
}
