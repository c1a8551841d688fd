//! Whole runs against a server on loopback: users begin, are measured, and end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::cell::Cell;
use std::future::pending;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use katydid_engine::{
    Command, Engine, Progress, RunSettings, Scenario, State, Steady, Target, User, Wait, Watch,
};

/// A run that has not ended after this long fails its test.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that answers at once: `/fail` with 500, `/hang` never, everything else with 200.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.unwrap()));
        }
    });
    base
}

fn answer(stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let status = match head.split(' ').nth(1) {
            Some("/hang") => continue,
            Some("/fail") => "500 Oh",
            _ => "200 OK",
        };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// An onlooker made of a closure, which ends runs that take too long.
struct Onlooker<F> {
    began: Instant,
    watch: F,
}

impl<F: FnMut(&Progress<'_>) -> Command> Watch for Onlooker<F> {
    fn watch(&mut self, progress: &Progress<'_>) -> Command {
        if self.began.elapsed() > PATIENCE { Command::Abandon } else { (self.watch)(progress) }
    }
}

fn onlooker<F: FnMut(&Progress<'_>) -> Command>(watch: F) -> Onlooker<F> {
    Onlooker { began: Instant::now(), watch }
}

fn stop_after(requests: u64) -> Onlooker<impl FnMut(&Progress<'_>) -> Command> {
    onlooker(move |progress| {
        let is_enough = progress.stats.total().requests >= requests && progress.state == State::Running;
        if is_enough { Command::Stop } else { Command::Continue }
    })
}

fn settings(host: String, users: u64) -> RunSettings {
    RunSettings { host: Some(host), ..RunSettings::new(Steady(Target { users, rate: 1000.0 })) }
}

/// Lists items until it has to go.
struct Visitor;

impl Scenario for Visitor {
    fn name(&self) -> &str {
        "Visitor"
    }

    fn weight(&self) -> f64 {
        3.0
    }

    async fn run_user(&self, user: &User) {
        while user.next_task().await {
            user.get("/items/7").name("/items/[id]").await.unwrap();
        }
    }
}

/// Runs the rest of its life from a closure.
struct With<F>(F);

impl<F: AsyncFn(&User) + 'static> Scenario for With<F> {
    fn name(&self) -> &str {
        "With"
    }

    async fn run_user(&self, user: &User) {
        (self.0)(user).await;
    }
}

#[test]
fn every_request_of_every_user_is_counted_once() {
    let asked = Rc::new(Cell::new(0));
    let counter = asked.clone();
    let scenario = With(async move |user: &User| {
        while user.next_task().await {
            user.get("/items").await.unwrap();
            counter.set(counter.get() + 1);
        }
    });
    let run = settings(server(), 4);
    let run = RunSettings { stop_timeout: PATIENCE, ..run };
    let stats = Engine::new().with(scenario).run(run, &mut stop_after(100)).unwrap();
    assert_eq!((stats.total().requests, stats.total().failures), (asked.get(), 0));
    assert_eq!(stats.entries().len(), 1);
    assert_eq!((&*stats.entries()[0].method, &*stats.entries()[0].name), ("GET", "/items"));
    assert_eq!(stats.lag().count(), stats.total().requests, "every answer has a lag");
}

#[test]
fn users_are_spawned_by_weight_and_the_states_follow_each_other() {
    let mut seen = Vec::new();
    let mut counts = Vec::new();
    let mut watch = onlooker(|progress: &Progress<'_>| {
        if seen.last() != Some(&progress.state) {
            seen.push(progress.state);
        }
        if progress.spawning_complete {
            counts = progress.counts.to_vec();
            return Command::Stop;
        }
        Command::Continue
    });
    let other = With(async |user: &User| while user.next_task().await {});
    let engine = Engine::new().with(Visitor).with(other);
    engine.run(settings(server(), 8), &mut watch).unwrap();
    assert_eq!(counts, [6, 2]);
    assert_eq!(seen, [State::Running, State::Stopping, State::Stopped]);
}

#[test]
fn a_target_can_be_raised_and_lowered_while_the_run_goes_on() {
    let mut targets = vec![2, 6];
    let mut users = Vec::new();
    let mut watch = onlooker(|progress: &Progress<'_>| {
        if !progress.spawning_complete {
            return Command::Continue;
        }
        users.push(progress.counts[0]);
        targets.pop().map_or(Command::Stop, |users| Command::Aim(Target { users, rate: 1000.0 }))
    });
    Engine::new().with(Visitor).run(settings(server(), 3), &mut watch).unwrap();
    assert_eq!(users, [3, 6, 2]);
}

/// Hangs in a request; on its way out it says goodbye.
struct Stuck;

impl Scenario for Stuck {
    fn name(&self) -> &str {
        "Stuck"
    }

    async fn run_user(&self, user: &User) {
        let _ = user.get("/hang").await;
    }

    async fn on_stop(&self, user: &User) {
        user.get("/goodbye").await.unwrap();
    }
}

#[test]
fn a_user_that_must_go_at_once_still_says_goodbye() {
    let run = RunSettings { run_time: Some(Duration::from_millis(20)), ..settings(server(), 3) };
    let stats = Engine::new().with(Stuck).run(run, &mut onlooker(|_| Command::Continue)).unwrap();
    let names: Vec<&str> = stats.entries().iter().map(|entry| &*entry.name).collect();
    assert_eq!((names, stats.total().requests), (vec!["/goodbye"], 3), "what was cut short is not recorded");
}

