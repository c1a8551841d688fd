"""What does a master want of its workers beside load? Rules for requests, and statistics of judged classes.

Both travel among the options that go with each order; stock Locust's workers ignore them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from .classes import StatsByClass
from .expect import expect, expectations_of
from .watch import watch_of

if TYPE_CHECKING:
    from katydid.locust.env import Environment

logger = logging.getLogger("locust.main")

_WANTED = "katydid_wanted"
"""The option: a dict with `rules` and `classes`."""

_OF_KATYDID = "katydid"
"""What reports of katydid's workers have."""


def ask_workers(environment: Environment) -> None:
    """Have a master's orders say what it wants, and tell of workers that cannot do it."""
    warned: list[str] = []

    def ask(**_: Any) -> None:
        watch, expectations = watch_of(environment), expectations_of(environment)
        rules = [] if expectations is None else expectations.rules.texts
        classes = [] if watch is None else watch.judge.users
        setattr(environment.parsed_options, _WANTED, {"rules": rules, "classes": classes})
        hook = environment.events.worker_report
        if (rules or classes) and warn not in hook._handlers:
            hook.add_listener(warn)

    def warn(client_id: str, data: dict[str, Any], **_: Any) -> None:
        if _OF_KATYDID not in data and client_id not in warned:
            warned.append(client_id)
            logger.warning(
                "worker %s is stock Locust: no rule and no threshold of a user class judges its requests",
                client_id,
            )

    environment.events.test_start.add_listener(ask)


def obey_master(environment: Environment) -> None:
    """Have a worker do what its master wants, in each run."""
    kept: list[StatsByClass] = []

    def begin(**_: Any) -> None:
        events, wanted = environment.events, getattr(environment.parsed_options, _WANTED, None) or {}
        if rules := wanted.get("rules"):
            expect(environment, rules)
        for by_class in kept:
            events.request.remove_listener(by_class.record)
            events.report_to_master.remove_listener(by_class.pack)
        kept.clear()
        if classes := wanted.get("classes"):
            by_class = StatsByClass(classes)
            events.request.add_listener(by_class.record)
            events.report_to_master.add_listener(by_class.pack)
            kept.append(by_class)

    environment.events.test_start.add_listener(begin)
