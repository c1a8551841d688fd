//! Retrieval: documents go in by `/index`, come back as the sources of an answer by `/query`.

use super::Services;
use crate::payload::{Payload, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// The library keeps its latest documents, and of each so much.
const CAPACITY: usize = 200;
const LONGEST_DOCUMENT: usize = 10_000;

const MOST_SOURCES: usize = 10;
const EXCERPT: usize = 120;

#[derive(Default)]
pub(super) struct Library(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    received: u64,
    documents: VecDeque<Document>,
}

#[derive(Clone)]
struct Document {
    id: u64,
    text: Arc<str>,
    words: Arc<HashSet<String>>,
}

impl Library {
    fn add(&self, texts: &[String]) -> Vec<u64> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ids = Vec::with_capacity(texts.len());
        for text in texts {
            shelf.received += 1;
            let document =
                Document { id: shelf.received, text: text.as_str().into(), words: Arc::new(words(text)) };
            ids.push(document.id);
            shelf.documents.push_front(document);
            shelf.documents.truncate(CAPACITY);
        }
        ids
    }

    /// The documents that share most words with the question, the newest first among equals.
    fn search(&self, question: &str, count: usize) -> Vec<(Document, f64)> {
        let wanted = words(question);
        let documents = self.0.lock().unwrap_or_else(PoisonError::into_inner).documents.clone();
        let score = |document: &Document| {
            wanted.intersection(&document.words).count() as f64 / wanted.len().max(1) as f64
        };
        let mut scored: Vec<_> = documents.into_iter().map(|document| (score(&document), document)).collect();
        scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        scored
            .into_iter()
            .filter(|(score, _)| *score > 0.0)
            .take(count)
            .map(|(score, document)| (document, score))
            .collect()
    }
}

fn words(text: &str) -> HashSet<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2).map(str::to_lowercase).collect()
}

#[derive(Deserialize)]
pub(super) struct Query {
    #[serde(alias = "question")]
    query: String,
    #[serde(default = "usual_sources")]
    top_k: usize,
}

fn usual_sources() -> usize {
    3
}

#[derive(Deserialize)]
pub(super) struct Index {
    documents: Vec<String>,
}

pub(super) async fn query(
    State(services): State<Arc<Services>>,
    Payload(query): Payload<Query>,
) -> Result<Json<Value>, Problem> {
    if query.query.trim().is_empty() {
        return Err(Problem::bad_request("query must not be empty"));
    }
    services.query.wait().await;
    let found = services.library.search(&query.query, query.top_k.min(MOST_SOURCES));
    let sources: Vec<_> = found
        .iter()
        .map(|(document, score)| {
            let excerpt: String = document.text.chars().take(EXCERPT).collect();
            json!({ "id": document.id, "score": score, "text": excerpt })
        })
        .collect();
    Ok(Json(json!({ "answer": format!("Found in {} documents.", sources.len()), "sources": sources })))
}

pub(super) async fn index(
    State(services): State<Arc<Services>>,
    Payload(index): Payload<Index>,
) -> Result<impl IntoResponse, Problem> {
    let sound = |text: &String| !text.trim().is_empty() && text.len() <= LONGEST_DOCUMENT;
    if !(1..=CAPACITY).contains(&index.documents.len()) || !index.documents.iter().all(sound) {
        let detail = format!("documents must be 1 to {CAPACITY} texts of 1 to {LONGEST_DOCUMENT} bytes");
        return Err(Problem::unprocessable(detail));
    }
    services.index.wait().await;
    let ids = services.library.add(&index.documents);
    Ok((StatusCode::CREATED, Json(json!({ "indexed": ids.len(), "ids": ids }))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_with_most_common_words_comes_first() {
        let library = Library::default();
        let texts = ["Crickets sing at dusk.", "Katydids sing all night.", "Stones are silent."];
        library.add(&texts.map(str::to_owned));
        let found = library.search("Do katydids sing at night?", 3);
        let ids: Vec<_> = found.iter().map(|(document, _)| document.id).collect();
        assert_eq!(ids, [2, 1]);
        assert!(library.search("§$%", 3).is_empty());
    }

    #[test]
    fn only_the_latest_documents_are_kept() {
        let library = Library::default();
        library.add(&["rare word".to_owned()]);
        library.add(&vec!["common text".to_owned(); CAPACITY]);
        assert!(library.search("rare", 1).is_empty());
    }
}
