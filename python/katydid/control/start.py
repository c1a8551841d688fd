"""How does a form become a run, or a change of the one that runs?

The meaning of each field is Locust's: what a page or a program posts to `/swarm` sets the command's options,
chooses classes and shape, and starts. Nothing is changed when a field cannot be understood.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gevent

from katydid import _core
from katydid.locust.log import greenlet_exception_logger
from katydid.results.secrets import MASK, masked_url

if TYPE_CHECKING:
    from argparse import Namespace

    from gevent import Greenlet

    from katydid.locust.env import Environment

logger = logging.getLogger("locust.web")

Form = dict[str, list[str]]

NO_SHAPE = "Default"
"""How the page's list of shapes calls having none."""

MASKED = MASK
"""Stands where a secret is known but not shown."""

_ACTIVE = ("spawning", "running")

_MOST_TURNS = 10
"""Turns of the loop that a start is given to begin in its own greenlet: who asks after the answer is to
see it."""


def host_of(environment: Environment) -> str:
    """What is tested: the environment's host, or the one that all classes have."""
    if environment.host:
        return environment.host
    hosts = {user_class.host for user_class in environment.user_classes}
    return (hosts.pop() or "") if len(hosts) == 1 else ""


def shown_host(host: str | None) -> str | None:
    """A host without the password that its URL may contain."""
    return masked_url(host) if host and "@" in host else host


def asked_of(environment: Environment) -> dict[str, Any]:
    """What the options ask of a run, as the form has it. What the suite file asks is not among it."""
    options = environment.parsed_options
    return {
        "stages": getattr(options, "katydid_stages", None) or "",
        "thresholds": list(getattr(options, "katydid_thresholds", None) or []),
        "expect": list(getattr(options, "katydid_expect", None) or []),
    }


class BadField(ValueError):
    """A field's value that cannot be understood."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


class Refused(Exception):
    """The run cannot be started this way."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


@dataclass
class Order:
    """What a form asks for, understood but not yet done."""

    user_count: int | None = None
    spawn_rate: float | None = None
    host: str | None = None
    run_time: int | None = None
    user_classes: list[str] | None = None
    shape_class: str | None = None
    profile: str | None = None
    stages: str | None = None
    thresholds: list[str] | None = None
    expect: list[str] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """Values of the command's other options, by attribute."""


@dataclass
class Started:
    """What was begun."""

    message: str
    run_time: int | None = None
    user_classes: list[str] | None = None


def read_order(form: Form, options: Namespace | None) -> Order:
    """Understand a form's fields.

    Raises:
        BadField: a number that is none.
        Refused: a run time that is none.
    """
    order = Order()
    for name, values in form.items():
        text = values[0] if values else ""
        match name:
            case "user_count":
                order.user_count = _number(name, text, int)
            case "spawn_rate":
                order.spawn_rate = _number(name, text, float)
            case "host":
                order.host = text.replace("<", "").replace(">", "")
            case "run_time":
                order.run_time = _run_time(text)
            case "user_classes":
                order.user_classes = values
            case "shape_class":
                order.shape_class = text
            case "profile":
                order.profile = text
            case "katydid_stages":
                order.stages = text.strip()
            case "katydid_thresholds":
                order.thresholds = _lines(values)
            case "katydid_expect":
                order.expect = _lines(values)
            case _ if text == MASKED:
                continue  # a secret that the form shows masked and nobody changed
            case _ if options is not None and hasattr(options, name):
                order.options[name] = _converted(name, values, getattr(options, name))
    return order


def _lines(values: list[str]) -> list[str]:
    return [line for line in (value.strip() for value in values) if line]


def _number(name: str, text: str, kind: Callable[[str], Any]) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise BadField(name, f"{text!r} is not a number") from None


def _run_time(text: str) -> int | None:
    if not text:
        return None
    try:
        return _core.parse_time_span(text)
    except ValueError:
        raise Refused(f"run_time: {text!r} is not a time such as 20, 20s, 3m or 1h30m", "run_time") from None


def _converted(name: str, values: list[str], present: Any) -> Any:
    """A field in the type that the option has now."""
    text = values[0] if values else ""
    if isinstance(present, bool):
        return text == "true"
    if present is None:
        return text
    if isinstance(present, list):
        parts = values if len(values) > 1 else text.split(",")
        is_of_ints = all(isinstance(item, int) for item in present)
        return [_number(name, part, int) if is_of_ints else part for part in parts]
    return _number(name, text, type(present))


