"""The verdict in files: JUnit XML for pipelines, Markdown for merge requests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from katydid import _core

from .watch import Watch, watch_of

if TYPE_CHECKING:
    from katydid.locust.env import Environment


class VerdictFiles:
    """Writes what `--junit` and `--markdown` ask for.

    Raises:
        OSError: one of the files cannot be written, which is to be known before the run.
    """

    def __init__(self, environment: Environment, options: Any) -> None:
        self._environment = environment
        self.junit = _prepared(options.katydid_junit)
        self.markdown = _prepared(options.katydid_markdown)
        if (self.junit or self.markdown) and watch_of(environment) is None:
            Watch(environment, _core.Judge(None, None, []))

    def write(self) -> None:
        """Write the files, as of now."""
        watch = watch_of(self._environment)
        if watch is None:
            return
        title = self._environment.locustfile or "load test"
        for path, text in (
            (self.junit, watch.judge.junit(title)),
            (self.markdown, watch.judge.markdown(title)),
        ):
            if path is not None:
                path.write_text(text or "", encoding="utf-8")


def _prepared(name: str | None) -> Path | None:
    if not name:
        return None
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8"):
        pass
    return path
