"""How does a locustfile's Flask code get its requests? By a real Flask application behind the native server.

It is made when somebody first asks for `web_ui.app`, and never imported before. Paths that the server does
not know go to it. The built-in ones do, too, once hooks or views of the application were changed, for then
the locustfile wants to see them.
"""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from . import page
from .reply import Ask, Reply

if TYPE_CHECKING:
    from flask import Flask

    from .routes import Routes

View = Callable[..., Any]

HOW_TO_INSTALL = "pip install 'katydid[web]'"

_NATIVE = (
    ("/stats/requests", "request_stats"),
    ("/stats/requests/csv", "request_stats_csv"),
    ("/stats/requests_full_history/csv", "request_stats_full_history_csv"),
    ("/stats/failures/csv", "failures_stats_csv"),
    ("/exceptions", "exceptions"),
    ("/exceptions/csv", "exceptions_csv"),
    ("/tasks", "tasks"),
    ("/logs", "logs"),
    ("/worker-count", "get_worker_count"),
)
"""Pages that only show something, with Locust's names of their endpoints."""

_GET = ("GET",)
_POST = ("POST",)


class Application:
    """The Flask application of a page, made at first use."""

    def __init__(
        self,
        routes: Routes,
        natively: Callable[[str], Reply],
        template_args: Callable[[], dict[str, Any]],
        auth_args: Callable[[], dict[str, Any]],
        base_path: str,
        folder: str | None,
        has_login: bool,
    ) -> None:
        self._routes = routes
        self._natively = natively
        self._template_args = template_args
        self._auth_args = auth_args
        self._base_path = base_path
        self._folder = folder
        self._has_login = has_login
        self._flask: Flask | None = None
        self._untouched: tuple[Any, ...] = ()
        self.login_manager: Any = None
        """flask-login's, with a login."""

    @property
    def scope(self) -> str:
        """What requests it is to get: `nothing`, those to `unknown` paths, or `everything`.

        Built-in pages pass through it once hooks or views were changed, for then the locustfile has a say.
        """
        if self._flask is None:
            return "nothing"
        return "unknown" if _shape(self._flask) == self._untouched else "everything"

    @property
    def flask(self) -> Flask:
        """The application.

        Raises:
            ImportError: Flask is not installed.
        """
        if self._flask is None:
            self._flask = self._made()
            self._untouched = _shape(self._flask)
        return self._flask

    def _made(self) -> Flask:
        flask = _imported("flask")
        application: Flask = flask.Flask("katydid.locust.web", static_folder=None)
        application.json.compact = False  # type: ignore[attr-defined]
        application.jinja_env.add_extension("jinja2.ext.do")
        application.jinja_loader = self._loader(application.jinja_loader)
        if self._has_login:
            self.login_manager = _imported("flask_login").LoginManager()
            self.login_manager.login_view = "locust.login"
            self.login_manager.init_app(application)
        blueprint = flask.Blueprint("locust", "katydid.locust.web", url_prefix=self._base_path or None)
        for rule, endpoint, methods, view in self._views():
            blueprint.add_url_rule(rule, endpoint, view, methods=methods)
        application.register_blueprint(blueprint)
        return application

    def _views(self) -> list[tuple[str, str, tuple[str, ...], View]]:
        """Locust's addresses, the names of their endpoints, methods and views."""
        routes = self._routes
        commands = [
            ("/swarm", "swarm", _POST, routes.swarm),
            ("/stop", "stop", _GET, routes.stop),
            ("/stats/reset", "reset_stats", _GET, routes.reset),
            ("/stats/report", "stats_report", _GET, routes.report),
            ("/user", "update_user", _POST, routes.user),
        ]
        pages = [
            ("/", "index", _GET, self._index),
            *((rule, name, _GET, _view(self._read)) for rule, name in _NATIVE),
            *((rule, name, methods, _view(route)) for rule, name, methods, route in commands),
        ]
        return [
            ("/assets/<path:path>", "send_assets", _GET, _view(self._read)),
            ("/login", "login", _GET, self._login),
            *((rule, name, methods, self._guarded(view)) for rule, name, methods, view in pages),
        ]

    def _read(self, ask: Ask) -> Reply:
        return self._natively(f"{ask.path}?{ask.query}" if ask.query else ask.path)

    def _guarded(self, view: View) -> View:
        """The view for those who have logged in, if there is a login."""
        guarded = functools.wraps(view)(lambda *args, **kwargs: self.required(view)(*args, **kwargs))
        guarded.clear_cache = lambda: None  # type: ignore[attr-defined] # Locust's views remember their answers
        return guarded

    def required(self, view: View) -> View:
        """The view, answered only after the login where there is one."""
        if not self._has_login:
            return view
        login_required: Callable[[View], View] = _imported("flask_login").login_required

        @functools.wraps(view)
        def ask_first(*args: Any, **kwargs: Any) -> Any:
            try:
                allowed = login_required(lambda: None)()
            except Exception as fault:
                if hasattr(fault, "get_response"):
                    raise
                return _not_set_up(fault)
            return view(*args, **kwargs) if allowed is None else allowed

        return ask_first

    def _index(self) -> str:
        flask = _imported("flask")
        page_text: str = flask.render_template("index.html", template_args=self._template_args())
        return page_text

    def _login(self) -> Any:
        flask = _imported("flask")
        if not self._has_login:
            return flask.redirect(flask.url_for("locust.index"))
        messages = {
            name: flask.session.pop(f"auth_{name}", None) if flask.current_app.secret_key else None
            for name in ("error", "info")
        }
        return flask.render_template("auth.html", auth_args={**self._auth_args(), **messages})

    def _loader(self, own: Any) -> Any:
        """Finds the locustfile's templates, and the page's documents under their names."""
        jinja2 = _imported("jinja2")
        return jinja2.ChoiceLoader([own, jinja2.FunctionLoader(self._template)])

    def _template(self, name: str) -> str | None:
        """One of the page's documents as a template that takes its data."""
        arguments = {"index.html": "template_args", "auth.html": "auth_args"}.get(name)
        if arguments is None:
            return None
        before, after = page.split(page.document(name, self._folder), name)
        wrapped = f'{{"{arguments}": {arguments}}}' if name == "index.html" else arguments
        self.flask.jinja_env.filters["as_data"] = page.as_data
        data = f"{{{{ ({wrapped}) | as_data | safe }}}}"
        return f"{{% raw %}}{before}{{% endraw %}}{data}{{% raw %}}{after}{{% endraw %}}"

    def answer(self, ask: Ask, is_secure: bool = False) -> Reply:
        """Have the application answer a request."""
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.update(status=int(status.split()[0]), headers=list(headers))
            return lambda data: written.append(data)

        written: list[bytes] = []
        chunks = self.flask.wsgi_app(environ_of(ask, is_secure), start_response)
        try:
            written += list(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        return Reply(started["status"], b"".join(written), started["headers"])

    def authorize(self, ask: Ask, is_secure: bool = False) -> Reply:
        """204 for somebody who has logged in, otherwise what to answer instead."""
        application = self.flask
        with application.request_context(environ_of(ask, is_secure)):
            answer = self.required(lambda: ("", 204))
            try:
                response = application.make_response(answer())
            except Exception as fault:
                response = application.make_response(application.handle_user_exception(fault))
            response = application.process_response(response)
            return Reply(response.status_code, response.get_data(), list(response.headers.items()))


def _imported(name: str) -> Any:
    """A module of Flask's family.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return __import__(name)
    except ModuleNotFoundError as fault:
        raise ImportError(f"web_ui.app and --web-login need {fault.name}: {HOW_TO_INSTALL}") from fault


def _view(route: Callable[[Ask], Reply]) -> View:
    """A Flask view that answers as a route does."""

    def view() -> Any:
        flask = _imported("flask")
        request = flask.request
        body = request.get_data(cache=True)
        headers = list(request.headers.items())
        ask = Ask(request.method, request.path, request.query_string.decode(), headers, body)
        reply = route(ask)
        response = flask.Response(reply.body, reply.status)
        for name, value in reply.headers:
            response.headers[name] = value
        return response

    return view


def _not_set_up(fault: Exception) -> str:
    from html import escape

    return (
        f"<p>The login is not set up, so nothing can be shown: {escape(repr(fault))}</p>"
        "<p>With --web-login a locustfile has to set web_ui.app.secret_key and a user_loader "
        "of web_ui.login_manager.</p>"
    )


def _shape(application: Flask) -> tuple[Any, ...]:
    """What would make built-in pages look different: hooks, their views, and layers around them."""
    hooks = (
        application.before_request_funcs,
        application.after_request_funcs,
        application.teardown_request_funcs,
        application.url_value_preprocessors,
        application.error_handler_spec,
    )
    views = {
        name: id(view) for name, view in application.view_functions.items() if name.startswith("locust.")
    }
    counts = tuple(_count(hook) for hook in hooks)
    return counts, views, "wsgi_app" in vars(application)


def _count(hooks: Any) -> int:
    """How many functions are registered somewhere below."""
    if isinstance(hooks, dict):
        return sum(_count(value) for value in hooks.values())
    return len(hooks) if isinstance(hooks, (list, tuple)) else 1


def environ_of(ask: Ask, is_secure: bool) -> dict[str, Any]:
    """A request as WSGI has it (PEP 3333)."""
    host, _, port = ask.header("host").rpartition(":")
    address, _, remote_port = ask.remote.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": ask.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(ask.path).decode("latin-1"),
        "QUERY_STRING": ask.query,
        "SERVER_NAME": host or ask.header("host") or "localhost",
        "SERVER_PORT": port if port.isdigit() else ("443" if is_secure else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": address.strip("[]"),
        "REMOTE_PORT": remote_port,
        "CONTENT_LENGTH": str(len(ask.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if is_secure else "http",
        "wsgi.input": io.BytesIO(ask.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in ask.headers:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH":
            key = f"HTTP_{key}"
            environ[key] = f"{environ[key]}, {value}" if key in environ else value
    return environ
