//! What each route answers.

use katydid_control::command::{Kind, Reply};
use katydid_control::{Flask, Settings};
use serde_json::json;

use crate::client::{ask, get};
use crate::users::{EVIL, Users, publish, running, server};

#[test]
fn statistics_have_locusts_keys() {
    let (control, _users) = running(Settings::default());
    let answer = get(&control, "/stats/requests");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert!(answer.body.starts_with("{\n  \"current_fail_per_sec\": ") && answer.body.ends_with("}\n"));
    let json = answer.json();
    let keys: Vec<_> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "current_fail_per_sec",
            "current_response_time_percentiles",
            "current_rps",
            "errors",
            "fail_ratio",
            "state",
            "stats",
            "total_fail_per_sec",
            "total_rps",
            "user_count"
        ]
    );
    let rows = json["stats"].as_array().expect("rows");
    let names: Vec<_> = rows.iter().map(|row| (row["name"].as_str(), row["method"].as_str())).collect();
    assert_eq!(
        names,
        [
            (Some("/a"), Some("GET")),
            (Some("/b"), Some("GET")),
            (Some(EVIL), Some("POST")),
            (Some("Aggregated"), Some(""))
        ]
    );
    let row = &rows[0];
    assert_eq!(
        [
            &row["num_requests"],
            &row["min_response_time"],
            &row["max_response_time"],
            &row["median_response_time"]
        ],
        [&json!(2), &json!(2.0), &json!(5.0), &json!(2)]
    );
    assert_eq!(row["response_time_percentile_0.95"], 4.5);
    assert_eq!(row["requests_per_second"], row["total_rps"]);
    let current = &json["current_response_time_percentiles"];
    assert_eq!(current["response_time_percentile_0.5"], 4.5);
    let error = &json["errors"][0];
    assert_eq!([&error["occurrences"], &error["first_seen"]], [&json!(1), &json!(105.0)]);
}

