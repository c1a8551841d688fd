//! Embeddings: vectors of length one that depend on the text alone.

use super::Services;
use crate::chance;
use crate::payload::{Payload, Problem};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const USUAL_DIMENSIONS: usize = 256;
const MOST_DIMENSIONS: usize = 3072;
const MOST_TEXTS: usize = 256;

#[derive(Deserialize)]
pub(super) struct Request {
    model: String,
    input: Input,
    dimensions: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

impl Input {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

pub(super) async fn embed(
    State(services): State<Arc<Services>>,
    Payload(request): Payload<Request>,
) -> Result<Json<Value>, Problem> {
    let texts = request.input.texts();
    if !(1..=MOST_TEXTS).contains(&texts.len()) || texts.iter().any(String::is_empty) {
        return Err(Problem::bad_request(format!(
            "input must be 1 to {MOST_TEXTS} texts that are not empty"
        )));
    }
    let size = request.dimensions.unwrap_or(USUAL_DIMENSIONS);
    if !(1..=MOST_DIMENSIONS).contains(&size) {
        return Err(Problem::bad_request(format!("dimensions must be 1 to {MOST_DIMENSIONS}")));
    }
    services.query.wait().await;
    let data: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| json!({ "object": "embedding", "index": i, "embedding": vector(text, size) }))
        .collect();
    let tokens: usize = texts.iter().map(|text| text.split_whitespace().count()).sum();
    let usage = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
    Ok(Json(json!({ "object": "list", "data": data, "model": request.model, "usage": usage })))
}

fn vector(text: &str, size: usize) -> Vec<f32> {
    let seed = chance::of_text(text);
    let raw: Vec<f64> = (0..size).map(|i| chance::unit(seed, i as u64) - 0.5).collect();
    let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    raw.iter().map(|x| (x / length) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_length_one_and_depend_on_the_text() {
        let (a, b) = (vector("a text", 256), vector("another", 256));
        let length: f32 = a.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert_eq!(a, vector("a text", 256));
        assert_ne!(a, b);
    }
}
