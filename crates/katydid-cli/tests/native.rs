//! Native programs from their arguments to exit code and files, against a server on loopback.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use katydid_cli::{Engine, Scenario, User};

/// Makes three requests and is done: nobody has to wait for a run time.
struct Brief;

impl Scenario for Brief {
    fn name(&self) -> &str {
        "Brief"
    }

    async fn run_user(&self, user: &User) {
        for item in ["/items/1", "/items/2", "/fail"] {
            let _ = user.get(item).name("/items/[id], \"quoted\"").await;
        }
    }
}

fn server(status_of_fail: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.unwrap(), status_of_fail));
        }
    });
    base
}

fn answer(stream: TcpStream, status_of_fail: &str) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let status = if head.starts_with("GET /fail ") { status_of_fail } else { "200 OK" };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

fn run(args: &[&str]) -> i32 {
    katydid_cli::run(Engine::new().with(Brief), ["program"].iter().chain(args))
}

/// A folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn a_good_run_ends_with_zero_and_leaves_all_its_files() {
    let prefix = folder("files").join("deep/run");
    let json = folder("files").join("stats");
    let base = server("200 OK");
    let args = [
        "-H",
        &base,
        "-t",
        "1s",
        "-q",
        "--csv",
        prefix.to_str().unwrap(),
        "--json-file",
        json.to_str().unwrap(),
    ];
    assert_eq!(run(&args), 0);
    let read = |what: &str| fs::read_to_string(format!("{}_{what}.csv", prefix.display())).unwrap();
    let stats = read("stats");
    let row = stats.lines().nth(1).unwrap();
    assert!(row.starts_with("GET,\"/items/[id], \"\"quoted\"\"\",3,0,"), "{row}");
    assert!(
        stats.lines().nth(2).unwrap().starts_with(",Aggregated,3,0,"),
        "the last requests are in: {stats}"
    );
    assert_eq!(read("failures").lines().count(), 1);
    assert_eq!(read("exceptions").lines().count(), 1);
    let history = read("stats_history");
    assert!(history.lines().count() >= 3, "a head, a row a second and a last one: {history}");
    assert!(fs::read_to_string(json.with_extension("json")).unwrap().contains("\"num_requests\": 3"));
}

#[test]
fn a_failed_request_decides_the_exit_code() {
    let base = server("500 Oh");
    assert_eq!(run(&["-H", &base, "-t", "1s", "-q"]), 1);
    assert_eq!(run(&["-H", &base, "-t", "1s", "-q", "--exit-code-on-error", "0"]), 0);
    assert_eq!(run(&["-H", &base, "-t", "1s", "-q", "--exit-code-on-error", "7"]), 7);
}

/// Sends one request and then has a mistake in its own code.
struct Mistaken;

impl Scenario for Mistaken {
    fn name(&self) -> &str {
        "Mistaken"
    }

    async fn run_user(&self, user: &User) {
        let _ = user.get("/items/1").await;
        panic!("no item, {}", "none");
    }
}

#[test]
fn a_panic_is_an_exception_and_decides_the_exit_code() {
    let prefix = folder("panics").join("run");
    let base = server("200 OK");
    let args =
        ["program", "-H", &base, "-u", "2", "-r", "2", "-t", "1s", "-q", "--csv", prefix.to_str().unwrap()];
    assert_eq!(katydid_cli::run(Engine::new().with(Mistaken), args), 1);
    let read = |what: &str| fs::read_to_string(format!("{}_{what}.csv", prefix.display())).unwrap();
    assert_eq!(read("failures").lines().count(), 1, "the target did nothing wrong");
    let exceptions = read("exceptions");
    let row = exceptions.lines().nth(1).unwrap();
    assert!(row.contains(",\"no item, none\",Mistaken panicked at "), "{row}");
    assert!(row.contains("native.rs:") && row.ends_with(",local"), "{row}");
    let stats = read("stats");
    assert!(stats.lines().nth(2).unwrap().starts_with(",Aggregated,"), "no row for the panic: {stats}");
}

#[test]
fn what_cannot_be_run_is_a_usage_error() {
    assert_eq!(run(&["-H", "shop.example", "-t", "1s"]), 2);
    assert_eq!(run(&["NoSuchScenario"]), 2);
    assert_eq!(run(&["--no-such-option"]), 2);
    assert_eq!(katydid_cli::run(Engine::new(), ["program"]), 2);
}

#[test]
fn questions_are_answered_without_a_run() {
    assert_eq!(run(&["--list"]), 0);
    assert_eq!(run(&["--help"]), 0);
    assert_eq!(run(&["--version"]), 0);
}

#[test]
fn files_that_cannot_be_written_end_the_run_before_it_begins() {
    let base = server("200 OK");
    assert_eq!(run(&["-H", &base, "-t", "1s", "-q", "--csv", "/dev/null/run"]), 1);
}
