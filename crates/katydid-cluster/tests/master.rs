//! What a master says to stock workers, message by message.

use std::sync::Arc;
use std::time::Duration;

use katydid_cluster::master::{Action, Master, Refused, Settings, State, Target};
use katydid_cluster::message::{Heartbeat, Setup, Standing};
use katydid_cluster::report::Mark;
use katydid_cluster::{Level, MasterEvent, Now, Packed, Report, ToMaster, ToWorker, UserCounts, Version};
use katydid_plan::UserClass;
use katydid_stats::RunStats;

const LIFE: u64 = 77;

struct Play {
    master: Master,
    now: Now,
    /// What is told, said and done since the last look.
    sent: Vec<(String, ToWorker)>,
    told: Vec<MasterEvent>,
    merged: usize,
}

impl Play {
    fn new() -> Self {
        let master = Master::new(Settings::new(LIFE, "2.46.3"));
        Self {
            master,
            now: Now { elapsed: Duration::ZERO, unix_s: 1e9 },
            sent: Vec::new(),
            told: Vec::new(),
            merged: 0,
        }
    }

    fn with(workers: &[&str]) -> Self {
        let mut play = Self::new();
        for worker in workers {
            play.hears(worker, ready("2.46.3"));
        }
        play.forget();
        play
    }

    fn act(&mut self) {
        for action in self.master.take_actions() {
            match action {
                Action::Send(to, message) => self.sent.push((to.to_string(), message)),
                Action::Tell(event) => self.told.push(event),
                Action::Merge(_) => self.merged += 1,
            }
        }
    }

    fn forget(&mut self) {
        (self.sent, self.told) = (Vec::new(), Vec::new());
    }

    fn hears(&mut self, from: &str, message: ToMaster) {
        self.master.receive(self.now, from, message);
        self.act();
    }

    fn starts(&mut self, users: u64, rate: f64) {
        self.tries(users, rate, "A").expect("there are workers");
    }

    fn tries(&mut self, users: u64, rate: f64, class: &str) -> Result<(), Refused> {
        let classes = vec![UserClass::weighted(class, 1.0)];
        let setup = Setup { host: None, stop_timeout_s: 0.0, parsed_options: Packed::nil() };
        let target = Target { users, rate, classes };
        let started = self.master.start(self.now, target, Arc::new(setup));
        self.act();
        started
    }

    /// Time passes in which these workers are heard of.
    fn passes_with(&mut self, alive: &[&str], seconds: u64) {
        for _ in 0..seconds {
            alive.iter().for_each(|worker| self.hears(worker, heartbeat("running")));
            self.passes(1000);
        }
    }

    /// Workers with three users each, who run.
    fn running(workers: &[&str]) -> Self {
        let mut play = Self::with(workers);
        play.starts(3 * workers.len() as u64, 100.0);
        workers.iter().for_each(|worker| play.hears(worker, complete(3)));
        play.passes(1200);
        assert_eq!(play.master.state(), State::Running);
        play.forget();
        play
    }

    fn reports(&self) -> usize {
        self.told.iter().filter(|event| matches!(event, MasterEvent::Report { .. })).count()
    }

    fn is_missing(&self, worker: &str) -> bool {
        self.told.iter().any(|event| matches!(event, MasterEvent::Missing { id } if &**id == worker))
    }

    fn passes(&mut self, ms: u64) {
        for _ in 0..ms / 50 {
            self.now.elapsed += Duration::from_millis(50);
            self.now.unix_s += 0.05;
            self.master.tick(self.now);
            self.act();
        }
    }

    /// The users that workers were told, in order.
    fn orders(&self) -> Vec<(&str, u64)> {
        let users = |message: &ToWorker| match message {
            ToWorker::Spawn(order) => Some(order.users.values().sum()),
            _ => None,
        };
        self.sent.iter().filter_map(|(to, message)| Some((to.as_str(), users(message)?))).collect()
    }

    fn notes(&self, level: Level) -> usize {
        self.told.iter().filter(|event| matches!(event, MasterEvent::Note(of, _) if *of == level)).count()
    }
}

fn ready(version: &str) -> ToMaster {
    ToMaster::Ready { version: Version::Named(version.to_owned()) }
}

fn heartbeat(state: &str) -> ToMaster {
    ToMaster::Heartbeat(Heartbeat { state: state.to_owned(), ..Heartbeat::default() })
}

