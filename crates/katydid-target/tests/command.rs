//! The program: its ready line, its end, its complaints.

mod support;

use std::io::{Read, Write};
use support::{Client, Target, command};

#[test]
fn a_signal_ends_it_gracefully_with_idle_connections_open() {
    for name in ["-INT", "-TERM"] {
        let mut shop = Target::start("shop", &[]);
        let mut client = shop.connect();
        assert_eq!(client.send("GET", "/health", &[], None).status, 200);
        shop.signal(name);
        assert_eq!(shop.child.wait().expect("an end").code(), Some(0), "{name}");
    }
}

#[test]
fn an_answer_under_way_is_finished() {
    let mut shop = Target::start("shop", &["--fault", "slow-body:500ms"]);
    let mut client = shop.connect();
    client.0.get_mut().write_all(&support::request("GET", "/health", &[], None)).expect("sent");
    assert_eq!(client.read_head().expect("a head").status, 200);
    shop.signal("-TERM");
    let mut body = String::new();
    client.0.read_to_string(&mut body).expect("a body, then the end of the connection");
    assert_eq!(body, r#"{"status":"ok"}"#);
    assert_eq!(shop.child.wait().expect("an end").code(), Some(0));
}

#[test]
fn all_runs_each_on_a_port_of_its_own() {
    let mut all = Target::start("all", &[]);
    let mut addresses = vec![all.address];
    for kind in ["agent", "gateway", "mcp", "llm"] {
        addresses.push(all.next_ready(kind));
    }
    for (address, path) in
        addresses.iter().zip(["/products", "/status", "/api/v1/health", "/health", "/v1/models"])
    {
        assert!(address.ip().is_loopback());
        assert_eq!(Client::connect(*address).send("GET", path, &[], None).status, 200, "{path}");
    }
}

#[test]
fn a_bad_option_is_one_clear_line_and_code_2() {
    for (line, wanted) in [
        ("bank", "'bank' for '<KIND>' [possible values: shop, agent, gateway, mcp, llm, all]"),
        ("shop --latency gauss:3ms", "'gauss:3ms' is no latency law"),
        ("shop --latency model-a=fixed:3ms", "no law named 'model-a'"),
        ("agent --latency model-c=fixed:3ms", "there are model-a, model-b"),
        ("shop --fault status:999", "'999' is no status"),
        ("shop --fault reset@200%", "'200%' is no share"),
        ("shop --host nowhere", "nowhere"),
        ("all --port 65534", "leaves no room"),
        ("", "not provided: <KIND>"),
    ] {
        let output = command().args(line.split_whitespace()).output().expect("it runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {complaint}");
        assert!(
            complaint.contains(wanted) && complaint.trim_end().lines().count() == 1,
            "{line}: {complaint}"
        );
    }
}

#[test]
fn a_taken_port_is_named_with_the_remedy() {
    let shop = Target::start("shop", &[]);
    let port = shop.address.port().to_string();
    let output = command().args(["shop", "--port", &port]).output().expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint.contains(&port) && complaint.contains("--port 0"), "{complaint}");
}

#[test]
fn help_names_laws_and_faults() {
    let output = command().arg("--help").output().expect("it runs");
    let help = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert!(help.starts_with("Runs a practice server"), "{help}");
    for word in ["lognormal", "spikes", "slow-body", "limit:100/s", "first-token="] {
        assert!(help.contains(word), "{word}");
    }
}
