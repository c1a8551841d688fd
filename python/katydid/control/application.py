"""How does a locustfile's Flask code get its requests? By a real Flask application behind the native server.

It is made when somebody first asks for `web_ui.app`, and never imported before. Paths that the server does
not know go to it. The built-in ones do, too, once hooks or views of the application were changed, for then
the locustfile wants to see them.
"""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
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
_ANY = ("GET", "POST", "PUT", "PATCH", "DELETE")

_API = "locust.katydid_api"
"""The endpoint of our own addresses: it is asked who is let in, and they are answered natively."""

_ADMISSION = "katydid.admission"
"""In the environment of a request that only asks who is let in: a list, which our views fill."""

_OURS = ("X-Katydid-View", "1")
"""Marks what our views answer. The server adds the page's own headers and leaves this one out."""


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
        is_secure: Callable[[], bool],
    ) -> None:
        self._routes = routes
        self._natively = natively
        self._template_args = template_args
        self._auth_args = auth_args
        self._base_path = base_path
        self._folder = folder
        self._has_login = has_login
        self._is_secure = is_secure
        self._flask: Flask | None = None
        self._untouched: tuple[Any, ...] = ()
        self._api_view: View | None = None
        self.login_manager: Any = None
        """flask-login's, with a login."""

    @property
    def scope(self) -> str:
        """What it is to answer: `nothing`, `unknown` paths, or `everything`. As a `gate` it also
        says who is let in to our own addresses.

        Built-in pages pass through it once hooks or views were changed, for then the locustfile has a say.
        """
        if self._flask is None:
            return "nothing"
        if _shape(self._flask) == self._untouched:
            return "unknown"
        return "gate" if self._may_refuse(self._flask) else "everything"

    def _may_refuse(self, application: Flask) -> bool:
        """Can something that the locustfile added keep a request from a built-in page?"""
        hooks = (application.before_request_funcs, application.url_value_preprocessors)
        is_asked = any(hook.get(name) for hook in hooks for name in (None, "locust"))
        is_wrapped = application.view_functions.get(_API) is not self._api_view
        return is_asked or is_wrapped or "wsgi_app" in vars(application)

    @property
    def flask(self) -> Flask:
        """The application.

        Raises:
            ImportError: Flask is not installed.
        """
        if self._flask is None:
            self._flask = self._made()
            self._untouched = _shape(self._flask)
            self._api_view = self._flask.view_functions[_API]
        return self._flask

    def _made(self) -> Flask:
        flask = _imported("flask")
        application: Flask = flask.Flask("katydid.locust.web", static_folder=None)
        application.json.compact = False  # type: ignore[attr-defined]
        application.jinja_env.add_extension("jinja2.ext.do")
        application.jinja_loader = self._loader(application.jinja_loader)
        application.config.update(self._cookie_settings())
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
            ("/api/v1/<path:path>", "katydid_api", _ANY, lambda **_: _imported("flask").abort(404)),
            ("/", "index", _GET, self._index),
            *((rule, name, _GET, _view(self._read)) for rule, name in _NATIVE),
            *((rule, name, methods, _view(route)) for rule, name, methods, route in commands),
        ]
        return [
            ("/assets/<path:path>", "send_assets", _GET, _view(self._read)),
            ("/login", "login", _GET, self._login),
            *((rule, name, methods, self._guarded(view)) for rule, name, methods, view in pages),
        ]

    def _cookie_settings(self) -> dict[str, Any]:
        """Cookies of a login are for this site alone, with TLS for it alone. A locustfile may set others."""
        return {
            f"{cookie}_COOKIE_{setting}": value
            for cookie in ("SESSION", "REMEMBER")
            for setting, value in (("HTTPONLY", True), ("SAMESITE", "Lax"), ("SECURE", self._is_secure()))
        }

    def _read(self, ask: Ask) -> Reply:
        return self._natively(f"{ask.path}?{ask.query}" if ask.query else ask.path)

    def _guarded(self, view: View) -> View:
        """The view for those who have logged in, if there is a login."""

        @functools.wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Any:
            admission = _imported("flask").request.environ.get(_ADMISSION)
            if admission is None:
                return view(*args, **kwargs)
            admission.append(True)
            return "", 204

        guarded = functools.wraps(view)(lambda *args, **kwargs: self.required(answer)(*args, **kwargs))
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

    def _index(self) -> Any:
        return _page("index.html", template_args=self._template_args())

    def _login(self) -> Any:
        flask = _imported("flask")
        if not self._has_login:
            return flask.redirect(flask.url_for("locust.index"))
        messages = {
            name: flask.session.pop(f"auth_{name}", None) if flask.current_app.secret_key else None
            for name in ("error", "info")
        }
        return _page("auth.html", auth_args={**self._auth_args(), **messages})

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

    def answer(self, ask: Ask) -> Reply:
        """Have the application answer a request."""
        return self._called(environ_of(ask, self._is_secure()))

    def authorize(self, ask: Ask) -> Reply:
        """204 for somebody whom the application lets in, otherwise what to answer instead."""
        admission: list[bool] = []
        reply = self._called({**environ_of(ask, self._is_secure()), _ADMISSION: admission})
        if admission:
            cookies = [(name, value) for name, value in reply.headers if name.lower() == "set-cookie"]
            return Reply(204, b"", cookies)
        return replace(reply, status=403) if reply.status == 204 else reply

    def _called(self, environ: dict[str, Any]) -> Reply:
        """Call the application as a server does (PEP 3333)."""
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.update(status=int(status.split()[0]), headers=list(headers))
            return written.append

        written: list[bytes] = []
        pieces = _Pieces(self.flask.wsgi_app(environ, start_response))
        first = pieces.first()
        body = b"".join([*written, first])
        headers: list[tuple[str, str]] = started["headers"]
        length = next((value for name, value in headers if name.lower() == "content-length"), None)
        if first and length != str(len(body)):
            return Reply(started["status"], body, headers, pieces)
        pieces.close()
        return Reply(started["status"], body, headers)


