"""How do I step through one user in a debugger? `run_single_user` runs it without a runner."""

from __future__ import annotations

import inspect
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import argument_parser
from .env import Environment
from .exception import CatchResponseError
from .log import setup_logging

if TYPE_CHECKING:
    from .user import User

_env: Environment | None = None


class PrintListener:
    """Prints a line for each request of an environment."""

    def __init__(
        self,
        env: Environment,
        include_length: bool = False,
        include_time: bool = False,
        include_context: bool = False,
        include_payload: bool = False,
    ) -> None:
        env.events.request.add_listener(self.on_request)
        self.include_length = include_length
        self.include_time = include_time
        self.include_context = include_context
        self.include_payload = include_payload
        columns = ["type", "name".ljust(50), "resp_ms"]
        if include_time:
            columns.insert(0, "time".ljust(24))
        if include_length:
            columns.append("length")
        columns.append("exception")
        if include_context:
            columns.append("context\t")
        if include_payload:
            columns.append("payload")
        print("\n" + _line(columns))

    def on_request(
        self,
        request_type: str,
        name: str,
        response_time: float,
        response_length: int,
        exception: Any = None,
        context: dict[str, Any] | None = None,
        start_time: float | None = None,
        response: Any = None,
        **_kwargs: Any,
    ) -> None:
        """Print one request."""
        cells = [request_type, name.ljust(50), str(round(response_time)).ljust(7)]
        if self.include_time:
            begun = datetime.now(UTC) if start_time is None else _utc(start_time)
            cells.insert(0, str(begun).ljust(30))
        if self.include_length:
            cells.append(str(response_length))
        cells.append(_reason(exception).ljust(9))
        if self.include_context:
            cells.append(str(context or ""))
        if self.include_payload:
            cells.append(_payload(response))
        print(_line(cells))


def _line(cells: list[str]) -> str:
    return "".join(f"{cell}\t" for cell in cells)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _reason(exception: Any) -> str:
    if isinstance(exception, CatchResponseError):
        return str(exception)
    return repr(exception) if exception else ""


def _payload(response: Any) -> str:
    request = getattr(response, "request", None)
    body = getattr(request, "body", None)
    return str(body or "")


def run_single_user(
    user_class: type[User],
    include_length: bool = False,
    include_time: bool = False,
    include_context: bool = False,
    include_payload: bool = False,
    loglevel: str | None = "WARNING",
) -> None:
    """Run one user of a class in this greenlet, forever, and print its requests.

    Options of the command are taken from this process's arguments. A second call uses the same environment.
    """
    global _env
    if loglevel is not None:
        setup_logging(loglevel)
    if _env is None:
        _env = _make_environment(user_class)
        PrintListener(_env, include_length, include_time, include_context, include_payload)
        _env.events.init.fire(environment=_env, runner=None, web_ui=None)
    _env.events.test_start.fire(environment=_env)
    user = user_class(_env)
    _env.single_user_instance = user  # type: ignore[attr-defined]
    user.run()


def _make_environment(user_class: type[User]) -> Environment:
    from katydid import locust

    options = argument_parser.get_parser().parse_args()
    path = inspect.getsourcefile(user_class) or ""
    environment = Environment(
        events=locust.events,
        locustfile=os.path.basename(path),
        host=options.host,
        parsed_options=options,
        user_classes=[user_class],
    )
    if environment.host:
        user_class.host = environment.host
    return environment
