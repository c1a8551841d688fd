"""The page of a run, with Locust's names: `environment.web_ui`.

The server is native and listens on this machine alone unless it is told otherwise. What it needs from this
thread (documents, answers to commands, the Flask application) is in `katydid.control`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypedDict

import gevent

from katydid import _core
from katydid.control import documents
from katydid.control.application import Application
from katydid.control.desk import Desk
from katydid.control.recording import PUBLISH_INTERVAL_S, Recording
from katydid.control.reply import Ask, Reply
from katydid.control.routes import Routes
from katydid.history.keeper import keeper_of
from katydid.results.files import StatsCSV, StatsCSVFileWriter

from . import stats as settings
from ._version import version  # noqa: F401 - users import it from here
from .html import get_html_report
from .user.inspectuser import get_ratio  # noqa: F401 - the same

if TYPE_CHECKING:
    from flask import Flask
    from gevent import Greenlet

    from .env import Environment

logger = logging.getLogger(__name__)

# Locustfiles assign to these; they are read when they are needed.
DEFAULT_CACHE_TIME = 2.0
"""Kept for those who assign it: answers are made of what was published last and are not remembered."""

HOST_IS_REQUIRED = False
"""Whether the form insists on a host."""

_EVERY_ADDRESS = ("*", "0.0.0.0", "::")
_LOOPBACK = "127.0.0.1"
_LAST_PORT = 65535
_LOOPBACK_NAMES = ("localhost", "::1", "[::1]")


class InputField(TypedDict, total=False):
    """A field of the form to log in."""

    label: str
    name: str
    type: str
    default_value: bool | str
    choices: list[str] | None
    is_multiple: bool
    is_secret: bool
    is_required: bool


class CustomForm(TypedDict, total=False):
    """A form of one's own to log in."""

    inputs: list[InputField]
    callback_url: str
    submit_button_text: str


class AuthProvider(TypedDict, total=False):
    """Another service that one can log in with."""

    label: str | None
    callback_url: str
    icon_url: str | None


class AuthArgs(TypedDict, total=False):
    """What the page to log in shows."""

    custom_form: CustomForm
    auth_providers: list[AuthProvider]
    username_password_callback: str
    error: str | None
    info: str | None
    title: str


