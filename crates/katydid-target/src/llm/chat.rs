//! Chat completions, whole or streamed word by word.

use super::Services;
use crate::chance;
use crate::payload::{Payload, Problem};
use crate::setup::pause;
use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const USUAL_TOKENS: usize = 16;
const MOST_TOKENS: usize = 1024;

const WORDS: [&str; 12] =
    ["the", "katydid", "sings", "all", "night", "and", "counts", "every", "answer", "that", "comes", "back"];

#[derive(Deserialize)]
pub(super) struct Request {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: StreamOptions,
    max_tokens: Option<usize>,
}

#[derive(Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Value,
}

pub(super) async fn complete(
    State(services): State<Arc<Services>>,
    Payload(request): Payload<Request>,
) -> Result<Response, Problem> {
    let speech = Speech::of(&request)?;
    if request.stream {
        Ok(told(services, speech, request.stream_options.include_usage))
    } else {
        Ok(whole(&services, &speech).await)
    }
}

/// What the model is going to say: a function of what it was asked.
struct Speech {
    id: String,
    created: u64,
    model: String,
    words: Vec<String>,
    /// The limit cut the answer, rather than its natural end.
    cut: bool,
    prompt_tokens: usize,
}

impl Speech {
    fn of(request: &Request) -> Result<Self, Problem> {
        if request.messages.is_empty() {
            return Err(Problem::bad_request("messages must not be empty"));
        }
        if let Some(message) = request.messages.iter().find(|message| !known_role(&message.role)) {
            return Err(Problem::bad_request(format!("no role '{}'", message.role)));
        }
        let wanted = request.max_tokens.unwrap_or(USUAL_TOKENS);
        if !(1..=MOST_TOKENS).contains(&wanted) {
            return Err(Problem::bad_request(format!("max_tokens must be 1 to {MOST_TOKENS}")));
        }
        let text: String = request.messages.iter().map(|message| message.content.to_string() + " ").collect();
        let seed = chance::of_text(&text);
        Ok(Self {
            id: format!("chatcmpl-{seed:016x}"),
            created: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            model: request.model.clone(),
            words: words(seed, wanted),
            cut: request.max_tokens.is_some(),
            prompt_tokens: text.split_whitespace().count(),
        })
    }

    fn usage(&self) -> Value {
        let (prompt, completion) = (self.prompt_tokens, self.words.len());
        json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion })
    }

    fn finish_reason(&self) -> &'static str {
        if self.cut { "length" } else { "stop" }
    }

    /// One piece of a stream.
    fn chunk(&self, choices: &Value) -> Value {
        let (id, created, model) = (&self.id, self.created, &self.model);
        json!({ "id": id, "object": "chat.completion.chunk", "created": created, "model": model, "choices": choices })
    }

    fn word(&self, i: usize) -> Value {
        let delta = if i == 0 {
            json!({ "role": "assistant", "content": self.words[0] })
        } else {
            json!({ "content": self.words[i] })
        };
        self.chunk(&json!([{ "index": 0, "delta": delta, "finish_reason": null }]))
    }

    fn ending(&self) -> Value {
        self.chunk(&json!([{ "index": 0, "delta": {}, "finish_reason": self.finish_reason() }]))
    }

    fn accounts(&self) -> Value {
        let mut chunk = self.chunk(&json!([]));
        chunk["usage"] = self.usage();
        chunk
    }
}

fn known_role(role: &str) -> bool {
    matches!(role, "system" | "developer" | "user" | "assistant" | "tool")
}

/// Words with the space that joins them, so that the pieces of a stream add up to the whole answer.
fn words(seed: u64, count: usize) -> Vec<String> {
    let word = |i: usize| WORDS[chance::bits(seed, i as u64) as usize % WORDS.len()];
    (0..count).map(|i| if i == 0 { word(i).to_owned() } else { format!(" {}", word(i)) }).collect()
}

async fn whole(services: &Services, speech: &Speech) -> Response {
    let tokens: Duration = speech.words.iter().skip(1).map(|_| services.token.draw()).sum();
    pause(services.first_token.draw() + tokens).await;
    Json(json!({
        "id": speech.id,
        "object": "chat.completion",
        "created": speech.created,
        "model": speech.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": speech.words.concat() },
            "finish_reason": speech.finish_reason(),
        }],
        "usage": speech.usage(),
    }))
    .into_response()
}

/// The steps of a stream, one event each.
#[derive(Clone, Copy)]
enum Step {
    Word(usize),
    Ending,
    Accounts,
    Done,
    Silence,
}

fn told(services: Arc<Services>, speech: Speech, with_usage: bool) -> Response {
    let speech = Arc::new(speech);
    let events = stream::unfold(Step::Word(0), move |step| {
        let (services, speech) = (Arc::clone(&services), Arc::clone(&speech));
        async move {
            let (data, next) = match step {
                Step::Word(i) => {
                    let timer = if i == 0 { &services.first_token } else { &services.token };
                    timer.wait().await;
                    let next = if i + 1 < speech.words.len() { Step::Word(i + 1) } else { Step::Ending };
                    (speech.word(i).to_string(), next)
                }
                Step::Ending => {
                    (speech.ending().to_string(), if with_usage { Step::Accounts } else { Step::Done })
                }
                Step::Accounts => (speech.accounts().to_string(), Step::Done),
                Step::Done => ("[DONE]".to_owned(), Step::Silence),
                Step::Silence => return None,
            };
            Some((Ok::<_, Infallible>(Event::default().data(data)), next))
        }
    });
    Sse::new(events).into_response()
}