class Starter:
    """Starts and changes runs of one environment."""

    def __init__(self, environment: Environment, picks_classes: bool) -> None:
        self._environment = environment
        self.picks_classes = picks_classes
        self._starting: Greenlet | None = None
        self._limiter: Greenlet | None = None
        self.user_count: int | None = None
        """The number of users that was asked for last."""
        self.run_time: int | None = None
        """The time limit of the present run, in seconds."""
        environment.events.test_stop.add_listener(self._drop_limit)

    def carry_out(self, order: Order) -> Started:
        """Do what the order says.

        Raises:
            Refused: without effect on a present run.
        """
        chosen = self._chosen_classes(order)
        shape = self._chosen_shape(order)
        self._ask(order)
        self._set_options(order)
        if chosen is not None:
            self._environment.user_classes = chosen
        if shape is not None:
            self._environment.shape_class = shape or None
        if self._environment.shape_class is not None:
            return self._start_shape()
        return self._start_users(order)

    def _chosen_classes(self, order: Order) -> list[type[Any]] | None:
        """The classes that the order picks; None leaves them as they are."""
        available = self._environment.available_user_classes
        if not self.picks_classes:
            return None
        if not available:
            raise Refused("there are no user classes to choose from", "user_classes")
        if not order.user_classes:
            runner = self._environment.runner
            is_active = runner is not None and runner.state in _ACTIVE
            return None if is_active else list(available.values())
        unknown = [name for name in order.user_classes if name not in available]
        if unknown:
            raise Refused(f"unknown user class: {', '.join(unknown)}", "user_classes")
        return [cls for name, cls in available.items() if name in order.user_classes]

    def _chosen_shape(self, order: Order) -> Any:
        """The shape that the order picks; False for none, None leaves it as it is."""
        if not self.picks_classes:
            return None
        if order.shape_class in (None, "", NO_SHAPE):
            return None if asked_of(self._environment)["stages"] else False
        shape = (self._environment.available_shape_classes or {}).get(order.shape_class)
        if shape is None:
            raise BadField("shape_class", f"there is no shape {order.shape_class!r}")
        shape.runner = self._environment.runner
        return shape

    def _ask(self, order: Order) -> None:
        """Have the run judged as the order says, where it says anything."""
        # Imported here, because levels tell the history of their beginning, and the history imports this.
        from katydid.command.suite import CannotRead
        from katydid.verdict.setup import BadAsk, CannotJudge, ask_anew

        environment = self._environment
        asked = {"stages": order.stages, "thresholds": order.thresholds, "expect": order.expect}
        given = [
            name
            for name, value in asked.items()
            if value is not None and value != asked_of(environment)[name]
        ]
        if not given or environment.parsed_options is None:
            return
        if environment.runner is not None and environment.runner.state in _ACTIVE:
            raise BadField(given[0], "is asked of a run as it starts; stop the present one first")
        try:
            ask_anew(environment, environment.parsed_options, order.stages, order.thresholds, order.expect)
        except BadAsk as fault:
            raise BadField(fault.name, str(fault)) from fault
        except (CannotJudge, CannotRead) as fault:
            raise Refused(str(fault), given[0]) from fault

    def _set_options(self, order: Order) -> None:
        environment = self._environment
        if MASKED in (order.host or "") and order.host == shown_host(host_of(environment)):
            order.host = None  # what the form showed, without the password that it did not show
        if order.host is not None:
            environment.host = order.host
        if order.profile is not None:
            environment.profile = order.profile
        options = environment.parsed_options
        if options is None:
            return
        values = {
            "users": order.user_count,
            "spawn_rate": order.spawn_rate,
            "host": order.host,
            "run_time": order.run_time,
            "user_classes": order.user_classes,
            "profile": order.profile,
            **order.options,
        }
        for name, value in values.items():
            if value is not None:
                setattr(options, name, value)

    def _start_shape(self) -> Started:
        environment = self._environment
        assert environment.runner is not None
        self.user_count = None
        environment.runner.start_shape()
        return Started(f"Swarming started using shape class '{type(environment.shape_class).__name__}'")

    def _start_users(self, order: Order) -> Started:
        if order.user_count is None or not order.spawn_rate:
            missing = "user_count" if order.user_count is None else "spawn_rate"
            raise Refused(f"{missing} is missing: a start needs user_count and spawn_rate", missing)
        if not 0 < order.spawn_rate < math.inf:
            raise Refused(f"spawn_rate: {order.spawn_rate} is not a rate above zero", "spawn_rate")
        runner = self._environment.runner
        assert runner is not None
        if self._starting is not None:
            self._starting.kill(block=True)
        self.user_count = order.user_count
        self._starting = gevent.spawn(runner.start, order.user_count, order.spawn_rate)
        self._starting.link_exception(greenlet_exception_logger(logger))
        for _ in range(_MOST_TURNS):
            if runner.state in _ACTIVE and runner.target_user_count == order.user_count:
                break
            gevent.sleep(0)
        if order.run_time:
            self.limit(order.run_time)
        names = sorted(cls.__name__ for cls in self._environment.user_classes)
        return Started("Swarming started", order.run_time, names if self.picks_classes else None)

    def limit(self, run_time: int) -> None:
        """Stop the present run in so many seconds, whatever was its limit before."""
        runner = self._environment.runner
        assert runner is not None
        self._drop_limit()
        self.run_time = run_time
        gevent.get_hub().loop.update_now()
        self._limiter = gevent.spawn_later(run_time, runner.stop)
        self._limiter.link_exception(greenlet_exception_logger(logger))

    def _drop_limit(self, **_: Any) -> None:
        """The run is over, so its limit must not stop the next one."""
        limiter, self._limiter, self.run_time = self._limiter, None, None
        if limiter is not None and limiter is not gevent.getcurrent():
            limiter.kill(block=False)
