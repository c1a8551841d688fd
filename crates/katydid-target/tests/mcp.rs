//! The contract of the MCP gateway.

mod support;

use serde_json::{Value, json};
use std::io::Write;
use support::{Answer, Target, request};

const KINDS: [&str; 6] = ["servers", "tools", "resources", "prompts", "gateways", "teams"];

struct Mcp(Target);

impl Mcp {
    fn start(options: &[&str]) -> Self {
        Self(Target::start("mcp", &[&["--token", "secret"], options].concat()))
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(Value::to_string);
        self.0.connect().send(method, path, &[("authorization", "Bearer secret")], body.as_deref())
    }

    fn rpc(&self, method: &str, params: &Value) -> Value {
        let call = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        let answer = self.send("POST", "/rpc", Some(&call));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let reply = answer.json();
        assert_eq!((&reply["jsonrpc"], &reply["id"]), (&json!("2.0"), &json!(7)));
        reply
    }
}

#[test]
fn only_health_and_login_are_open() {
    let mcp = Mcp::start(&[]);
    assert_eq!(mcp.0.get("/health").status, 200);
    for head in [
        &[][..],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer wrong")],
        &[("authorization", "Basic secret")],
    ] {
        let refused = mcp.0.connect().send("GET", "/tools", head, None);
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")), "{head:?}");
    }
    assert_eq!(mcp.send("GET", "/tools", None).status, 200);
}

#[test]
fn a_login_gives_a_token_that_opens() {
    let mcp = Mcp::start(&[]);
    let answer = mcp.0.post("/auth/login", r#"{"email": "ada@example.com", "password": "x"}"#);
    let token = format!("Bearer {}", answer.json()["access_token"].as_str().expect("a token"));
    assert_eq!(mcp.0.connect().send("GET", "/teams/", &[("authorization", &token)], None).status, 200);
    assert_eq!(mcp.0.post("/auth/login", r#"{"username": "ada", "password": ""}"#).status, 401);
    assert_eq!(mcp.0.post("/auth/login", "{}").status, 422);
}

#[test]
fn every_kind_can_be_created_read_changed_switched_and_deleted() {
    let mcp = Mcp::start(&["--latency", "commit=fixed:0ms"]);
    for kind in KINDS {
        let created =
            mcp.send("POST", &format!("/{kind}/"), Some(&json!({ "name": "mine", "visibility": "private" })));
        assert_eq!(created.status, 201, "{kind}");
        let created = created.json();
        assert_eq!((&created["version"], &created["visibility"]), (&json!(1), &json!("private")));
        let path = format!("/{kind}/{}", created["id"].as_str().expect("an id"));
        assert_eq!(mcp.send("GET", &path, None).json(), created);
        let changed = mcp.send("PUT", &path, Some(&json!({ "description": "new", "version": 1 }))).json();
        assert_eq!(
            (&changed["version"], &changed["description"], &changed["name"]),
            (&json!(2), &json!("new"), &json!("mine"))
        );
        let switched = mcp.send("POST", &format!("{path}/state?activate=false"), None).json();
        assert_eq!((&switched["enabled"], &switched["version"]), (&json!(false), &json!(3)));
        assert_eq!(mcp.send("POST", &format!("{path}/state"), None).json()["enabled"], true);
        let listed = mcp.send("GET", &format!("/{kind}?limit=100"), None).json();
        assert_eq!(listed["total"], 6, "five from the start and this one");
        assert_eq!(mcp.send("DELETE", &path, None).status, 204);
        assert_eq!(mcp.send("DELETE", &path, None).status, 404);
        assert_eq!(mcp.send("GET", &path, None).status, 404);
    }
}

#[test]
fn a_stale_version_is_a_conflict() {
    let mcp = Mcp::start(&[]);
    let change = json!({ "name": "first", "version": 1 });
    assert_eq!(mcp.send("PUT", "/resources/1", Some(&change)).status, 200);
    let refused = mcp.send("PUT", "/resources/1", Some(&change));
    assert_eq!(refused.status, 409);
    assert_eq!(refused.json()["detail"], "resource 1 was changed meanwhile: version 2, not 1");
}

#[test]
fn of_two_switches_at_a_time_one_conflicts() {
    let mcp = Mcp::start(&["--latency", "commit=fixed:300ms"]);
    let call = request("POST", "/servers/1/state", &[("authorization", "Bearer secret")], Some(""));
    let mut clients = [mcp.0.connect(), mcp.0.connect()];
    for client in &mut clients {
        client.0.get_mut().write_all(&call).expect("sent");
    }
    let mut statuses = clients.map(|mut client| client.read_head().expect("an answer").status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(mcp.send("GET", "/servers/1", None).json()["version"], 2);
}

#[test]
fn json_rpc_speaks_the_protocols_methods() {
    let mcp = Mcp::start(&[]);
    assert_eq!(mcp.rpc("ping", &json!({}))["result"], json!({}));
    assert!(mcp.rpc("initialize", &json!({}))["result"]["capabilities"]["tools"].is_object());
    for (method, list) in
        [("tools/list", "tools"), ("resources/list", "resources"), ("prompts/list", "prompts")]
    {
        assert_eq!(
            mcp.rpc(method, &json!({}))["result"][list].as_array().expect("a list").len(),
            5,
            "{method}"
        );
    }
    let called = mcp.rpc("tools/call", &json!({ "name": "tool-1", "arguments": { "x": 1 } }));
    assert_eq!(called["result"]["content"][0]["text"], r#"{"x":1}"#);
    assert!(mcp.rpc("resources/read", &json!({ "uri": "katydid://1" }))["result"]["contents"].is_array());
    assert!(mcp.rpc("prompts/get", &json!({ "name": "prompt-1" }))["result"]["messages"].is_array());
}

#[test]
fn json_rpc_errors_carry_their_codes() {
    let mcp = Mcp::start(&[]);
    assert_eq!(mcp.rpc("tools/fly", &json!({}))["error"]["code"], -32601);
    assert_eq!(mcp.rpc("tools/call", &json!({ "name": "nothing" }))["error"]["code"], -32602);
    assert_eq!(mcp.rpc("tools/call", &json!({}))["error"]["code"], -32602);
    assert_eq!(mcp.send("POST", "/rpc", Some(&json!({ "id": 1 }))).json()["error"]["code"], -32600);
    assert_eq!(mcp.send("POST", "/rpc", Some(&json!([1]))).json()["error"]["code"], -32600);
    let broken = mcp.0.connect().send("POST", "/rpc", &[("authorization", "Bearer secret")], Some("{"));
    assert_eq!((broken.status, &broken.json()["error"]["code"]), (400, &json!(-32700)));
    let notified =
        mcp.send("POST", "/rpc", Some(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })));
    assert_eq!((notified.status, notified.body.len()), (202, 0));
}

#[test]
fn mistakes_get_the_status_that_an_api_would_give() {
    let mcp = Mcp::start(&[]);
    assert_eq!(mcp.send("GET", "/spells", None).status, 404);
    assert_eq!(mcp.send("POST", "/tools", Some(&json!({}))).status, 422);
    assert_eq!(mcp.send("POST", "/tools", Some(&json!({ "name": " " }))).status, 422);
    assert_eq!(mcp.send("POST", "/tools", Some(&json!({ "name": "x".repeat(70_000) }))).status, 413);
    assert_eq!(mcp.send("PUT", "/tools/999", Some(&json!({}))).status, 404);
    assert_eq!(mcp.send("POST", "/tools/999/state", None).status, 404);
}
