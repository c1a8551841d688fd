//! Which routes are there? One table, from which the router, the checks of the guard and the OpenAPI description are made.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::desk::Desk;
use crate::{api, flask, orders};

/// One row of the table.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Below the base path; `{…}` stands for one segment.
    pub(crate) path: &'static str,
    /// One line for the description.
    pub(crate) about: &'static str,
    handler: MethodRouter<Desk>,
}

impl Route {
    fn new<H, T>(method: Method, path: &'static str, about: &'static str, handler: H) -> Self
    where
        H: Handler<T, Desk>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Self { method, path, about, handler: on(filter, handler) }
    }
}

/// Every route.
pub(crate) fn table() -> Vec<Route> {
    use Method as M;
    vec![
        Route::new(M::GET, "/api/v1/run", "The run: its state, its users, the generator", api::run),
        Route::new(M::GET, "/stop", "Stop the run", orders::stop),
        Route::new(M::POST, "/swarm", "Start a run, or change the one that runs", orders::swarm),
    ]
}

fn router(base: &str) -> Router<Desk> {
    let add =
        |router: Router<Desk>, route: Route| router.route(&format!("{base}{}", route.path), route.handler);
    table().into_iter().fold(Router::new(), add)
}

/// The routes for whoever comes from outside.
pub(crate) fn guarded(desk: Desk) -> Router {
    router(&desk.settings().base_path).fallback(flask::unknown).with_state(desk)
}

/// The routes for the users' thread.
pub(crate) fn unguarded(desk: Desk) -> Router {
    router(&desk.settings().base_path).with_state(desk)
}