fn report(mark: Option<Mark>) -> ToMaster {
    let (stats, users) = (RunStats::new(0.0), UserCounts::new());
    ToMaster::Stats(Arc::new(Report { stats, users, others: Vec::new(), mark, skipped: 0, raw: None }))
}

fn complete(users: u64) -> ToMaster {
    ToMaster::SpawningComplete { users: UserCounts::from([("A".to_owned(), users)]) }
}

#[test]
fn workers_get_numbers_for_life() {
    let mut play = Play::new();
    for (worker, index) in [("a_1", 0), ("b_1", 1), ("a_1", 0)] {
        play.hears(worker, ready("2.46.3"));
        let ack = (worker.to_owned(), ToWorker::Ack { index: Some(index), master: Some(LIFE) });
        assert!(play.sent.contains(&ack), "{worker}");
        play.forget();
    }
}

#[test]
fn versions_are_compared_as_locust_does() {
    for (version, warnings, errors, is_in) in [
        (Version::Named("2.46.3".into()), 0, 0, true),
        (Version::Named("2.46.9".into()), 0, 0, true),
        (Version::Named("2.45.0".into()), 1, 0, true),
        (Version::Unchecked, 0, 0, true),
        (Version::Missing, 0, 1, false),
    ] {
        let mut play = Play::new();
        play.hears("a_1", ToMaster::Ready { version: version.clone() });
        let seen = (
            play.notes(Level::Warning),
            play.notes(Level::Error),
            play.master.roster().node("a_1").is_some(),
        );
        assert_eq!(seen, (warnings, errors, is_in), "{version:?}");
    }
}

#[test]
fn users_are_spread_and_the_end_of_the_ramp_is_told() {
    let mut play = Play::with(&["a_1", "b_1"]);
    play.starts(4, 2.0);
    assert_eq!(play.orders(), [("a_1", 1), ("b_1", 1)]);
    play.passes(900);
    assert_eq!(play.orders().len(), 2, "the pause is a second");
    play.passes(150);
    assert_eq!(play.orders()[2..], [("a_1", 2), ("b_1", 2)]);
    play.hears("a_1", complete(2));
    play.hears("b_1", complete(2));
    play.passes(50);
    assert_eq!(play.master.state(), State::Running);
    let done = |event: &MasterEvent| {
        matches!(event, MasterEvent::SpawningComplete { user_count: 4, is_reported: true, .. })
    };
    assert!(play.told.iter().any(done));
    let told =
        play.sent.iter().filter(|(_, message)| *message == ToWorker::SpawningComplete { user_count: 4 });
    assert_eq!(told.count(), 2);
}

#[test]
fn numbers_that_do_not_come_are_waited_for_a_second() {
    let mut play = Play::with(&["a_1"]);
    play.starts(3, 100.0);
    play.passes(950);
    assert_eq!(play.master.state(), State::Spawning);
    play.passes(150);
    assert_eq!(play.master.state(), State::Running);
    let late =
        |event: &MasterEvent| matches!(event, MasterEvent::SpawningComplete { is_reported: false, .. });
    assert!(play.told.iter().any(late));
}

#[test]
fn who_has_his_users_is_not_told_again() {
    let mut play = Play::with(&["a_1", "b_1"]);
    play.starts(3, 1.0);
    play.passes(2500);
    assert_eq!(play.orders(), [("a_1", 1), ("b_1", 0), ("b_1", 1), ("a_1", 2)]);
}

#[test]
fn nobody_is_there_to_start_with() {
    let setup = Setup { host: None, stop_timeout_s: 0.0, parsed_options: Packed::nil() };
    let target = Target { users: 1, rate: 1.0, classes: vec![UserClass::weighted("A", 1.0)] };
    let mut play = Play::new();
    assert_eq!(play.master.start(play.now, target, Arc::new(setup)), Err(Refused::NoWorkers));
}

#[test]
fn users_of_a_missing_worker_are_taken_over() {
    let mut play = Play::with(&["a_1", "b_1"]);
    play.starts(6, 100.0);
    play.hears("a_1", complete(3));
    play.hears("b_1", complete(3));
    play.passes(1200);
    play.forget();
    for _ in 0..5 {
        play.hears("b_1", heartbeat("running"));
        play.passes(1000);
    }
    assert!(play.told.iter().any(|event| matches!(event, MasterEvent::Missing { id } if &**id == "a_1")));
    assert_eq!(play.orders(), [("b_1", 6)]);
    play.forget();
    play.hears("a_1", heartbeat("running"));
    play.passes(150);
    let mut orders = play.orders();
    orders.sort_unstable();
    assert_eq!(orders, [("a_1", 3), ("b_1", 3)], "it is back");
}

