"""The native half of the package: the reactor, the clients and the statistics."""

from typing import Any

__version__: str

def sleep(seconds: float) -> None:
    """Let other greenlets run for so long."""

def yield_if_unswitched() -> None:
    """Let other greenlets run, unless they did since this was called last."""

def target_main(argv: list[str]) -> int:
    """Run a practice server; returns the exit code."""

class Recorder:
    """A listener of request events that writes them into statistics."""

    def __init__(self, stats: Any) -> None: ...
    def __call__(self, **kwargs: Any) -> None: ...
