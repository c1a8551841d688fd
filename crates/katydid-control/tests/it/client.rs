//! A client that writes bytes and reads an answer, and nothing more.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use katydid_control::Control;
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn of(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&start))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub(crate) fn address(control: &Control) -> SocketAddr {
    control.address().expect("it listens")
}

pub(crate) fn connect(control: &Control) -> TcpStream {
    let stream = TcpStream::connect(address(control)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    stream
}

/// Sends these bytes and reads to the end. An answer counts even if the rest of what is sent finds the door closed.
pub(crate) fn exchange(control: &Control, bytes: &[u8]) -> Answer {
    let mut stream = connect(control);
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Answer::of(&answer)
}

/// A request with a proper `Host`, these header lines and this body.
pub(crate) fn ask(control: &Control, request: &str, lines: &[&str], body: &str) -> Answer {
    let host = format!("Host: {}", address(control));
    ask_as(control, request, &[&[host.as_str()], lines].concat(), body)
}

/// The same without any header of its own accord but the connection's.
pub(crate) fn ask_as(control: &Control, request: &str, lines: &[&str], body: &str) -> Answer {
    let mut text = format!("{request} HTTP/1.1\r\nConnection: close\r\n");
    lines.iter().for_each(|line| text += &format!("{line}\r\n"));
    if !body.is_empty() {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    exchange(control, format!("{text}\r\n{body}").as_bytes())
}

pub(crate) fn get(control: &Control, path: &str) -> Answer {
    ask(control, &format!("GET {path}"), &[], "")
}

/// The status of an answer if it comes before the connection's limit.
pub(crate) fn first_status(mut stream: TcpStream, request: &str, control: &Control) -> Option<u16> {
    write!(stream, "{request} HTTP/1.1\r\nHost: {}\r\n\r\n", address(control)).ok()?;
    let mut text = [0; 1024];
    let length = stream.read(&mut text).ok()?;
    Some(Answer::of(&text[..length]).status)
}
