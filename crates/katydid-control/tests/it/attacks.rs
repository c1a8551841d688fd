//! The attack table: what others try, and that it is refused or harmless.

use katydid_control::command::Kind;
use katydid_control::{Flask, Settings};

use crate::client::{address, ask, ask_as, exchange, get};
use crate::users::{EVIL, running};

const READS: [&str; 12] = [
    "/",
    "/stats/requests",
    "/stats/requests/csv",
    "/exceptions",
    "/tasks",
    "/logs",
    "/api/v1/run",
    "/api/v1/stats",
    "/api/v1/config",
    "/api/v1/history",
    "/api/v1/openapi.json",
    "/no/such/path",
];

#[test]
fn a_rebound_name_reads_and_changes_nothing() {
    let (control, users) = running(Settings::default());
    control.use_flask(Flask::Unknown);
    let port = address(&control).port();
    for host in
        ["evil.example".to_owned(), format!("evil.example:{port}"), format!("127.0.0.1.evil.example:{port}")]
    {
        let host = format!("Host: {host}");
        for path in READS {
            let answer = ask_as(&control, &format!("GET {path}"), &[&host], "");
            assert_eq!(answer.status, 403, "{path} as {host}");
            assert!(!answer.body.contains("running") && !answer.body.contains("evil"));
        }
        assert_eq!(ask_as(&control, "POST /swarm", &[&host], "user_count=1").status, 403);
    }
    let two = [format!("Host: 127.0.0.1:{port}"), "Host: evil.example".to_owned()];
    assert_ne!(ask_as(&control, "GET /stop", &[&two[0], &two[1]], "").status, 200);
    assert_ne!(ask_as(&control, "GET /stop", &[], "").status, 200, "no name at all");
    let absolute = ask_as(&control, "GET http://evil.example/stop", &["Host: evil.example"], "");
    assert_ne!(absolute.status, 200);
    let ours = format!("Host: 127.0.0.1:{port}");
    let absolute = ask_as(&control, "GET http://evil.example/stop", &[&ours], "");
    assert_eq!(absolute.status, 403, "two names, of which one is foreign");
    assert_eq!(ask_as(&control, "CONNECT evil.example:80", &[&ours], "").status, 403);
    assert_eq!(users.kinds(), []);
}

#[test]
fn a_program_without_names_is_let_in() {
    let (control, _users) = running(Settings::default());
    assert_eq!(exchange(&control, b"GET /tasks HTTP/1.0\r\n\r\n").status, 200, "HTTP/1.0 has no Host");
    let rebound = exchange(&control, b"GET /tasks HTTP/1.0\r\nHost: evil.example\r\n\r\n");
    assert_eq!(rebound.status, 403);
    assert_eq!(exchange(&control, b"OPTIONS * HTTP/1.0\r\n\r\n").status / 100, 4, "there is no such path");
}

