//! The event stream: numbered events with a pause before each, as many as asked for.

use super::Gateway;
use axum::extract::{Query, State};
use axum::response::sse::{Event, Sse};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// Zero stands for a stream without an end.
    #[serde(default = "usual_count")]
    count: u64,
}

fn usual_count() -> u64 {
    10
}

pub(super) async fn stream(
    State(gateway): State<Arc<Gateway>>,
    Query(wanted): Query<Wanted>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    gateway.counters.stream.add();
    let last = if wanted.count == 0 { u64::MAX } else { wanted.count };
    Sse::new(stream::unfold(1, move |number| {
        let gateway = Arc::clone(&gateway);
        async move {
            if number > last {
                return None;
            }
            gateway.beat.wait().await;
            let event = Event::default().id(number.to_string()).event("tick");
            Some((Ok(event.data(format!(r#"{{"number":{number}}}"#))), number + 1))
        }
    }))
}
