//! The shop: health, products, orders. The plainest server, and the fastest: it is what throughput is measured on.

use crate::payload::{Payload, Problem, Ready};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// The latest orders are kept and listed, so that the list stays small however many are placed.
const ORDERS_KEPT: usize = 20;

const LARGEST_QUANTITY: u32 = 1000;

const GOODS: [(&str, u32); 8] = [
    ("Walking boots", 12_900),
    ("Rain jacket", 8_950),
    ("Head torch", 3_499),
    ("Water bottle", 1_750),
    ("Trail map", 990),
    ("Camp stove", 6_400),
    ("Sleeping bag", 14_200),
    ("Tin of tea", 640),
];

const FRONT_PAGE: &str = "<!doctype html>\n<html lang=\"en\"><head><title>The katydid shop</title></head>\n\
<body><h1>The katydid shop</h1><ul><li><a href=\"/products\">Products</a></li>\
<li><a href=\"/orders\">Orders</a></li><li><a href=\"/health\">Health</a></li></ul></body></html>\n";

pub(crate) fn router() -> Router {
    Router::new()
        .route("/", get(async || Html(FRONT_PAGE)))
        .route("/health", get(async || Ready::of_text(r#"{"status":"ok"}"#)))
        .route("/products", get(products))
        .route("/products/{id}", get(product))
        .route("/orders", get(orders).post(order))
        .with_state(Arc::new(Shop::new()))
}

struct Shop {
    listing: Ready,
    products: Vec<Ready>,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    placed: u64,
    latest: VecDeque<Order>,
}

#[derive(Clone, Serialize)]
struct Order {
    id: u64,
    product_id: usize,
    quantity: u32,
    total_cents: u64,
    status: &'static str,
}

#[derive(Deserialize)]
struct NewOrder {
    product_id: usize,
    #[serde(default = "one")]
    quantity: u32,
}

fn one() -> u32 {
    1
}

impl Shop {
    fn new() -> Self {
        let products: Vec<Value> = GOODS
            .iter()
            .zip(1..)
            .map(|((name, cents), id)| json!({ "id": id, "name": name, "price_cents": cents, "in_stock": true }))
            .collect();
        Self {
            products: products.iter().map(Ready::new).collect(),
            listing: Ready::new(&Value::Array(products)),
            book: Mutex::default(),
        }
    }
}

impl Book {
    fn place(&mut self, wanted: &NewOrder, cents: u32) -> Order {
        self.placed += 1;
        let total_cents = u64::from(cents) * u64::from(wanted.quantity);
        let NewOrder { product_id, quantity } = *wanted;
        let order = Order { id: self.placed, product_id, quantity, total_cents, status: "placed" };
        self.latest.push_front(order.clone());
        self.latest.truncate(ORDERS_KEPT);
        order
    }
}

async fn products(State(shop): State<Arc<Shop>>) -> Ready {
    shop.listing.clone()
}

async fn product(State(shop): State<Arc<Shop>>, Path(id): Path<String>) -> Result<Ready, Problem> {
    let known = id.parse::<usize>().ok().and_then(|id| shop.products.get(id.checked_sub(1)?));
    known.cloned().ok_or_else(|| Problem::not_found(format_args!("product {id}")))
}

async fn orders(State(shop): State<Arc<Shop>>) -> impl IntoResponse {
    let book = shop.book.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({ "total": book.placed, "orders": book.latest }))
}

async fn order(
    State(shop): State<Arc<Shop>>,
    Payload(wanted): Payload<NewOrder>,
) -> Result<impl IntoResponse, Problem> {
    let goods = wanted.product_id.checked_sub(1).and_then(|index| GOODS.get(index));
    let (_, cents) =
        goods.ok_or_else(|| Problem::unprocessable(format!("no product {}", wanted.product_id)))?;
    if !(1..=LARGEST_QUANTITY).contains(&wanted.quantity) {
        return Err(Problem::unprocessable(format!("quantity must be 1 to {LARGEST_QUANTITY}")));
    }
    let order = shop.book.lock().unwrap_or_else(PoisonError::into_inner).place(&wanted, *cents);
    Ok((StatusCode::CREATED, Json(order)))
}