class _Pieces:
    """What an application returned, until it is closed."""

    def __init__(self, returned: Iterable[bytes]) -> None:
        self._returned = returned
        self._rest = iter(returned)

    def first(self) -> bytes:
        """The first piece that has bytes, for only then the head is known; empty if none has."""
        try:
            return next((piece for piece in self._rest if piece), b"")
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._rest)

    def close(self) -> None:
        """Tell the application that nobody wants more."""
        getattr(self._returned, "close", lambda: None)()


def _page(name: str, **arguments: Any) -> Any:
    """One of the page's documents, marked as ours."""
    flask = _imported("flask")
    response = flask.make_response(flask.render_template(name, **arguments))
    response.headers[_OURS[0]] = _OURS[1]
    return response


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

    def view(**_: str) -> Any:
        flask = _imported("flask")
        request = flask.request
        body = request.get_data(cache=True)
        headers = list(request.headers.items())
        ask = Ask(request.method, request.path, request.query_string.decode(), headers, body)
        reply = route(ask)
        response = flask.Response(reply.body, reply.status)
        for name, value in [*reply.headers, _OURS]:
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


_NOT_PASSED_ON = ("content-length", "transfer-encoding", "proxy")
"""Headers about how the body came, which is whole by now, and one that would become HTTP_PROXY."""


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
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if is_secure else "http",
        "wsgi.input": io.BytesIO(ask.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if ask.body or ask.header("content-length"):
        environ["CONTENT_LENGTH"] = str(len(ask.body))
    for name, value in ask.headers:
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif name not in _NOT_PASSED_ON and "_" not in name:  # X_User could stand in for a proxy's X-User
            key = f"HTTP_{key}"
            joint = "; " if key == "HTTP_COOKIE" else ", "
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ
