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
        let classes = vec![UserClass::weighted("A", 1.0)];
        let setup = Setup { host: None, stop_timeout_s: 0.0, parsed_options: Packed::nil() };
        let target = Target { users, rate, classes };
        self.master.start(self.now, target, Arc::new(setup)).expect("there are workers");
        self.act();
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
    ToMaster::Stats(Arc::new(Report { stats, users, others: Vec::new(), mark, raw: None }))
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
    let mark = |run, number| Some(Mark { master: LIFE, run, number });
    for (mark, merged, why) in [
        (mark(1, 1), 1, "of this run"),
        (mark(1, 1), 1, "again"),
        (mark(0, 2), 1, "of no run"),
        (mark(2, 3), 1, "of a later one"),
        (Some(Mark { master: LIFE + 1, run: 1, number: 4 }), 1, "of another master"),
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
