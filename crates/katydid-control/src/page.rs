//! Where does the page come from? From the build that is embedded in this library, or from a folder that was named.
//!
//! What a maintainer must not break: a file is only ever looked up by names that stay inside of the page's folder.

use std::borrow::Cow;
use std::path::{Component, Path};

use axum::extract::{self, State};
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use serde_json::{Value, json};

use crate::api::published;
use crate::command::Kind;
use crate::desk::Desk;
use crate::incoming::Incoming;
use crate::{answer, api, flask};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Embedded;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>katydid</title>\n\
    <h1>The page was not built</h1>\n\
    <p>This katydid was built without its page. With Node on the machine, <code>make build</code> builds both. Everything \
    else works: see <a href=\"api/v1/stats\">api/v1/stats</a> and <a href=\"api/v1/openapi.json\">what there is</a>.</p>\n\
    </html>\n";

/// The element of a document that data is put into.
const DATA_BEGIN: &str = "<script id=\"katydid-data\" type=\"application/json\">";
const DATA_END: &str = "</script>";

/// A file of the embedded page, such as `report.html`; `None` when it was not built.
pub fn embedded(name: &str) -> Option<Cow<'static, [u8]>> {
    Embedded::get(name).map(|file| file.data)
}

fn file(desk: &Desk, name: &str) -> Option<Cow<'static, [u8]>> {
    let path = Path::new(name);
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_inside || name.contains(['\\', '\0', ':']) {
        return None;
    }
    let chosen = desk.settings().page.as_deref().and_then(|folder| inside(folder, path));
    chosen.map(Cow::Owned).or_else(|| embedded(name))
}

/// A file of a folder; a link that leads out of it is not followed.
fn inside(folder: &Path, path: &Path) -> Option<Vec<u8>> {
    let folder = folder.canonicalize().ok()?;
    let path = folder.join(path).canonicalize().ok()?;
    if path.starts_with(&folder) && path.is_file() { std::fs::read(path).ok() } else { None }
}

/// A document of the page with data in it, which nobody keeps.
pub(crate) fn document(desk: &Desk, name: &str, data: &Value) -> Response {
    let Some(document) = file(desk, name) else {
        return answer::typed("text/html; charset=utf-8", NOT_BUILT);
    };
    let document = filled(&String::from_utf8_lossy(&document), data);
    let mut response = answer::typed("text/html; charset=utf-8", document);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A document of the embedded page with data in it, as a file to keep; `None` when the page was not built.
pub fn kept(name: &str, data: &Value) -> Option<String> {
    embedded(name).map(|document| filled(&String::from_utf8_lossy(&document), data))
}

/// `GET /`
pub(crate) async fn index(State(desk): State<Desk>) -> Response {
    desk.refresh(&["template_args"]).await;
    let mut arguments = published(&desk, "template_args", json!({}));
    api::mask_secrets(&mut arguments);
    document(&desk, "index.html", &json!({ "template_args": arguments }))
}

/// Puts data where the document has room for it, written so that no text in it can end the element.
fn filled(document: &str, data: &Value) -> String {
    let Some((before, rest)) = document.split_once(DATA_BEGIN) else { return document.to_owned() };
    let Some((_, after)) = rest.split_once(DATA_END) else { return document.to_owned() };
    let data = data.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    format!("{before}{DATA_BEGIN}{data}{DATA_END}{after}")
}

/// `GET /assets/{path}`
pub(crate) async fn asset(
    State(desk): State<Desk>,
    extract::Path(path): extract::Path<String>,
    headers: HeaderMap,
) -> Response {
    send(&desk, &format!("assets/{path}"), &headers)
}

/// `GET /favicon.svg`
pub(crate) async fn icon(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    send(&desk, "favicon.svg", &headers)
}

fn send(desk: &Desk, name: &str, headers: &HeaderMap) -> Response {
    let Some(content) = file(desk, name) else { return flask::not_found() };
    let tag = answer::tag(&content);
    let cache = HeaderValue::from_static("no-cache");
    if headers.get(IF_NONE_MATCH).is_some_and(|known| *known == tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag), (CACHE_CONTROL, cache)]).into_response();
    }
    let mut response = answer::typed(content_type(name), content.into_owned());
    response.headers_mut().insert(ETAG, tag);
    response.headers_mut().insert(CACHE_CONTROL, cache);
    response
}

fn content_type(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json" | "map") => "application/json",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// `GET /login`: the form if there is a login, otherwise the page.
pub(crate) async fn login(State(desk): State<Desk>, Incoming(request, _room): Incoming) -> Response {
    if desk.settings().is_login_on {
        return desk.ask(Kind::Login, request.body.clone(), Some(request)).await;
    }
    let home = format!("{}/", desk.settings().base_path);
    let Ok(home) = HeaderValue::from_str(&home) else { return flask::not_found() };
    let mut response = answer::error_page(StatusCode::FOUND, "There is no login here.");
    response.headers_mut().insert(LOCATION, home);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_its_element() {
        let document = format!("<body>{DATA_BEGIN}{{}}{DATA_END}</body>");
        let filled = filled(&document, &json!({ "host": "</script><script>alert(1)</script>&" }));
        assert_eq!(filled.matches("<script").count(), 1);
        assert_eq!(filled.matches("</script>").count(), 1);
        assert!(filled.contains("\\u003c/script\\u003e"));
    }

    #[test]
    fn files_outside_of_the_folder_are_not_found() {
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("secret"), "x").expect("a file");
        let folder = outside.path().join("page");
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("a.js"), "1").expect("a file");
        std::os::unix::fs::symlink(outside.path().join("secret"), folder.join("link")).expect("a link");
        assert!(inside(&folder, Path::new("a.js")).is_some());
        assert!(inside(&folder, Path::new("../secret")).is_none());
        assert!(inside(&folder, Path::new("link")).is_none());
        assert!(inside(&folder, Path::new(".")).is_none());
    }
}
