"""What is known of a run, so that a page can show it and a report can be made of it.

Everything is put on the board of a native `Control`, which makes all documents of `/api/v1` and all of
Locust's from it, and the history of the run. With a page the board listens; for a report alone it does not.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import gevent

from katydid import _core
from katydid.results import samples
from katydid.verdict.expect import expectations_document
from katydid.verdict.triage import triage_document
from katydid.verdict.watch import verdict_document

from . import documents
from .marks import Marks
from .plain import plain
from .reply import Reply
from .start import Starter, shown_host

if TYPE_CHECKING:
    from katydid.locust.env import Environment

logger = logging.getLogger("locust.web")

PUBLISH_INTERVAL_S = 1.0
"""How old the numbers on a board are at most, while users leave the thread time to publish."""

STATS = "stats"


class Recording:
    """The board of one environment, and what is put up there.

    Args:
        environment: the run.
        picks_classes: may a form choose classes and shape?
        has_login: is there a login?
        base_path: path below which everything is served.
    """

    def __init__(
        self,
        environment: Environment,
        picks_classes: bool = False,
        has_login: bool = False,
        base_path: str = "",
    ) -> None:
        self.environment = environment
        self.board = _core.Control(host=None, base_path=base_path)
        self.starter = Starter(environment, picks_classes)
        self.template_args: dict[str, Any] = {}
        self.has_history = False
        """Does the server have the pages about stored runs?"""
        self._picks_classes = picks_classes
        self._has_login = has_login
        self._base_path = base_path
        self._clock = documents.RunClock(environment)
        self._usage = documents.Usage()
        self._marks = Marks(environment, self.mark)
        self._extra_actions: dict[str, Any] | None = None
        self._makers: dict[str, Callable[[], Any]] = {
            "run": self._run,
            "config": self._config,
            "tasks": lambda: documents.tasks_document(environment),
            "exceptions": lambda: documents.exceptions_document(environment),
            "logs": lambda: documents.logs_document(environment),
            "workers": lambda: documents.workers_document(environment.runner),
            "samples": samples.keep(environment).index,
            "triage": lambda: triage_document(environment),
            "expectations": lambda: expectations_document(environment),
            "verdict": lambda: verdict_document(environment),
            "template_args": lambda: self.template_args,
        }
        _recordings[environment] = self

    @property
    def picks_classes(self) -> bool:
        """May a form choose classes and shape?"""
        return self._picks_classes

    @property
    def ended_at(self) -> float | None:
        """When the last test ended, in Unix seconds."""
        return self._clock.stopped_at

    @property
    def started_at(self) -> float | None:
        """When the last test began."""
        return self._clock.started_at

    def mark(self, kind: str, text: str) -> None:
        """Note in the charts that something happened."""
        self.board.mark(kind, text)

    def publish(self, names: set[str] | None = None) -> None:
        """Put up the documents of these names, or all; the statistics are one called `stats`.

        A document that cannot be made is logged and the others are put up all the same.
        """
        for name in [*self._makers, STATS]:
            if names is not None and name not in names:
                continue
            try:
                self._publish_one(name)
            except Exception:
                logger.exception("%s could not be published", name)

    def _publish_one(self, name: str) -> None:
        if name == STATS:
            self._marks.notice_stage()
            self.board.publish_stats(self.environment.stats)
        else:
            document = self._makers[name]()
            try:
                self.board.publish(name, json.dumps(document, default=str).encode())
            except (ValueError, TypeError):
                self.board.publish(name, json.dumps(plain(document)).encode())

    def publish_forever(self) -> None:
        """Keep the board up to date."""
        while True:
            self.publish()
            gevent.sleep(PUBLISH_INTERVAL_S)

    def answer(self, target: str) -> Reply:
        """What the server answers for an address that only shows something, as of now."""
        self.publish()
        status, headers, body = self.board.answer(target)
        return Reply(status, body, headers)

    def document(self, name: str) -> Any:
        """A document of `/api/v1` from what is on the board; None where there is none."""
        status, _, body = self.board.answer(f"{self._base_path}/api/v1/{name}")
        return json.loads(body) if status == 200 else None

    def made(self, name: str) -> Any:
        """A document as of now, as it would be published."""
        return self._makers[name]()

    def _run(self) -> documents.Document:
        starter = self.starter
        run = documents.run_document(self.environment, self._clock, self._usage, starter.run_time)
        return {**run, "download_name": download_name(self.environment)}

    def _config(self) -> documents.Document:
        config = documents.config_document(
            self.environment,
            picks_classes=self._picks_classes,
            login=self._has_login,
            base_path=self._base_path,
            extra_options=self.extra_options(),
            has_history=self.has_history,
        )
        return {**config, "profiles": list(self.template_args.get("all_profiles") or [])}

    def extra_options(self) -> documents.Document:
        """The locustfile's options with their present values; which there are is asked once."""
        if self._extra_actions is None:
            self._extra_actions = documents.extra_actions(self.environment)
        return documents.extra_options(self.environment, self._extra_actions)

    def ask_options_again(self) -> None:
        """Listeners to init_command_line_parser may add others than before."""
        self._extra_actions = None


def download_name(environment: Environment) -> str:
    """Locust's name for a download, without its ending."""
    begun = datetime.fromtimestamp(environment.stats.start_time or time.time())
    parts = ["Locust", begun.strftime("%Y-%m-%d-%Hh%M"), environment.locustfile, shown_host(environment.host)]
    return "_".join(part for part in parts if part)


_recordings: WeakKeyDictionary[Environment, Recording] = WeakKeyDictionary()


def recording_of(environment: Environment) -> Recording:
    """The recording of an environment, begun now if there is none."""
    return _recordings.get(environment) or Recording(environment)
