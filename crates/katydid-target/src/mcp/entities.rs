//! The REST side: list, create, read, update, delete, and switch on or off. All kinds behave alike.

use super::Hub;
use super::store::{Entity, Kind, Refusal};
use crate::payload::{Payload, Problem};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const LARGEST_PAGE: usize = 100;

pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/{kind}", get(list).post(create))
        .route("/{kind}/", get(list).post(create))
        .route("/{kind}/{id}", get(read).put(update).delete(delete))
        .route("/{kind}/{id}/state", post(switch))
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    skip: usize,
    #[serde(default = "usual_limit")]
    limit: usize,
}

fn usual_limit() -> usize {
    20
}

#[derive(Deserialize)]
struct New {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
struct Update {
    /// The version that the change is based on; without it the current one.
    version: Option<u64>,
    name: Option<String>,
    description: Option<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
struct Switch {
    /// On, off, or (when left out) the other way.
    activate: Option<bool>,
}

impl Update {
    fn apply(self, entity: &mut Entity) {
        entity.name = self.name.unwrap_or_else(|| std::mem::take(&mut entity.name));
        entity.description = self.description.unwrap_or_else(|| std::mem::take(&mut entity.description));
        if !self.other.is_empty() {
            entity.other = own_fields(self.other);
        }
    }
}

/// The fields that are the client's, without those that are ours.
fn own_fields(mut fields: Map<String, Value>) -> Map<String, Value> {
    for ours in ["id", "name", "description", "enabled", "version"] {
        fields.remove(ours);
    }
    fields
}

fn kind_of(word: &str) -> Result<Kind, Problem> {
    Kind::of_path(word).ok_or_else(|| Problem::not_found(format_args!("/{word}")))
}

async fn list(
    State(hub): State<Arc<Hub>>,
    Path(word): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, Problem> {
    let (items, total) = hub.store.list(kind_of(&word)?, page.skip, page.limit.min(LARGEST_PAGE));
    Ok(Json(json!({ "items": items, "total": total })))
}

async fn create(
    State(hub): State<Arc<Hub>>,
    Path(word): Path<String>,
    Payload(new): Payload<New>,
) -> Result<impl IntoResponse, Problem> {
    let kind = kind_of(&word)?;
    if new.name.trim().is_empty() {
        return Err(Problem::unprocessable("name must not be empty"));
    }
    hub.commit.wait().await;
    let entity = hub.store.create(kind, new.name, new.description, own_fields(new.other));
    Ok((StatusCode::CREATED, Json(entity)))
}

async fn read(
    State(hub): State<Arc<Hub>>,
    Path((word, id)): Path<(String, String)>,
) -> Result<Json<Entity>, Problem> {
    find(&hub, kind_of(&word)?, &id).map(Json)
}

async fn update(
    State(hub): State<Arc<Hub>>,
    Path((word, id)): Path<(String, String)>,
    Payload(update): Payload<Update>,
) -> Result<Json<Entity>, Problem> {
    let kind = kind_of(&word)?;
    let current = find(&hub, kind, &id)?.version;
    let seen = update.version.unwrap_or(current);
    commit(&hub, kind, &id, seen, |entity| update.apply(entity)).await
}

async fn switch(
    State(hub): State<Arc<Hub>>,
    Path((word, id)): Path<(String, String)>,
    Query(switch): Query<Switch>,
) -> Result<Json<Entity>, Problem> {
    let kind = kind_of(&word)?;
    let seen = find(&hub, kind, &id)?;
    let enabled = switch.activate.unwrap_or(!seen.enabled);
    commit(&hub, kind, &id, seen.version, |entity| entity.enabled = enabled).await
}

async fn delete(
    State(hub): State<Arc<Hub>>,
    Path((word, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let kind = kind_of(&word)?;
    if hub.store.remove(kind, &id) { Ok(StatusCode::NO_CONTENT) } else { Err(missing(kind, &id)) }
}

/// Takes the time of a write, then writes if nobody else did.
async fn commit(
    hub: &Hub,
    kind: Kind,
    id: &str,
    seen: u64,
    change: impl FnOnce(&mut Entity),
) -> Result<Json<Entity>, Problem> {
    hub.commit.wait().await;
    hub.store.change(kind, id, seen, change).map(Json).map_err(|refusal| match refusal {
        Refusal::Missing => missing(kind, id),
        Refusal::Conflict(now) => {
            let detail = format!("{} {id} was changed meanwhile: version {now}, not {seen}", kind.singular());
            Problem::new(StatusCode::CONFLICT, detail)
        }
    })
}

fn find(hub: &Hub, kind: Kind, id: &str) -> Result<Entity, Problem> {
    hub.store.find(kind, id).ok_or_else(|| missing(kind, id))
}

fn missing(kind: Kind, id: &str) -> Problem {
    Problem::not_found(format_args!("{} {id}", kind.singular()))
}