#[test]
fn a_master_that_stood_still_waits_for_heartbeats_again() {
    let mut play = Play::with(&["h_1", "h_2"]);
    play.passes(1000);
    play.now.elapsed += Duration::from_secs(60);
    play.passes(3000);
    play.hears("h_1", heartbeat("ready"));
    play.passes(2000);
    let missing: Vec<_> = play
        .told
        .iter()
        .filter_map(|event| if let MasterEvent::Missing { id } = event { Some(&**id) } else { None })
        .collect();
    assert_eq!(missing, ["h_2"]);
}

#[test]
fn the_last_worker_goes() {
    let mut play = Play::with(&["a_1"]);
    play.starts(6, 100.0);
    play.hears("a_1", ToMaster::Quit);
    assert!(play.told.iter().any(|event| matches!(event, MasterEvent::NoneLeft { has_quit: true })));
}

#[test]
fn a_run_has_stopped_when_all_workers_say_so() {
    let mut play = Play::with(&["a_1", "b_1"]);
    play.starts(2, 100.0);
    play.hears("a_1", heartbeat("running"));
    play.hears("b_1", heartbeat("running"));
    play.master.stop(play.now);
    play.act();
    let stop = ToWorker::Stop { order: None };
    assert_eq!(
        play.sent.iter().filter(|(_, message)| *message == stop).count(),
        2,
        "as stock workers know it"
    );
    play.hears("a_1", ToMaster::Stopped);
    assert_eq!(play.master.state(), State::Stopping);
    play.hears("b_1", ToMaster::Stopped);
    assert_eq!(play.master.state(), State::Stopped);
    play.hears("a_1", ready("2.46.3"));
    play.hears("b_1", ready("2.46.3"));
    play.forget();
    play.starts(2, 100.0);
    assert_eq!(play.orders(), [("a_1", 1), ("b_1", 1)]);
}

#[test]
fn a_worker_that_does_not_stop_ends_the_waiting_after_a_minute() {
    let mut play = Play::with(&["a_1"]);
    play.starts(2, 100.0);
    play.master.stop(play.now);
    for _ in 0..61 {
        play.hears("a_1", heartbeat("running"));
        play.passes(1000);
    }
    assert_eq!(play.master.state(), State::Stopped);
    assert!(play.told.iter().any(|event| matches!(event, MasterEvent::RunStopped { is_late: true })));
}

#[test]
fn a_report_of_another_run_is_void() {
    let mut play = Play::with(&["a_1"]);
    play.starts(2, 100.0);
    let mark = |run, number| Some(Mark { master: LIFE, run, number, first: 1 });
    for (mark, merged, why) in [
        (mark(1, 1), 1, "of this run"),
        (mark(1, 1), 1, "again"),
        (mark(0, 2), 1, "of no run"),
        (mark(2, 3), 1, "of a later one"),
        (Some(Mark { master: LIFE + 1, run: 1, number: 4, first: 1 }), 1, "of another master"),
        (mark(1, 4), 2, "of this run"),
        (None, 3, "a stock worker does not say"),
    ] {
        play.hears("a_1", report(mark));
        assert_eq!(play.merged, merged, "{why}");
    }
}

#[test]
fn an_order_that_has_not_arrived_is_sent_again() {
    let mut play = Play::with(&["a_1"]);
    play.starts(1, 100.0);
    let standing = |order| Some(Standing { master: LIFE, order, users: UserCounts::new() });
    let beat = |order| {
        ToMaster::Heartbeat(Heartbeat {
            state: "ready".into(),
            standing: standing(order),
            ..Heartbeat::default()
        })
    };
    play.passes(1600);
    play.hears("a_1", beat(0.0));
    assert_eq!(play.orders(), [("a_1", 1), ("a_1", 1)]);
    let same: Vec<_> =
        play.sent.iter().filter(|(_, message)| matches!(message, ToWorker::Spawn(_))).collect();
    assert_eq!(same[0], same[1], "the same order: a stock worker, too, obeys it once");
    play.passes(1600);
    play.hears("a_1", beat(2e9));
    assert_eq!(play.orders().len(), 2, "it has arrived");
}

