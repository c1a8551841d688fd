//! A practice server in a process of its own, and the plainest client that can talk to it: a socket and a few bytes.

#![allow(dead_code, reason = "each test file uses its own part of this support")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Nothing on loopback takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `katydid-target`; ends with its owner.
pub(crate) struct Target {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    lines: BufReader<ChildStdout>,
}

impl Target {
    /// Starts `katydid-target KIND --port 0 OPTIONS` and waits until it is ready.
    pub(crate) fn start(kind: &str, options: &[&str]) -> Self {
        let mut child = command()
            .args([kind, "--port", "0"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let address = ready(&mut lines, kind);
        Self { child, address, lines }
    }

    /// The address in the next ready line, for `all`.
    pub(crate) fn next_ready(&mut self, kind: &str) -> SocketAddr {
        ready(&mut self.lines, kind)
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on a connection of its own.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.connect().send("GET", path, &[], None)
    }

    /// One JSON request on a connection of its own.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.connect().send("POST", path, &[], Some(body))
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status().expect("kill runs");
        assert!(status.success());
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_katydid-target"))
}

fn ready(lines: &mut impl BufRead, kind: &str) -> SocketAddr {
    let mut line = String::new();
    lines.read_line(&mut line).expect("a ready line");
    let rest = line.strip_prefix("listening on http://").expect("the ready line");
    let (address, name) = rest.split_once(' ').expect("an address and a name");
    if kind != "all" {
        assert_eq!(name.trim(), format!("({kind})"));
    }
    address.parse().expect("an address")
}

/// A connection that can be used again.
pub(crate) struct Client(pub(crate) BufReader<TcpStream>);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self(BufReader::new(stream))
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        head: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        self.try_send(method, path, head, body).expect("an answer")
    }

    pub(crate) fn try_send(
        &mut self,
        method: &str,
        path: &str,
        head: &[(&str, &str)],
        body: Option<&str>,
    ) -> std::io::Result<Answer> {
        self.0.get_mut().write_all(&request(method, path, head, body))?;
        let mut answer = self.read_head()?;
        let without_body = method == "HEAD" || matches!(answer.status, 101 | 202 | 204 | 304);
        answer.body = match answer.header("transfer-encoding") {
            _ if without_body => Vec::new(),
            Some("chunked") => self.read_chunks()?,
            _ => self.read_sized(&answer)?,
        };
        Ok(answer)
    }

    pub(crate) fn read_head(&mut self) -> std::io::Result<Answer> {
        let line = self.line()?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other(format!("no status line: {line:?}")))?;
        let mut head = Vec::new();
        while let Some((name, value)) = self.line()?.split_once(": ") {
            head.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Ok(Answer { status, head, body: Vec::new() })
    }

    fn read_sized(&mut self, answer: &Answer) -> std::io::Result<Vec<u8>> {
        let size = answer.header("content-length").map_or(0, |size| size.parse().expect("a length"));
        let mut body = vec![0; size];
        self.0.read_exact(&mut body)?;
        Ok(body)
    }

    fn read_chunks(&mut self) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).expect("a chunk size");
            let start = body.len();
            body.resize(start + size, 0);
            self.0.read_exact(&mut body[start..])?;
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut bytes = Vec::new();
        self.0.read_until(b'\n', &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }
}

pub(crate) fn request(method: &str, path: &str, head: &[(&str, &str)], body: Option<&str>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in head {
        text += &format!("{name}: {value}\r\n");
    }
    if let Some(body) = body {
        text += &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    }
    (text + "\r\n" + body.unwrap_or("")).into_bytes()
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    /// The data of server-sent events, one string for each.
    pub(crate) fn events(&self) -> Vec<String> {
        assert_eq!(self.header("content-type"), Some("text/event-stream"));
        let data =
            |event: &str| event.lines().find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
        self.text().split("\n\n").filter_map(data).collect()
    }
}