#[test]
fn without_a_runner_there_are_no_numbers() {
    let (control, _users) = running(Settings::default());
    control.publish("run", br#"{"state": "missing"}"#).expect("JSON");
    let json = get(&control, "/stats/requests").json();
    assert_eq!(json["state"], "missing");
    assert!(json.get("current_response_time_percentile_1").is_some_and(|value| value.is_null()));
}

#[test]
fn a_master_lists_its_workers_and_a_pause_is_running_to_locust() {
    let (control, _users) = running(Settings::default());
    control.publish("run", br#"{"state": "paused", "is_distributed": true}"#).expect("JSON");
    control.publish("workers", br#"{"workers": [{"id": "w"}], "worker_count": 1}"#).expect("JSON");
    let json = get(&control, "/stats/requests").json();
    assert_eq!(
        [&json["state"], &json["worker_count"], &json["workers"][0]["id"]],
        ["running", "1", "w"]
            .map(|text| { text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)) })
            .each_ref()
    );
    assert_eq!(get(&control, "/worker-count").json(), json!({ "worker_count": 1 }));
}

#[test]
fn tables_are_files_to_be_saved() {
    let (control, _users) = running(Settings::default());
    let table = [
        ("/stats/requests/csv", "requests", "Type,Name,Request Count,Failure Count,Median Response Time"),
        ("/stats/failures/csv", "failures", "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n"),
        ("/exceptions/csv", "exceptions", "Count,Message,Traceback,Nodes\r\n"),
    ];
    for (path, kind, head) in table {
        let answer = get(&control, path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/csv")), "{path}");
        let name = format!("attachment;filename=locust_x_f.py_{kind}.csv");
        assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
        assert!(answer.body.starts_with(head), "{}", answer.body);
    }
    let missing = get(&control, "/stats/requests_full_history/csv");
    assert_eq!(missing.status, 404);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "Timestamp\r\n1\r\n").expect("content");
    control.offer_history_file(Some(file.path().to_owned()));
    let found = get(&control, "/stats/requests_full_history/csv");
    assert_eq!((found.status, found.body.as_str()), (200, "Timestamp\r\n1\r\n"));
    let tag = format!("If-None-Match: {}", found.header("etag").expect("a tag"));
    assert_eq!(ask(&control, "GET /stats/requests_full_history/csv", &[&tag], "").status, 304);
}

#[test]
fn exceptions_tasks_and_logs_are_those_that_were_published() {
    let (control, _users) = running(Settings::default());
    let exception = get(&control, "/exceptions").json()["exceptions"][0].clone();
    assert_eq!([&exception["count"], &exception["nodes"]], [&json!(2), &json!("a, b")]);
    assert_eq!(exception["msg"], EVIL);
    assert_eq!(get(&control, "/tasks").json(), json!({ "per_class": {}, "total": {} }));
    assert_eq!(get(&control, "/logs").json(), json!({ "master": ["one"], "workers": {} }));
    assert_eq!(get(&control, "/api/v1/exceptions").json()["exceptions"][0]["nodes"], json!(["a", "b"]));
}

#[test]
fn what_changes_the_run_goes_to_the_users_thread() {
    let (control, users) = running(Settings::default());
    let form = "Content-Type: application/x-www-form-urlencoded";
    let table = [
        ("POST /swarm", "user_count=10&spawn_rate=2", Kind::Swarm),
        ("GET /stop", "", Kind::Stop),
        ("GET /stats/reset", "", Kind::Reset),
        ("POST /user", "{}", Kind::User),
        ("GET /stats/report?theme=dark", "", Kind::Report),
        ("POST /api/v1/run", "{}", Kind::Start),
        ("PATCH /api/v1/run", "{}", Kind::Change),
        ("POST /api/v1/run/stop", "", Kind::Stop),
        ("POST /api/v1/run/pause", "", Kind::Pause),
        ("POST /api/v1/run/resume", "", Kind::Resume),
        ("POST /api/v1/users", "{}", Kind::User),
        ("GET /api/v1/samples/7", "", Kind::Sample),
    ];
    for (request, body, kind) in table {
        let answer = ask(&control, request, &[form], body);
        assert_eq!(answer.status, 200, "{request}");
        assert_eq!(answer.json(), json!({ "kind": kind.name(), "body": body }), "{request}");
    }
    assert_eq!(users.kinds(), table.map(|(_, _, kind)| kind));
    let reset = ask(&control, "POST /api/v1/run/reset", &[], "").json();
    assert_eq!(reset["success"], true);
}

#[test]
fn our_api_says_null_for_what_does_not_exist() {
    let (control, _users) = running(Settings::default());
    let stats = get(&control, "/api/v1/stats").json();
    let entry = &stats["entries"][0];
    assert_eq!([&entry["name"], &entry["status"]], [&json!("/a"), &json!({ "200": 2 })]);
    assert_eq!([&entry["percentiles"]["0.999"], &entry["percentiles"]["1"]], [&json!(4.5), &json!(4.5)]);
    let mut empty = katydid_stats::RunStats::new(1.0);
    empty.entry("GET", "/nothing");
    control.publish_stats(&empty, 2.0);
    let entry = get(&control, "/api/v1/stats").json()["entries"][0].clone();
    for key in ["avg_ms", "min_ms", "max_ms", "median_ms", "avg_bytes"] {
        assert!(entry[key].is_null(), "{key}");
    }
    assert!(entry["percentiles"]["0.5"].is_null());
    let run = get(&control, "/api/v1/run").json();
    assert_eq!([&run["state"], &run["generator"]["limited"]], [&json!("running"), &json!(false)]);
    assert!(run["generator"]["lag_p99_ms"].is_null());
}

#[test]
fn history_and_histogram() {
    let (control, _users) = running(Settings::default());
    control.mark(104.0, "start", "go");
    let mut stats = katydid_stats::RunStats::new(100.0);
    control.publish_stats(&stats, 105.0);
    let id = stats.entry("GET", "/a");
    stats.record(id, &katydid_stats::Sample::new(105.5, Some(1.0), 1));
    control.publish_stats(&stats, 106.0);
    let history = get(&control, "/api/v1/history?since=105").json();
    assert_eq!(history["points"][0]["heat"], json!([[8, 1]]));
    assert_eq!(history["points"][0]["users"], 3);
    assert_eq!([&history["marks"], &history["heat"]["per_octave"]], [&json!([]), &json!(4)]);
    assert_eq!(get(&control, "/api/v1/history").json()["marks"][0]["kind"], "start");
    assert_eq!(get(&control, "/api/v1/history?since=106").json()["points"], json!([]));
    assert_eq!(get(&control, "/api/v1/histogram").json()["count"], 1);
    assert_eq!(get(&control, "/api/v1/histogram?method=GET&name=/a").status, 503, "not published yet");
    control.publish_stats(&stats, 107.0);
    assert_eq!(get(&control, "/api/v1/histogram?method=GET&name=/a").json()["buckets"], json!([[1000, 1]]));
    assert_eq!(get(&control, "/api/v1/histogram?method=GET&name=/zzz").status, 404);
    for wrong in ["/api/v1/history?since=yesterday", "/api/v1/history?since=1&since=2"] {
        let refused = get(&control, wrong);
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(refused.json()["error"].as_str().is_some_and(|text| text.contains("since")), "{wrong}");
    }
}

#[test]
fn the_description_is_served() {
    let (control, _users) = running(Settings::default());
    let description = get(&control, "/api/v1/openapi.json").json();
    assert_eq!(description["openapi"], "3.1.0");
    assert!(description["paths"]["/swarm"]["post"].is_object());
}

#[test]
fn a_base_path_moves_everything() {
    let (control, _users) = running(Settings { base_path: "/lo/".into(), ..Settings::default() });
    let moved = get(&control, "/lo?a=b");
    assert_eq!((moved.status, moved.header("location")), (308, Some("/lo/?a=b")));
    assert_eq!(get(&control, "/").status, 404);
    assert_eq!(get(&control, "/stats/requests").status, 404);
    assert_eq!(get(&control, "/lo/stats/requests").status, 200);
    assert_eq!(get(&control, "/lo/").status, 200);
    let login = get(&control, "/lo/login");
    assert_eq!((login.status, login.header("location")), (302, Some("/lo/")));
}

#[test]
fn wrong_methods_are_told_the_right_ones() {
    let (control, users) = running(Settings::default());
    for (request, allowed) in [("GET /swarm", "options, post"), ("POST /stop", "get, head, options")] {
        let answer = ask(&control, request, &[], "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{request}");
    }
    let options = ask(&control, "OPTIONS /swarm", &[], "");
    assert_eq!((options.status, options.body.as_str()), (200, ""));
    assert_eq!(ask(&control, "HEAD /stats/requests", &[], "").body, "");
    assert_eq!(users.kinds(), []);
}

#[test]
fn unknown_paths_are_flasks_if_there_is_one() {
    let (control, users) = running(Settings::default());
    assert_eq!(get(&control, "/mine").status, 404);
    control.use_flask(Flask::Unknown);
    assert_eq!(get(&control, "/mine").json()["kind"], "flask");
    assert!(get(&control, "/tasks").json()["per_class"].is_object(), "what is known is answered here");
    control.use_flask(Flask::Everything);
    assert_eq!(get(&control, "/tasks").json()["kind"], "flask");
    assert_eq!(get(&control, "/swarm").json()["kind"], "flask");
    assert_eq!(get(&control, "/api/v1/run").json()["state"], "running");
    assert_eq!(get(&control, "/assets/none").status, 404);
    assert_eq!(users.kinds(), [Kind::Flask; 3]);
}

#[test]
fn with_a_login_only_those_get_on_who_have_logged_in() {
    let control = server(Settings { is_login_on: true, ..Settings::default() });
    publish(&control);
    let redirect = Reply {
        status: 302,
        headers: vec![("Location".into(), "/login?next=%2F".into())],
        ..Reply::default()
    };
    let users = Users::start(&control, move |kind, _| (kind == Kind::Authorize).then(|| redirect.clone()));
    let page = get(&control, "/tasks");
    assert_eq!((page.status, page.header("location")), (302, Some("/login?next=%2f")));
    let program = get(&control, "/api/v1/run");
    assert_eq!(program.status, 401);
    assert!(!program.body.contains("running"));
    assert_eq!(ask(&control, "POST /swarm", &[], "user_count=1").status, 302);
    assert_eq!(get(&control, "/login").json()["kind"], "login");
    assert_eq!(get(&control, "/assets/none").status, 404, "the form may load its files");
    assert!(!users.kinds().contains(&Kind::Swarm));
    drop(users);
    let users = Users::start(&control, |kind, _| {
        (kind == Kind::Authorize).then(|| Reply { status: 204, ..Reply::default() })
    });
    let cookie = ["Cookie: session=good"];
    assert_eq!(ask(&control, "GET /tasks", &cookie, "").status, 200);
    assert_eq!(ask(&control, "GET /logs", &cookie, "").status, 200);
    assert_eq!(users.kinds(), [Kind::Authorize], "somebody who is known is not asked for twice");
}

#[test]
fn the_users_thread_reads_the_same_answers_without_waiting() {
    let (control, _users) = running(Settings::default());
    let (status, headers, body) = control.answer("GET", "/stats/requests");
    assert_eq!(status, 200);
    assert!(headers.contains(&("content-type".into(), "application/json".into())));
    assert_eq!(String::from_utf8_lossy(&body), get(&control, "/stats/requests").body);
    assert_eq!(control.answer("POST", "/swarm").0, 503, "it cannot ask itself");
    assert_eq!(control.answer("GET", "/nowhere").0, 404);
    assert_eq!(control.answer("GET", "no target at all").0, 400);
}