/// A worker that has just joined is taken for a stock one until its first heartbeat, and its word on an order before the
/// last, come late, for one on the last. It had run the users of the order before for ever.
#[test]
fn a_late_word_does_not_make_a_lost_order_heard() {
    let mut play = Play::with(&["h_1"]);
    play.starts(5, 100.0);
    play.starts(2, 100.0);
    play.hears("h_1", ToMaster::Spawning);
    let standing = Some(Standing { master: LIFE, order: 0.0, users: UserCounts::new() });
    let beat = Heartbeat { state: "running".to_owned(), standing, ..Heartbeat::default() };
    play.forget();
    play.passes(1600);
    play.hears("h_1", ToMaster::Heartbeat(beat));
    assert_eq!(play.orders(), [("h_1", 2)]);
}

#[test]
fn a_stranger_is_asked_to_join() {
    let mut play = Play::new();
    play.hears("a_1", heartbeat("running"));
    assert!(
        play.sent.contains(&("a_1".to_owned(), ToWorker::Stop { order: None })),
        "stock: stop, then it is ready"
    );
    let standing = Some(Standing { master: 5, order: 1.0, users: UserCounts::new() });
    play.hears(
        "b_1",
        ToMaster::Heartbeat(Heartbeat { state: "running".into(), standing, ..Heartbeat::default() }),
    );
    assert!(play.sent.contains(&("b_1".to_owned(), ToWorker::Reconnect { master: Some(LIFE) })));
    play.forget();
    play.hears("a_1", heartbeat("running"));
    assert!(
        !play.sent.iter().any(|(_, message)| matches!(message, ToWorker::Stop { .. })),
        "not at every heartbeat"
    );
}

#[test]
fn a_worker_that_rests_after_a_stop_is_left_alone() {
    let mut play = Play::with(&["a_1"]);
    play.hears("a_1", heartbeat("running"));
    play.hears("a_1", ToMaster::Stopped);
    play.forget();
    play.passes(5000);
    play.hears("a_1", heartbeat("running"));
    assert_eq!(play.sent, [("a_1".to_owned(), ToWorker::Heartbeat { merged: None })]);
}

/// Listeners of `worker_report` had heard a report again whenever it was sent again.
#[test]
fn a_report_that_is_sent_again_is_told_once() {
    let mut play = Play::with(&["a_1"]);
    play.starts(2, 100.0);
    let mark = |master, number| Some(Mark { master, run: 1, number, first: 1 });
    for (mark, told, why) in [
        (mark(LIFE, 1), 1, "new"),
        (mark(LIFE, 1), 1, "sent again"),
        (mark(LIFE, 2), 2, "the next one"),
        (mark(LIFE, 1), 2, "sent again, and late"),
        (mark(LIFE + 1, 3), 2, "for another master"),
        (None, 3, "a stock worker's are all different"),
        (None, 4, "a stock worker's are all different"),
    ] {
        play.hears("a_1", report(mark));
        assert_eq!(play.reports(), told, "{why}");
    }
}

/// What it had sent to another master in between was waited for, and a thousand reports later nothing was merged.
#[test]
fn a_worker_that_comes_back_from_another_master_is_listened_to() {
    let mut play = Play::with(&["a_1"]);
    play.starts(2, 100.0);
    let mark = |number, first| Some(Mark { master: LIFE, run: 1, number, first });
    play.hears("a_1", report(mark(1, 1)));
    play.hears("a_1", report(mark(5000, 5000)));
    play.hears("a_1", report(mark(5001, 5000)));
    assert_eq!(play.merged, 3);
    let standing = Some(Standing { master: LIFE, order: 0.0, users: UserCounts::new() });
    play.hears(
        "a_1",
        ToMaster::Heartbeat(Heartbeat { state: "ready".into(), standing, ..Heartbeat::default() }),
    );
    let answer = ToWorker::Heartbeat { merged: Some((LIFE, 5001)) };
    assert!(play.sent.contains(&("a_1".to_owned(), answer)));
}