#[test]
fn a_foreign_page_changes_nothing() {
    let (control, users) = running(Settings::default());
    control.use_flask(Flask::Unknown);
    let changes = [
        "POST /swarm",
        "POST /user",
        "GET /stop",
        "HEAD /stop",
        "GET /stats/reset",
        "POST /api/v1/run",
        "PATCH /api/v1/run",
        "POST /api/v1/run/stop",
        "POST /api/v1/run/reset",
        "POST /api/v1/users",
        "POST /made/by/a/locustfile",
        "DELETE /made/by/a/locustfile",
    ];
    let signs = [
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: http://127.0.0.1:1",
        "Referer: http://evil.example/page",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ];
    for change in changes {
        for sign in signs {
            let answer = ask(&control, change, &[sign], "");
            assert_eq!(answer.status, 403, "{change} with {sign}");
        }
    }
    for picture in ["GET /stop", "GET /stats/reset"] {
        let browser = ["User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "Accept: image/avif,image/webp"];
        assert_eq!(ask(&control, picture, &browser, "").status, 403, "{picture} as an <img>");
    }
    assert_eq!(users.kinds(), []);
}

#[test]
fn our_page_and_programs_change_the_run() {
    let (control, users) = running(Settings::default());
    let ours = format!("Origin: http://{}", address(&control));
    let referer = format!("Referer: http://{}/", address(&control));
    assert_eq!(
        ask(&control, "POST /swarm", &[&ours, "Sec-Fetch-Site: same-origin"], "user_count=1").status,
        200
    );
    assert_eq!(ask(&control, "GET /stop", &[&referer, "User-Agent: Mozilla/5.0"], "").status, 200);
    assert_eq!(ask(&control, "GET /stop", &["User-Agent: curl/8.14"], "").status, 200);
    assert_eq!(ask(&control, "POST /api/v1/run/stop", &[], "").status, 200);
    assert_eq!(users.kinds().len(), 4);
}

#[test]
fn no_answer_may_be_read_by_other_sites() {
    let (control, _users) = running(Settings::default());
    for path in READS {
        let answer = ask(&control, &format!("GET {path}"), &["Origin: http://evil.example"], "");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
        let framing = answer.header("content-security-policy").or(answer.header("x-frame-options"));
        assert!(
            framing.is_some_and(|policy| policy.contains("frame-ancestors 'none'") || policy == "sameorigin")
        );
    }
    let preflight = ["Origin: http://evil.example", "Access-Control-Request-Method: PATCH"];
    let answer = ask(&control, "OPTIONS /api/v1/run", &preflight, "");
    assert!(!answer.head.contains("access-control"), "{}", answer.head);
}

#[test]
fn without_credentials_nothing_is_said() {
    let settings = Settings {
        basic_auth: Some("ann:secret".into()),
        bearer_tokens: vec!["t0ken".into()],
        ..Settings::default()
    };
    let (control, users) = running(settings);
    control.use_flask(Flask::Unknown);
    let wrong = [
        "X-Nothing: 1",
        "Authorization: Basic YW5uOndyb25n",
        "Authorization: Basic !!!",
        "Authorization: Basic",
        "Authorization: Bearer wrong",
        "Authorization: Bearer ",
        "Cookie: session=ann",
    ];
    for line in wrong {
        for path in READS {
            let answer = ask(&control, &format!("GET {path}"), &[line], "");
            assert_eq!(answer.status, 401, "{path} with {line}");
            assert!(answer.header("www-authenticate").is_some_and(|asks| asks.starts_with("basic realm=")));
            assert!(!answer.body.contains("running"));
        }
        assert_eq!(ask(&control, "POST /swarm", &[line], "user_count=1").status, 401);
        assert_eq!(ask(&control, "GET /assets/x.js", &[line], "").status, 401);
        assert_eq!(ask(&control, "GET /api/v1/events", &[line], "").status, 401);
    }
    assert_eq!(users.kinds(), []);
    for right in ["Authorization: Basic YW5uOnNlY3JldA==", "Authorization: Bearer t0ken"] {
        assert_eq!(ask(&control, "GET /stats/requests", &[right], "").status, 200, "{right}");
        let forged = ask(&control, "GET /stop", &[right, "Origin: http://evil.example"], "");
        assert_eq!(forged.status, 403, "the browser's memory of a password does not help a foreign page");
    }
}

#[test]
fn paths_lead_nowhere_else() {
    let (control, users) = running(Settings::default());
    let tricks = [
        "/assets/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/assets/%2e%2e%2findex.html",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/..%5c..%5cCargo.toml",
        "/assets/%00",
        "/assets/x%00.js",
        "/assets/%ff%fe",
        "/../etc/passwd",
        "/%2e%2e/etc/passwd",
        "//stop",
        "/stop/",
        "/./stop",
        "/x/../stop",
        "/%2fstop",
        "/STOP",
        "/stats/../stop",
        "/api/v1/../../stop",
        "/stats/requests/csv/",
    ];
    for path in tricks {
        let answer = get(&control, path);
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        assert!(!answer.body.contains("[package]") && !answer.body.contains("root:"), "{path}");
    }
    assert_eq!(users.kinds(), []);
}

#[test]
fn script_in_names_and_messages_stays_text() {
    let (control, _users) = running(Settings::default());
    let page = get(&control, "/");
    assert_eq!(page.status, 200);
    assert!(!page.body.contains(EVIL), "the page's data is escaped");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self';") && !policy.contains("script-src 'self' 'unsafe-inline'"));
    for path in ["/stats/requests", "/exceptions", "/api/v1/stats", "/api/v1/errors", "/api/v1/exceptions"] {
        assert_eq!(get(&control, path).header("content-type"), Some("application/json"), "{path}");
    }
    for path in ["/stats/requests/csv", "/stats/failures/csv", "/exceptions/csv"] {
        let answer = get(&control, path);
        assert_eq!(answer.header("content-type"), Some("text/csv"), "{path}");
        assert!(answer.header("content-disposition").is_some_and(|kind| kind.starts_with("attachment")));
    }
    let reflected = get(&control, "/%3Cscript%3Ealert(1)%3C/script%3E?x=<script>");
    assert!(!reflected.body.contains("alert"), "{}", reflected.body);
}

#[test]
fn secrets_are_masked() {
    let (control, _users) = running(Settings::default());
    for path in ["/", "/api/v1/config"] {
        let answer = get(&control, path);
        assert_eq!(answer.status, 200);
        assert!(!answer.body.contains("hunter2"), "{path}");
    }
}

#[test]
fn headers_cannot_be_split() {
    let (control, _users) = running(Settings { base_path: "/lo".into(), ..Settings::default() });
    for path in ["/lo?%0d%0aSet-Cookie:%20a=b", "/lo%0d%0aX:%20y"] {
        assert!(!get(&control, path).head.contains("\r\nset-cookie"), "{path}");
    }
    control
        .publish("run", br#"{"state": "running", "download_name": "a\r\nSet-Cookie: b=c"}"#)
        .expect("JSON");
    let answer = get(&control, "/lo/stats/requests/csv");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("set-cookie"), None);
}

#[test]
fn requests_that_are_none_are_refused() {
    let (control, users) = running(Settings::default());
    let host = format!("Host: {}\r\nConnection: close\r\n", address(&control));
    let table = [
        "GARBAGE\r\n\r\n".to_owned(),
        format!("GET /stop HTTP/9.9\r\n{host}\r\n"),
        format!("POST /swarm HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        format!("POST /swarm HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n"),
        format!("POST /swarm HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n"),
        format!("GET /stop HTTP/1.1\r\n{host}Bad Header: x\r\n\r\n"),
        format!("GET /stop HTTP/1.1\r\n{host}X: a\u{0}b\r\n\r\n"),
        format!("GET /st\u{7}op HTTP/1.1\r\n{host}\r\n"),
    ];
    for text in table {
        let answer = exchange(&control, text.as_bytes());
        assert_eq!(answer.status, 400, "{text}");
    }
    assert_eq!(users.kinds(), []);
}

#[test]
fn a_second_request_cannot_hide_in_a_body() {
    let (control, users) = running(Settings::default());
    let hidden = format!("GET /stop HTTP/1.1\r\nHost: {}\r\n\r\n", address(&control));
    let both = format!(
        "POST /swarm HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{hidden}\r\n0\r\n\r\n",
        address(&control),
        hidden.len()
    );
    exchange(&control, both.as_bytes());
    assert!(!users.kinds().contains(&Kind::Stop), "{:?}", users.kinds());
}
