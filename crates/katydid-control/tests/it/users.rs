//! A users' thread for tests: answers every command with what it was.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use katydid_control::command::{Kind, Reply};
use katydid_control::{Control, Settings};
use katydid_stats::{RunStats, Sample};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::oneshot;

/// The thread; it ends when this is dropped.
pub(crate) struct Users {
    pub(crate) seen: Arc<Mutex<Vec<(Kind, String)>>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Users {
    /// Answers with a JSON of kind and body, or with what `answer` says.
    pub(crate) fn start(
        control: &Arc<Control>,
        answer: impl Fn(Kind, &str) -> Option<Reply> + Send + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = oneshot::channel();
        let (control, log) = (Arc::clone(control), Arc::clone(&seen));
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    () = serve(&control, &log, answer) => {}
                }
            });
        });
        Self { seen, end: Some(end), thread: Some(thread) }
    }

    pub(crate) fn kinds(&self) -> Vec<Kind> {
        self.seen.lock().expect("the log").iter().map(|(kind, _)| *kind).collect()
    }
}

async fn serve(
    control: &Control,
    log: &Mutex<Vec<(Kind, String)>>,
    answer: impl Fn(Kind, &str) -> Option<Reply>,
) {
    let descriptor = control.descriptor().try_clone_to_owned().expect("a descriptor to watch");
    let descriptor = UnixStream::from_std(descriptor.into()).expect("it is a socket");
    loop {
        descriptor.readable().await.expect("readiness");
        // The server's half empties the socket; this says that it did.
        let _ = descriptor.try_io(Interest::READABLE, || Err::<(), _>(ErrorKind::WouldBlock.into()));
        for command in control.take() {
            let body = String::from_utf8_lossy(&command.body).into_owned();
            if command.kind != Kind::Publish {
                log.lock().expect("the log").push((command.kind, body.clone()));
            }
            let reply = answer(command.kind, &body).unwrap_or_else(|| Reply {
                status: 200,
                headers: vec![("Content-Type".into(), "application/json".into())],
                body: serde_json::json!({ "kind": command.kind.name(), "body": body }).to_string().into(),
            });
            command.reply(reply);
        }
    }
}

impl Drop for Users {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A server on a free port of this machine.
pub(crate) fn server(settings: Settings) -> Arc<Control> {
    Arc::new(Control::start(Settings { host: "127.0.0.1".into(), ..settings }).expect("a server"))
}

/// A server that has numbers, and a users' thread that answers as it was asked.
pub(crate) fn running(settings: Settings) -> (Arc<Control>, Users) {
    let control = server(settings);
    publish(&control);
    let users = Users::start(&control, |_, _| None);
    (control, users)
}

/// Three names, one of which means harm, and a failure that does.
pub(crate) fn stats() -> RunStats {
    let mut stats = RunStats::new(100.0);
    stats.keep_windows(10, false);
    for (method, name) in [("GET", "/b"), ("GET", "/a"), ("POST", EVIL)] {
        let id = stats.entry(method, name);
        for ms in [2.0, 4.5] {
            stats.record(id, &Sample { status: Some(200), ..Sample::new(105.0, Some(ms), 100) });
        }
    }
    let id = stats.entry("POST", EVIL);
    stats.record_failure(id, EVIL, 105.0);
    stats
}

/// A name and a message that mean harm.
pub(crate) const EVIL: &str = "</script><script>alert(1)</script>&\"'";

pub(crate) fn publish(control: &Control) {
    let documents = [
        (
            "run",
            r#"{"state": "running", "user_count": 3, "is_distributed": false, "download_name": "Locust_x_f.py"}"#,
        ),
        ("config", r#"{"extra_options": {"key": {"is_secret": true, "default_value": "hunter2"}}}"#),
        ("tasks", r#"{"per_class": {}, "total": {}}"#),
        ("logs", r#"{"master": ["one"], "workers": {}}"#),
        ("workers", r#"{"workers": [], "worker_count": 0}"#),
        ("samples", "[]"),
    ];
    for (name, json) in documents {
        control.publish(name, json.as_bytes()).expect("JSON");
    }
    let evil = serde_json::json!({ "exceptions": [
        { "count": 2, "message": EVIL, "traceback": "File x, line 1\n", "nodes": ["a", "b"] }
    ]});
    control.publish("exceptions", evil.to_string().as_bytes()).expect("JSON");
    let arguments = serde_json::json!({ "host": EVIL, "extra_options": {
        "key": { "is_secret": true, "default_value": "hunter2" }
    }});
    control.publish("template_args", arguments.to_string().as_bytes()).expect("JSON");
    control.publish_stats(&stats(), 106.0);
}
