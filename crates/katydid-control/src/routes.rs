//! Which routes are there? One table, from which the router, the checks of the guard and the OpenAPI description are made.

use axum::extract::State;
use axum::handler::Handler;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use axum::{Router, middleware};

use crate::command::Kind;
use crate::desk::Desk;
use crate::incoming::Incoming;
use crate::{api, archive, flask, guard, locust, metrics, orders, page};

/// One row of the table.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Below the base path; `{…}` stands for one segment, `{*…}` for the rest.
    pub(crate) path: &'static str,
    /// One line for the description.
    pub(crate) about: &'static str,
    /// Does it change the run? Then pages of others must not call it.
    pub(crate) is_change: bool,
    /// Can it be seen without logging in?
    pub(crate) is_open: bool,
    /// Is it about stored runs, and there without a run?
    is_of_history: bool,
    handler: MethodRouter<Desk>,
}

impl Route {
    fn show<H, T>(path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: Handler<T, Desk>,
        T: 'static,
    {
        Self::new(Method::GET, path, about, handler)
    }

    fn new<H, T>(method: Method, path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: Handler<T, Desk>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let is_change = method != Method::GET;
        Self {
            method,
            path,
            about,
            is_change,
            is_open: false,
            is_of_history: false,
            handler: on(filter, handler),
        }
    }

    /// A route that the users' thread answers.
    fn order(method: Method, path: &'static str, about: &'static str, kind: Kind) -> Self {
        let pass_on =
            move |State(desk): State<Desk>, incoming: Incoming| orders::pass_on(desk, kind, incoming);
        Self::new(method, path, about, pass_on)
    }

    /// Locust changes state by GET in two places.
    fn changes(self) -> Self {
        Self { is_change: true, ..self }
    }

    fn open(self) -> Self {
        Self { is_open: true, ..self }
    }

    fn of_history(self) -> Self {
        Self { is_of_history: true, ..self }
    }
}

/// Every route.
pub(crate) fn table() -> Vec<Route> {
    [locusts(), ours(), history()].into_iter().flatten().collect()
}

/// The routes of a server: all, or those that need no run.
fn table_of(desk: &Desk) -> Vec<Route> {
    if !desk.settings().is_history_only {
        return table();
    }
    let home = Route::show("/", "To the list of runs", to_history);
    std::iter::once(home).chain(table().into_iter().filter(|route| route.is_of_history)).collect()
}

fn locusts() -> Vec<Route> {
    vec![
        Route::show("/", "The page", page::index),
        Route::show("/assets/{*path}", "A file of the page", page::asset).open().of_history(),
        Route::show("/favicon.svg", "The page's icon", page::icon).open().of_history(),
        Route::show("/login", "The form of --web-login", page::login).open(),
        Route::order(
            Method::POST,
            "/swarm",
            "Start a run, or change the one that runs, by form",
            Kind::Swarm,
        ),
        Route::order(Method::GET, "/stop", "Stop the run", Kind::Stop).changes(),
        Route::order(Method::GET, "/stats/reset", "Forget the statistics", Kind::Reset).changes(),
        Route::order(Method::POST, "/user", "Change a user class", Kind::User),
        Route::show("/stats/requests", "Statistics and failures", locust::requests),
        Route::show("/stats/requests/csv", "Statistics as CSV", locust::requests_csv),
        Route::show("/stats/requests_full_history/csv", "History as CSV", locust::history_csv),
        Route::show("/stats/failures/csv", "Failures as CSV", locust::failures_csv),
        Route::order(Method::GET, "/stats/report", "The report as one HTML file", Kind::Report),
        Route::show("/exceptions", "Exceptions of the users' code", locust::exceptions),
        Route::show("/exceptions/csv", "Exceptions as CSV", locust::exceptions_csv),
        Route::show("/tasks", "Ratios of classes and tasks", locust::tasks),
        Route::show("/logs", "The last lines of the logs", locust::logs),
        Route::show("/worker-count", "How many workers there are", locust::worker_count),
    ]
}

fn ours() -> Vec<Route> {
    vec![
        Route::show("/api/v1/run", "The run: state, users, generator", api::run),
        Route::order(Method::POST, "/api/v1/run", "Start a run, or change the one that runs", Kind::Start),
        Route::order(Method::PATCH, "/api/v1/run", "Change users or rate of the run", Kind::Change),
        Route::order(Method::POST, "/api/v1/run/stop", "Stop the run", Kind::Stop),
        Route::order(Method::POST, "/api/v1/run/pause", "Start no further tasks", Kind::Pause),
        Route::order(Method::POST, "/api/v1/run/resume", "Start tasks again", Kind::Resume),
        Route::new(Method::POST, "/api/v1/run/reset", "Forget the statistics", orders::reset_run),
        Route::order(Method::POST, "/api/v1/users", "Change a user class", Kind::User),
        Route::show("/api/v1/stats", "Statistics: each name, and all together", api::stats),
        Route::show("/api/v1/errors", "Failures", api::errors),
        Route::order(Method::GET, "/api/v1/samples/{id}", "One exchange that failed", Kind::Sample),
        Route::show("/api/v1/exceptions", "Exceptions of the users' code", api::exceptions),
        Route::show("/api/v1/verdict", "Levels and thresholds, and how they stand", api::verdict),
        Route::show("/api/v1/triage", "Why requests failed, by cause and name", api::triage),
        Route::show("/api/v1/expectations", "What the rules of expectations reclassified", api::expectations),
        Route::show("/api/v1/tasks", "Ratios of classes and tasks", api::tasks),
        Route::show("/api/v1/history", "Points and marks of the run, second by second", api::history),
        Route::show("/api/v1/histogram", "The distribution of the response times of a name", api::histogram),
        Route::show("/api/v1/logs", "The last lines of the logs", api::logs),
        Route::show("/api/v1/config", "What the form to start a run shows", api::config),
        Route::show("/api/v1/events", "Everything that changes, as server-sent events", api::events),
        Route::show(
            "/metrics",
            "The numbers for Prometheus, unless a locustfile has its own",
            metrics::metrics,
        ),
        Route::show("/api/v1/metrics", "The same, always", metrics::of_board),
        Route::show("/api/v1/openapi.json", "This description", api::openapi).of_history(),
    ]
}

fn history() -> Vec<Route> {
    let routes = vec![
        Route::show("/history", "The page about stored runs, unless a locustfile has its own", archive::page),
        Route::show("/api/v1/runs", "Stored runs, newest first, and baselines", archive::runs),
        Route::show("/api/v1/runs/{run}", "Everything that the report of a run tells", archive::run),
        Route::show("/api/v1/runs/{run}/report", "The report of a run as one HTML file", archive::report),
        Route::new(Method::DELETE, "/api/v1/runs/{run}", "Forget a run", archive::remove),
        Route::show("/api/v1/comparison", "A run held against another", archive::comparison),
        Route::show("/api/v1/comparison/report", "A comparison as one HTML file", archive::comparison_report),
        Route::new(
            Method::PUT,
            "/api/v1/baselines/{name}",
            "Give a run a name to hold others against",
            archive::set_baseline,
        ),
        Route::new(
            Method::DELETE,
            "/api/v1/baselines/{name}",
            "Take a name from its run",
            archive::remove_baseline,
        ),
    ];
    routes.into_iter().map(Route::of_history).collect()
}

fn router(desk: &Desk) -> Router<Desk> {
    let base = &desk.settings().base_path;
    let add =
        |router: Router<Desk>, route: Route| router.route(&format!("{base}{}", route.path), route.handler);
    let router = table_of(desk).into_iter().fold(Router::new(), add);
    if base.is_empty() { router } else { router.route(base, get(add_slash)) }
}

/// Without a run the list of those that were is home.
async fn to_history(State(desk): State<Desk>) -> Response {
    match HeaderValue::try_from(format!("{}/history", desk.settings().base_path)) {
        Ok(target) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, target)]).into_response(),
        Err(_) => flask::not_found(),
    }
}

/// From the base path to the page below it.
async fn add_slash(uri: Uri) -> Response {
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    match HeaderValue::try_from(format!("{}/{query}", uri.path())) {
        Ok(target) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, target)]).into_response(),
        Err(_) => flask::not_found(),
    }
}

/// The routes for whoever comes from outside.
pub(crate) fn guarded(desk: Desk) -> Router {
    let guard = guard::Guard::new(desk.clone(), table_of(&desk));
    router(&desk)
        .fallback(flask::unknown)
        .with_state(desk)
        .layer(middleware::from_fn_with_state(guard, guard::check))
}

/// The routes for the users' thread.
pub(crate) fn unguarded(desk: Desk) -> Router {
    router(&desk).fallback(flask::nowhere).with_state(desk)
}