/// It had left a dispatcher behind that knew the workers of that moment and its classes.
#[test]
fn a_refused_start_leaves_nothing_behind() {
    let mut play = Play::with(&["a_1"]);
    assert!(matches!(play.tries(4, 0.0, "B"), Err(Refused::BadTarget(_))));
    play.hears("b_1", ready("2.46.3"));
    play.starts(4, 100.0);
    assert_eq!(play.orders(), [("a_1", 2), ("b_1", 2)]);
    play.hears("a_1", complete(2));
    play.hears("b_1", complete(2));
    play.passes(1200);
    play.forget();
    assert!(matches!(play.tries(9, f64::NAN, "B"), Err(Refused::BadTarget(_))));
    play.hears("a_1", ToMaster::Quit);
    play.passes(200);
    let classes = play.sent.iter().filter_map(|(_, message)| match message {
        ToWorker::Spawn(order) => Some(order.users.clone()),
        _ => None,
    });
    assert_eq!(classes.collect::<Vec<_>>(), [UserCounts::from([("A".to_owned(), 4)])], "those of the run");
}

/// As in Locust without `--enable-rebalancing`, where only the users of a missing worker wait, and a minute at most.
#[test]
fn without_takeovers_users_wait_for_a_missing_worker_alone() {
    for (word, what) in [(ToMaster::Quit, "has quit"), (ToMaster::Stopped, "has stopped")] {
        let mut play = Play::running(&["a_1", "b_1"]);
        play.master.settings_mut().takes_over = false;
        play.hears("a_1", word);
        play.passes(200);
        assert_eq!(play.orders(), [("b_1", 6)], "{what}");
    }
    let mut play = Play::running(&["a_1", "b_1"]);
    play.master.settings_mut().takes_over = false;
    play.passes_with(&["b_1"], 10);
    assert!(play.is_missing("a_1"));
    assert_eq!(play.orders(), [], "it may come back");
    play.passes_with(&["b_1"], 55);
    let mut orders = play.orders();
    orders.dedup();
    assert_eq!(orders, [("b_1", 6)], "it is given up");
}

/// Each had been laid out for on its own: N workers, N times told.
#[test]
fn workers_that_go_together_are_laid_out_for_once() {
    let names: Vec<String> = (0..40).map(|number| format!("h{number}_1")).collect();
    let workers: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut play = Play::running(&workers);
    workers[..20].iter().for_each(|worker| play.hears(worker, ToMaster::Quit));
    play.passes(200);
    let orders: Vec<u64> = play.orders().into_iter().map(|(_, users)| users).collect();
    assert_eq!(orders, [6; 20], "each that is left is told once");
    play.forget();
    workers[..20].iter().for_each(|worker| play.hears(worker, ready("2.46.3")));
    play.passes(200);
    let orders: Vec<u64> = play.orders().into_iter().map(|(_, users)| users).collect();
    assert_eq!(orders, [3; 40]);
}

/// While it stands still it hears nobody: nobody is missing for that.
#[test]
fn nobody_is_missing_because_the_master_stood_still() {
    let mut play = Play::running(&["a_1", "b_1"]);
    play.now.elapsed += Duration::from_secs(20);
    play.hears("a_1", heartbeat("running"));
    play.passes(1000);
    assert!(!play.is_missing("b_1"), "what it said waits to be read");
    play.passes_with(&["a_1"], 5);
    assert!(play.is_missing("b_1") && !play.is_missing("a_1"));
}

/// The owner reacts to the end of the first ramp, which had passed for a takeover where a worker came late in it.
#[test]
fn a_worker_that_joins_as_the_ramp_ends_makes_no_takeover_of_it() {
    let mut play = Play::with(&["a_1"]);
    play.starts(2, 100.0);
    play.passes(100);
    assert_eq!(play.master.state(), State::Spawning);
    let ends = |play: &Play| -> Vec<bool> {
        let end = |event: &MasterEvent| match event {
            MasterEvent::SpawningComplete { is_takeover, .. } => Some(*is_takeover),
            _ => None,
        };
        play.told.iter().filter_map(end).collect()
    };
    play.hears("b_1", ready("2.46.3"));
    play.passes(2000);
    assert_eq!(ends(&play), [false]);
    play.hears("c_1", ready("2.46.3"));
    play.passes(2000);
    assert_eq!(ends(&play), [false, true]);
}

/// Times beyond any clock had ended the node's thread.
#[test]
fn no_time_is_too_long() {
    let mut play = Play::with(&["a_1"]);
    let settings = play.master.settings_mut();
    (settings.heartbeat_interval, settings.liveness) = (Duration::MAX, u32::MAX);
    (settings.forgotten_after, settings.report_wait) = (Duration::MAX, Duration::MAX);
    play.starts(2, 1e-19);
    play.passes(5000);
    play.master.stop(play.now);
    play.passes(1000);
    assert!(!play.is_missing("a_1"));
}
