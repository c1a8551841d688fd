"""What do the addresses do that change a run, Locust's and those of `/api/v1`? And who makes the report?

All others are answered natively, from what was published.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from katydid.results import samples, secrets

from .recording import download_name
from .reply import Ask, Reply, TooLarge
from .report import as_json, as_markdown, report_data
from .start import NO_SHAPE, BadField, Order, Refused, Started, Starter, read_order, shown_host

if TYPE_CHECKING:
    from katydid.locust.env import Environment

logger = logging.getLogger("locust.web")

JSON_FIELDS = ("user_count", "spawn_rate", "host", "run_time", "shape_class", "profile")
"""Fields of `POST /api/v1/run` beside user_classes, options and what is asked of the run."""

ASKED_FIELDS = {
    "stages": "katydid_stages",
    "thresholds": "katydid_thresholds",
    "expect": "katydid_expect",
}
"""What is asked of a run: emptiness takes back what was asked before."""


class Routes:
    """Answers for one environment."""

    def __init__(
        self,
        environment: Environment,
        starter: Starter,
        report: Callable[[str, bool], str],
    ) -> None:
        self._environment = environment
        self._starter = starter
        self._report = report

    # What changes a run

    def swarm(self, ask: Ask) -> Reply:
        """Locust's form: 200 with `success` in the answer, 500 for a number that is none."""
        environment = self._environment
        try:
            started = self._starter.carry_out(read_order(ask.form, environment.parsed_options))
        except TooLarge as fault:
            return Reply.text(f"{fault}\n", 413)
        except BadField as fault:
            if fault.name in secrets.names_of_options(environment):
                fault = BadField(fault.name, "this secret is not of the option's type")
            logger.error("POST /swarm: %s", fault)
            return Reply.text(f"{fault}\n", 500)
        except Refused as fault:
            logger.error("POST /swarm: %s", fault)
            host = shown_host(environment.host)
            return Reply.json({"success": False, "message": str(fault), "host": host})
        return Reply.json(self._told(started))

    def _told(self, started: Started) -> dict[str, Any]:
        told: dict[str, Any] = {
            "success": True,
            "message": started.message,
            "host": shown_host(self._environment.host),
        }
        if started.run_time:
            told["run_time"] = started.run_time
        if started.user_classes is not None:
            told["user_classes"] = started.user_classes
        return told

    def start(self, ask: Ask) -> Reply:
        """`POST /api/v1/run`: the same in JSON, with 400 and the field's name where it cannot be done."""
        try:
            order = self._order_of_json(_json_object(ask.body))
            return Reply.json(self._told(self._starter.carry_out(order)))
        except (BadField, Refused) as fault:
            return _bad(str(fault), fault.name)

    def _order_of_json(self, given: dict[str, Any]) -> Order:
        form = {name: [_text(given[name])] for name in JSON_FIELDS if given.get(name) not in (None, "")}
        if classes := given.get("user_classes"):
            form["user_classes"] = [_text(name) for name in _list(classes)]
        for name, attribute in ASKED_FIELDS.items():
            if given.get(name) is not None:
                form[attribute] = [_text(item) for item in _list(given[name])]
        if not self._starter.picks_classes:
            self._refuse_picks(form)
        options = given.get("options") or {}
        if not isinstance(options, dict):
            raise BadField("options", "must be an object")
        present = vars(self._environment.parsed_options) if self._environment.parsed_options else {}
        for name, value in options.items():
            if name not in present:
                raise BadField(name, "there is no such option")
            form[name] = [_text(item) for item in _list(value)] or [""]
        order = read_order(form, self._environment.parsed_options)
        if order.user_count is not None and order.user_count < 0:
            raise BadField("user_count", "must not be below zero")
        if order.spawn_rate is not None and not 0 < order.spawn_rate < math.inf:
            raise BadField("spawn_rate", "must be above zero")
        return order

    @staticmethod
    def _refuse_picks(form: dict[str, list[str]]) -> None:
        """Locust ignores them in silence; a program should know that others run than it asked for."""
        for name in ("user_classes", "shape_class"):
            if form.get(name, [NO_SHAPE]) != [NO_SHAPE]:
                raise BadField(name, "can be chosen only where the command was started with --class-picker")

    def change(self, ask: Ask) -> Reply:
        """`PATCH /api/v1/run`: other users or another rate for the run there is."""
        runner = self._environment.runner
        if runner is None or runner.state not in ("spawning", "running"):
            return Reply.json({"error": "no run to change: start one"}, 409)
        if self._environment.shape_class is not None:
            return Reply.json({"error": "the load shape decides on users and rate"}, 409)
        try:
            given = _json_object(ask.body)
            if unknown := set(given) - {"user_count", "spawn_rate"}:
                raise Refused(f"{min(unknown)}: only user_count and spawn_rate can be changed", min(unknown))
            if not given:
                raise Refused("give user_count, spawn_rate or both")
            wanted = {
                "user_count": given.get("user_count", runner.target_user_count),
                "spawn_rate": given.get("spawn_rate", runner.target_spawn_rate or 1),
            }
            return Reply.json(self._told(self._starter.carry_out(self._order_of_json(wanted))))
        except (BadField, Refused) as fault:
            return _bad(str(fault), fault.name)

    def stop(self, _: Ask) -> Reply:
        """End the test; answers when it has ended."""
        if self._environment.runner is not None:
            self._environment.runner.stop()
        return Reply.json({"success": True, "message": "Test stopped"})

    def pause(self, _: Ask) -> Reply:
        """Users finish their task and begin no other."""
        runner = self._environment.runner
        if runner is None or runner.state not in ("spawning", "running"):
            return Reply.json({"error": "no run to pause: start one"}, 409)
        runner.pause()
        return Reply.json({"success": True, "message": "paused"})

    def resume(self, _: Ask) -> Reply:
        """Users begin tasks again."""
        runner = self._environment.runner
        if runner is None or not runner.is_paused:
            return Reply.json({"error": "the run is not paused"}, 409)
        runner.resume()
        return Reply.json({"success": True, "message": "resumed"})

    def reset(self, _: Ask) -> Reply:
        """Forget what was measured so far."""
        environment = self._environment
        environment.events.reset_stats.fire()
        environment.stats.reset_all()
        if environment.runner is not None:
            environment.runner.exceptions = {}
        return Reply.html("ok")

    def user(self, ask: Ask) -> Reply:
        """Change attributes of a user class."""
        try:
            if ask.is_form:
                raise ValueError("the body must be JSON, sent with Content-Type: application/json")
            self._environment.update_user_class(json.loads(ask.body))
        except KeyError as fault:
            return _not_done(ask, f"no user class or no field {fault}")
        except (ValueError, TypeError, AttributeError) as fault:
            return _not_done(ask, str(fault))
        return Reply(201, b"{}\n", [("Content-Type", "application/json")])

    # What shows a run

    def report(self, ask: Ask) -> Reply:
        """The report as a page, or to be saved; `format=md` and `format=json` give its other forms."""
        arguments = ask.arguments
        is_download = bool(arguments.get("download"))
        if (form := _REPORT_FORMS.get(arguments.get("format", ""))) is not None:
            return self._plain_report(*form)
        page = self._report(arguments.get("theme") or "light", not is_download)
        name = f"attachment;filename={download_name(self._environment)}.html"
        return Reply.html(page, headers=[("Content-Disposition", name)] if is_download else None)

    def _plain_report(self, tell: Callable[[dict[str, Any]], str], ending: str, content_type: str) -> Reply:
        text = tell(report_data(self._environment)).encode()
        name = f"attachment;filename={download_name(self._environment)}.{ending}"
        return Reply(200, text, [("Content-Type", content_type), ("Content-Disposition", name)])

    def sample(self, ask: Ask) -> Reply:
        """The exchange of a failure that was kept."""
        kept = samples.of(self._environment).all()
        found = kept.get(ask.path.rpartition("/")[2] or ask.body.decode("utf-8", "replace"))
        return Reply.json(found) if found else Reply.json({"error": "no such sample"}, 404)


_REPORT_FORMS = {
    "md": (as_markdown, "md", "text/markdown; charset=utf-8"),
    "json": (as_json, "json", "application/json"),
}


def _not_done(ask: Ask, message: str) -> Reply:
    """What Locust's address says of it, and what ours does."""
    if "/api/v1/" in ask.path:
        return _bad(message, None)
    return Reply.text(f"{message}\n", 500)


def _bad(message: str, name: str | None) -> Reply:
    return Reply.json({"error": message, **({"field": name} if name else {})}, 400)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body or b"{}")
    except ValueError as fault:
        raise Refused(f"the body is not JSON: {fault}") from fault
    if not isinstance(given, dict):
        raise Refused("the body must be a JSON object")
    return given


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """A JSON value as a form would have it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