#[test]
fn the_stop_timeout_ends_those_who_do_not_finish() {
    let timeout = Duration::from_millis(40);
    let run = RunSettings { run_time: Some(timeout), stop_timeout: timeout, ..settings(server(), 1) };
    let began = Instant::now();
    Engine::new().with(Stuck).run(run, &mut onlooker(|_| Command::Continue)).unwrap();
    assert!(began.elapsed() >= timeout * 2 && began.elapsed() < PATIENCE);
}

#[test]
fn a_wait_between_tasks_ends_when_the_user_has_to_go() {
    struct Sleeper;

    impl Scenario for Sleeper {
        fn name(&self) -> &str {
            "Sleeper"
        }

        fn wait(&self) -> Wait {
            Wait::Constant(Duration::from_secs(3600))
        }

        async fn run_user(&self, user: &User) {
            while user.next_task().await {
                user.get("/items").await.unwrap();
            }
            user.get("/bye").await.unwrap();
        }
    }
    let run = RunSettings { stop_timeout: PATIENCE, ..settings(server(), 2) };
    let began = Instant::now();
    let stats = Engine::new().with(Sleeper).run(run, &mut stop_after(2)).unwrap();
    assert!(began.elapsed() < PATIENCE);
    assert_eq!(stats.total().requests, 4, "two tasks and two goodbyes");
}

#[test]
fn a_panic_ends_one_user_and_is_counted() {
    let scenario = With(async |user: &User| {
        user.get("/items").await.unwrap();
        assert_ne!(user.id(), 1, "number one is unlucky");
        while user.next_task().await {
            user.get("/items").await.unwrap();
        }
    });
    let mut alive = 0;
    let mut faults = Vec::new();
    let mut watch = onlooker(|progress: &Progress<'_>| {
        faults = progress.faults.to_vec();
        if !faults.is_empty() && progress.state == State::Running {
            alive = progress.users;
            return Command::Stop;
        }
        Command::Continue
    });
    let stats = Engine::new().with(scenario).run(settings(server(), 3), &mut watch).unwrap();
    assert_eq!(alive, 2);
    assert!(stats.errors().as_slice().is_empty(), "the target did nothing wrong");
    assert_eq!((faults.len(), faults[0].count, &*faults[0].scenario), (1, 1, "With"));
    assert!(faults[0].message.contains("number one is unlucky"), "{}", faults[0].message);
}

#[test]
fn statuses_and_checks_decide_what_a_failure_is() {
    let scenario = With(async |user: &User| {
        let _ = user.get("/fail").await;
        let _ = user
            .get("/fail")
            .name("expected")
            .check(|answer| match answer.status() {
                500 => Ok(()),
                other => Err(format!("{other} instead of 500")),
            })
            .await;
        let _ = user
            .get("/ok")
            .check(|answer| match answer.raw_body() {
                b"ko" => Ok(()),
                _ => Err("not ko".into()),
            })
            .await;
    });
    let mut watch =
        onlooker(
            |progress: &Progress<'_>| {
                if progress.stats.total().requests == 3 { Command::Stop } else { Command::Continue }
            },
        );
    let stats = Engine::new().with(scenario).run(settings(server(), 1), &mut watch).unwrap();
    let failures: Vec<_> =
        stats.errors().as_slice().iter().map(|error| (&*error.name, &*error.text)).collect();
    assert_eq!(failures, [("/fail", "HTTP 500"), ("/ok", "not ko")]);
}

#[test]
fn users_that_never_wait_leave_room_for_the_others() {
    let spinner = With(async |user: &User| while user.next_task().await {});
    let stats =
        Engine::new().with(Visitor).with(spinner).run(settings(server(), 4), &mut stop_after(50)).unwrap();
    assert!(stats.total().requests >= 50);
}

#[test]
fn a_user_that_computes_shows_as_lag_and_not_as_latency() {
    const BURN: Duration = Duration::from_millis(40);
    // It lets the others run once between two burns, so nearly every answer waits for the end of one.
    let burner = With(async |user: &User| {
        while user.next_task().await {
            let begin = Instant::now();
            while begin.elapsed() < BURN {
                std::hint::spin_loop();
            }
        }
    });
    let engine = Engine::new().with(Visitor).with(burner);
    let stats = engine.run(settings(server(), 4), &mut stop_after(30)).unwrap();
    let lag = stats.lag().quantile_ms(0.5).unwrap();
    let latency = stats.total().percentile(0.5).unwrap();
    assert!(lag > 20.0, "answers lay unread for most of {BURN:?}: {lag} ms");
    assert!(latency < 20.0, "the server answers at once: {latency} ms");
}

#[test]
fn a_run_can_be_abandoned_with_users_that_never_end() {
    struct Immortal;

    impl Scenario for Immortal {
        fn name(&self) -> &str {
            "Immortal"
        }

        async fn run_user(&self, user: &User) {
            let _ = user.get("/hang").await;
        }

        async fn on_stop(&self, _user: &User) {
            pending::<()>().await;
        }
    }
    let mut watch = onlooker(|progress: &Progress<'_>| match progress.state {
        State::Stopping => Command::Abandon,
        _ => Command::Stop,
    });
    let stats = Engine::new().with(Immortal).run(settings(server(), 2), &mut watch).unwrap();
    assert_eq!(stats.total().requests, 0);
}
