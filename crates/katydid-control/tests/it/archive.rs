//! The routes about stored runs: what they ask an archive for, and what they make of its answers.

use std::sync::{Arc, Mutex};

use katydid_control::archive::{Answer, Comparison, Fault};
use katydid_control::{Archive, Control, Settings};
use serde_json::{Value, json};

use crate::client::{ask, ask_as, get};
use crate::users::server;

/// Says what it was asked, and refuses what its name tells it to.
#[derive(Debug, Default)]
struct Shelf {
    asked: Mutex<Vec<String>>,
}

impl Shelf {
    fn note(&self, question: String) -> Answer {
        let answer = match () {
            () if question.contains("nowhere") => Err(Fault::Missing("there is no run nowhere".into())),
            () if question.contains("wrong") => Err(Fault::Wrong("a baseline cannot be called so".into())),
            () if question.contains("torn") => Err(Fault::Broken("the store cannot be read".into())),
            () => {
                Ok(json!({ "asked": question, "stored": { "run": 7 }, "runs": [{ "run": 1 }, { "run": 2 }] }))
            }
        };
        self.asked.lock().expect("the log").push(question);
        answer
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the log").clone()
    }
}

impl Archive for Shelf {
    fn runs(&self, limit: u64) -> Answer {
        self.note(format!("runs {limit}"))
    }

    fn run(&self, run: &str) -> Answer {
        self.note(format!("run {run}"))
    }

    fn comparison(&self, asked: &Comparison) -> Answer {
        let allow = asked.allow.as_deref().unwrap_or("-");
        self.note(format!("compare {} {} {allow}", asked.before, asked.after))
    }

    fn set_baseline(&self, name: &str, run: &str) -> Answer {
        self.note(format!("name {name} {run}"))
    }

    fn remove_baseline(&self, name: &str) -> Answer {
        self.note(format!("unname {name}"))
    }

    fn remove(&self, run: &str) -> Answer {
        self.note(format!("remove {run}"))
    }
}

fn with_shelf(settings: Settings) -> (Arc<Control>, Arc<Shelf>) {
    let (control, shelf) = (server(settings), Arc::new(Shelf::default()));
    control.offer_archive(Arc::clone(&shelf) as Arc<dyn Archive>);
    (control, shelf)
}