class WebUI:
    """The page: its server, and what a locustfile may add to it.

    Args:
        environment: the run that it shows.
        host: address to listen on; `*` for all, empty for this machine alone.
        port: where to listen; 0 for a free port, which `server.server_port` then tells.
        web_base_path: path below which everything is served.
        web_login: ask for a login, which the locustfile defines.
        tls_cert: certificate to serve HTTPS with, a PEM file.
        tls_key: its key.
        stats_csv_writer: makes the CSV downloads.
        delayed_start: listen when `start` is called, not now.
        userclass_picker_is_active: let the page choose classes and shape.
        build_path: folder of a page to serve instead of the built-in one.

    Raises:
        OSError: it cannot listen there.
    """

    server: Any = None
    """The server, once it listens: has `server_host` and `server_port`."""
    greenlet: Greenlet | None = None
    """Publishes what the page shows, once it listens."""

    def __init__(
        self,
        environment: Environment,
        host: str,
        port: int,
        web_base_path: str | None = None,
        web_login: bool = False,
        tls_cert: str | None = None,
        tls_key: str | None = None,
        stats_csv_writer: StatsCSV | None = None,
        delayed_start: bool = False,
        userclass_picker_is_active: bool = False,
        build_path: str | None = None,
    ) -> None:
        self.environment = environment
        self.host = host
        self.port = port
        self.web_base_path = (web_base_path or "").rstrip("/")
        self.web_login = web_login
        self.tls_cert = tls_cert
        self.tls_key = tls_key
        self.userclass_picker_is_active = userclass_picker_is_active
        self.build_path = build_path or None
        self.stats_csv_writer = stats_csv_writer or StatsCSV(environment, settings.PERCENTILES_TO_REPORT)
        self.template_args: dict[str, Any] = {}
        """What the page is told; keys of a locustfile's own are kept."""
        self.auth_args: AuthArgs = {}
        """What the page to log in shows."""

        self._recording = Recording(environment, userclass_picker_is_active, web_login, self.web_base_path)
        self._recording.template_args = self.template_args
        self._desk: Desk | None = None
        self._routes = Routes(environment, self._recording.starter, self._report)
        self._application = Application(
            self._routes,
            self._recording.answer,
            template_args=self._index_args,
            auth_args=lambda: dict(self.auth_args),
            base_path=self.web_base_path,
            folder=self.build_path,
            has_login=web_login,
            is_secure=lambda: self.is_secure,
        )
        self._noticing: Greenlet | None = None
        if not delayed_start:
            self.start()

    @property
    def app(self) -> Flask:
        """The Flask application, made at first use: routes, blueprints and hooks of it are served.

        Raises:
            ImportError: Flask is not installed.
        """
        flask = self._application.flask
        self._notice_application()
        return flask

    def _notice_application(self) -> None:
        """Have the server know what the application answers, now and once whoever asked has added to it."""
        if self._desk is None:
            return
        self._recording.board.set_flask("gate")  # nobody slips in before it is known what was added
        if self._noticing:
            return
        self._noticing = gevent.spawn(lambda: self._recording.board.set_flask(self._application.scope))

    @property
    def login_manager(self) -> Any:
        """flask-login's manager.

        Raises:
            AttributeError: the page has no login.
        """
        if not self.web_login:
            raise AttributeError("login_manager exists only with --web-login")
        self._application.flask  # noqa: B018 - making the application makes the manager
        return self._application.login_manager

    @property
    def is_secure(self) -> bool:
        """Is it served over HTTPS?"""
        return bool(self.tls_cert and self.tls_key)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        host = self.host or _LOOPBACK
        options = self.environment.parsed_options
        if host in _EVERY_ADDRESS:
            host = getattr(options, "web_host_display_name", None) or "localhost"
        port = self.server.server_port if self.server is not None else self.port
        scheme = "https" if self.is_secure else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{self.web_base_path}"

    @property
    def is_open_to_strangers(self) -> bool:
        """Can other machines reach it without showing who they are?"""
        host = self.host or _LOOPBACK
        is_local = host in _LOOPBACK_NAMES or host.startswith("127.")
        return not is_local and not (
            self.web_login or _basic_auth(self.environment) or _tokens(self.environment)
        )

    def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: it cannot listen there, or has a certificate without its key.
        """
        if bool(self.tls_cert) != bool(self.tls_key):
            raise OSError("a certificate and its key go together: give --tls-cert and --tls-key")
        if not 0 <= self.port <= _LAST_PORT:
            raise OSError(f"there is no port {self.port}: ports go from 0 to {_LAST_PORT}")
        if self.web_login:
            self._application.flask  # noqa: B018 - without Flask the login must fail now, not at the first visit
        self._recording.board = board = _core.Control(
            host=self.host or _LOOPBACK,
            port=self.port,
            tls_cert=self.tls_cert if self.is_secure else None,
            tls_key=self.tls_key if self.is_secure else None,
            base_path=self.web_base_path,
            basic_auth=_basic_auth(self.environment),
            bearer_tokens=_tokens(self.environment),
            login=self.web_login,
            allowed_hosts=_allowed_hosts(self.environment),
            page=self.build_path,
            flask=self._application.scope,
        )
        board.set_history_file(self._history_file())
        if (keeper := keeper_of(self.environment)) is not None:
            board.offer_store(keeper.store)
            self._recording.has_history = True
        self.server = SimpleNamespace(server_host=self.host or _LOOPBACK, server_port=board.port)
        self._recording.publish()
        self._desk = Desk(self._recording, self._answers())
        self.greenlet = gevent.spawn(self._publish_forever)

    def stop(self) -> None:
        """Listen no more."""
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        if self.greenlet is not None:
            self.greenlet.kill(block=False)
        self._recording.board.stop()

    def _publish_forever(self) -> None:
        while True:
            self._recording.board.set_flask(self._application.scope)
            self._recording.publish()
            gevent.sleep(PUBLISH_INTERVAL_S)

    def auth_required_if_enabled(self, view_func: Callable[..., Any]) -> Callable[..., Any]:
        """Decorates a view of the locustfile's: with --web-login it is for those who have logged in."""
        return self._application.required(view_func)

    def update_template_args(self) -> None:
        """Bring what the page is told up to the present; keys of a locustfile's own stay."""
        self.template_args.update(self._locust_template_args())

    def _history_file(self) -> str | None:
        """The file that --csv-full-history writes."""
        options = self.environment.parsed_options
        if not getattr(options, "stats_history_enabled", False):
            return None
        writer = self.stats_csv_writer
        return writer.stats_history_file_name() if isinstance(writer, StatsCSVFileWriter) else None

    def _report(self, theme: str, shows_download_link: bool) -> str:
        return get_html_report(self.environment, shows_download_link, theme)

    def _answers(self) -> dict[str, Callable[[Ask], Reply]]:
        """What to do for each kind of command."""
        routes, application = self._routes, self._application

        return {
            "swarm": self._marked("users", routes.swarm),
            "start": self._marked("users", routes.start),
            "change": self._marked("users", routes.change),
            "stop": routes.stop,
            "pause": self._marked("pause", routes.pause),
            "resume": self._marked("resume", routes.resume),
            "reset": routes.reset,
            "user": routes.user,
            "report": routes.report,
            "sample": routes.sample,
            "login": application.answer,
            "authorize": application.authorize,
            "flask": application.answer,
        }

    def _marked(self, kind: str, route: Callable[[Ask], Reply]) -> Callable[[Ask], Reply]:
        """The route, with a mark in the charts when it changed a run that was under way."""

        def change(ask: Ask) -> Reply:
            runner = self.environment.runner
            was_active = runner is not None and runner.state in ("spawning", "running")
            reply = route(ask)
            if was_active and _is_done(reply):
                users = self._recording.starter.user_count
                self._recording.mark(kind, f"{users} users" if kind == "users" and users is not None else "")
            return reply

        return change

    def _index_args(self) -> dict[str, Any]:
        self.update_template_args()
        return self.template_args

    def _locust_template_args(self) -> dict[str, Any]:
        """What Locust tells its page, under its names."""
        self._recording.ask_options_again()
        return documents.template_args(
            self.environment, self.userclass_picker_is_active, self._recording.extra_options()
        )


def _is_done(reply: Reply) -> bool:
    """Did what was asked for happen? Locust says 200 in either case."""
    return reply.status < 400 and bool(json.loads(reply.body).get("success"))


def _basic_auth(environment: Environment) -> str | None:
    """`user:password` that browsers are asked for."""
    given = getattr(environment.parsed_options, "web_auth", None)
    return given or os.environ.get("LOCUST_BASIC_AUTH") or None


def _tokens(environment: Environment) -> list[str]:
    """Tokens that programs may show instead."""
    return _words(environment, "katydid_web_token")


def _allowed_hosts(environment: Environment) -> list[str]:
    """Further names by which the page may be called."""
    shown = getattr(environment.parsed_options, "web_host_display_name", None)
    return [*_words(environment, "katydid_web_allowed_hosts"), *([shown] if shown else [])]


def _words(environment: Environment, option: str) -> list[str]:
    """The values of an option that takes several, with commas between them."""
    given = getattr(environment.parsed_options, option, None) or ""
    return [word.strip() for word in given.split(",") if word.strip()]
