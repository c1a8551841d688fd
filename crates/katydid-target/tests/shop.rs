//! The contract of the shop.

mod support;

use serde_json::json;
use support::Target;

#[test]
fn pages_and_lists_are_there() {
    let shop = Target::start("shop", &[]);
    let front = shop.get("/");
    assert_eq!((front.status, front.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(shop.get("/health").json(), json!({ "status": "ok" }));
    let products = shop.get("/products").json();
    assert_eq!(products.as_array().expect("a list").len(), 8);
    assert_eq!(shop.get("/products/3").json(), products[2]);
}

#[test]
fn an_order_is_created_and_listed() {
    let shop = Target::start("shop", &[]);
    let created = shop.post("/orders", r#"{"product_id": 2, "quantity": 3}"#);
    assert_eq!(created.status, 201);
    let order = created.json();
    assert_eq!(order["total_cents"], 3 * 8_950);
    let listed = shop.get("/orders").json();
    assert_eq!((&listed["total"], &listed["orders"][0]), (&json!(1), &order));
}

#[test]
fn only_the_latest_orders_are_listed() {
    let shop = Target::start("shop", &[]);
    let mut client = shop.connect();
    for _ in 0..30 {
        assert_eq!(client.send("POST", "/orders", &[], Some(r#"{"product_id": 1}"#)).status, 201);
    }
    let listed = client.send("GET", "/orders", &[], None).json();
    assert_eq!(listed["total"], 30);
    let ids: Vec<_> =
        listed["orders"].as_array().expect("a list").iter().map(|order| order["id"].as_u64()).collect();
    assert_eq!(ids, (11..=30).rev().map(Some).collect::<Vec<_>>());
}

#[test]
fn mistakes_get_the_status_that_an_api_would_give() {
    let shop = Target::start("shop", &[]);
    for (method, path, body, status) in [
        ("GET", "/products/0", None, 404),
        ("GET", "/products/99", None, 404),
        ("GET", "/products/x", None, 404),
        ("GET", "/nowhere", None, 404),
        ("DELETE", "/orders", None, 405),
        ("POST", "/orders", None, 415),
        ("POST", "/orders", Some("{"), 400),
        ("POST", "/orders", Some("{}"), 422),
        ("POST", "/orders", Some(r#"{"product_id": 0}"#), 422),
        ("POST", "/orders", Some(r#"{"product_id": 1, "quantity": 0}"#), 422),
        ("POST", "/orders", Some(r#"{"product_id": 1, "quantity": 1001}"#), 422),
    ] {
        let answer = shop.connect().send(method, path, &[], body);
        assert_eq!(answer.status, status, "{method} {path} {body:?}: {}", answer.text());
    }
    assert_eq!(shop.get("/orders").json()["total"], 0);
}

#[test]
fn one_connection_serves_many_requests() {
    let shop = Target::start("shop", &[]);
    let mut client = shop.connect();
    for _ in 0..100 {
        assert_eq!(client.send("GET", "/health", &[], None).status, 200);
    }
    assert_eq!(client.send("HEAD", "/health", &[], None).header("content-length"), Some("15"));
}