#[test]
fn each_address_asks_what_it_says() {
    let (control, shelf) = with_shelf(Settings::default());
    for (request, body, question) in [
        ("GET /api/v1/runs", "", "runs 500"),
        ("GET /api/v1/runs?limit=3", "", "runs 3"),
        ("GET /api/v1/runs/12", "", "run 12"),
        ("GET /api/v1/runs/a%20%2Fb", "", "run a /b"),
        ("DELETE /api/v1/runs/12", "", "remove 12"),
        ("GET /api/v1/comparison?before=main&after=last", "", "compare main last -"),
        ("GET /api/v1/comparison?before=1&after=2&allow=50%25,100%25", "", "compare 1 2 50%,100%"),
        ("PUT /api/v1/baselines/main", r#"{"run": 12}"#, "name main 12"),
        ("PUT /api/v1/baselines/main", r#"{"run": "last"}"#, "name main last"),
        ("DELETE /api/v1/baselines/main", "", "unname main"),
    ] {
        let answer = ask(&control, request, &[], body);
        assert_eq!(answer.status, 200, "{request}: {}", answer.body);
        assert_eq!(answer.json()["asked"], question, "{request}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{request}");
    }
    assert_eq!(shelf.asked().len(), 10);
}

#[test]
fn a_refusal_is_one_line_with_its_status() {
    let (control, _shelf) = with_shelf(Settings::default());
    for (request, body, status) in [
        ("GET /api/v1/runs/nowhere", "", 404),
        ("GET /api/v1/runs/torn", "", 500),
        ("GET /api/v1/runs?limit=many", "", 400),
        ("GET /api/v1/runs?limit=-1", "", 400),
        ("GET /api/v1/runs/%ff", "", 400),
        ("GET /api/v1/comparison?before=1", "", 400),
        ("GET /api/v1/comparison?before=1&after=nowhere", "", 404),
        ("GET /api/v1/comparison/report?before=1&after=nowhere", "", 404),
        ("GET /api/v1/runs/nowhere/report", "", 404),
        ("PUT /api/v1/baselines/wrong", r#"{"run": 12}"#, 400),
        ("PUT /api/v1/baselines/main", "", 400),
        ("PUT /api/v1/baselines/main", r#"{"run": [1]}"#, 400),
        ("DELETE /api/v1/runs/nowhere", "", 404),
        ("POST /api/v1/runs/12", "{}", 405),
    ] {
        let answer = ask(&control, request, &[], body);
        assert_eq!(answer.status, status, "{request}: {}", answer.body);
        let told = answer.json()["error"].as_str().map(str::to_owned).expect("a reason");
        assert!(!told.is_empty() && !told.contains('\n'), "{request}: {told}");
    }
}

#[test]
fn where_no_runs_are_kept_that_is_said() {
    let control = server(Settings::default());
    let answer = get(&control, "/api/v1/runs");
    assert_eq!(
        (answer.status, answer.json()["error"].clone()),
        (404, json!("runs are not kept here: see --store"))
    );
}

#[test]
fn pages_of_others_read_and_change_nothing() {
    let (control, shelf) = with_shelf(Settings::default());
    let rebound = ask_as(&control, "GET /api/v1/runs", &["Host: evil.example"], "");
    assert_eq!(rebound.status, 403);
    let foreign = ["Origin: http://evil.example"];
    for (request, body) in [
        ("DELETE /api/v1/runs/12", ""),
        ("PUT /api/v1/baselines/main", r#"{"run": 12}"#),
        ("DELETE /api/v1/baselines/main", ""),
    ] {
        assert_eq!(ask(&control, request, &foreign, body).status, 403, "{request}");
    }
    assert_eq!(shelf.asked(), Vec::<String>::new());
}

#[test]
fn without_a_run_there_are_only_the_pages_about_stored_ones() {
    let settings = Settings { is_history_only: true, base_path: "/load".into(), ..Settings::default() };
    let (control, _shelf) = with_shelf(settings);
    let home = get(&control, "/load/");
    assert_eq!((home.status, home.header("location")), (307, Some("/load/history")));
    assert_eq!(get(&control, "/load/api/v1/runs").status, 200);
    assert_eq!(get(&control, "/load/history").status, 200);
    for request in [
        "POST /load/swarm",
        "GET /load/stop",
        "GET /load/stats/requests",
        "POST /load/api/v1/run",
        "GET /load/api/v1/events",
        "GET /load/metrics",
        "GET /load/login",
    ] {
        assert_eq!(ask(&control, request, &[], "").status, 404, "{request}");
    }
}

#[test]
fn who_has_no_password_reads_no_run() {
    let settings = Settings {
        is_history_only: true,
        basic_auth: Some("ann:secret".into()),
        bearer_tokens: vec!["t0ken".into()],
        ..Settings::default()
    };
    let (control, shelf) = with_shelf(settings);
    for path in ["/history", "/api/v1/runs", "/api/v1/runs/1", "/api/v1/comparison?before=1&after=2"] {
        assert_eq!(get(&control, path).status, 401, "{path}");
    }
    assert_eq!(shelf.asked(), Vec::<String>::new());
    let token = ["Authorization: Bearer t0ken"];
    assert_eq!(ask(&control, "GET /api/v1/runs", &token, "").status, 200);
}

#[test]
fn the_users_thread_is_not_made_to_read_the_store() {
    let (control, shelf) = with_shelf(Settings::default());
    let (status, _, body) = control.answer("GET", "/api/v1/runs/12");
    let told: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((status, shelf.asked().len()), (503, 0), "{told}");
}
