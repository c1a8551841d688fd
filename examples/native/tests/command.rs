//! The example as a program: it shows its numbers, and an interrupt ends it in order.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;

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
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while stream.read_line(&mut head).unwrap_or(0) > 0 {
        if head.ends_with("\r\n\r\n") {
            head.clear();
            let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    }
}

fn native(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_native"))
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn an_interrupt_ends_the_run_with_its_summary() {
    let mut run = native(&["--host", &server(), "--users", "4"]);
    let mut console = BufReader::new(run.stderr.take().unwrap());
    let mut first = String::new();
    console.read_line(&mut first).unwrap();
    assert_eq!(first, "All users spawned: Visitor: 4 (4 in total)\n");
    let mut tables = String::new();
    while !tables.contains("GET      /items/[id] ") {
        assert_ne!(console.read_line(&mut tables).unwrap(), 0, "ended by itself: {tables}");
    }
    let pid = run.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let mut rest = String::new();
    console.read_to_string(&mut rest).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(0), "{rest}");
    for part in
        ["Interrupted", "GET      /items ", "GET      /items/[id] ", "Aggregated", "Lag: p50", "Phases"]
    {
        assert!(rest.contains(part), "{part:?} in {rest}");
    }
}

#[test]
fn quiet_means_nothing_but_what_was_asked_for() {
    let run = native(&["--host", &server(), "--users", "2", "--run-time", "1s", "--quiet", "--json"]);
    let output = run.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    let json = String::from_utf8(output.stdout).unwrap();
    assert!(json.trim_start().starts_with('[') && json.contains("\"name\": \"/items/[id]\""), "{json}");
}

/// `native --list | head -0` and `native … 2>&1 | head -1`: the reader is gone before the first line is written.
#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    for args in [vec!["--list"], vec!["--help"], vec!["--host", "HOST", "--run-time", "1s", "--json"]] {
        let host = server();
        let args: Vec<&str> = args.into_iter().map(|arg| if arg == "HOST" { &*host } else { arg }).collect();
        let mut run = native(&args);
        drop((run.stdout.take(), run.stderr.take()));
        assert_eq!(run.wait().unwrap().code(), Some(0), "{args:?}");
    }
}
