"""Where do messages of a run go, and who learns of an exception that nobody caught?"""

import logging
import logging.config
import platform
import sys
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

HOSTNAME = platform.node().split(".")[0]

unhandled_greenlet_exception = False
"""True once an exception escaped a listener or one of our own greenlets: the exit code tells (2)."""

_KEPT_RECORDS = 500


class LogReader(logging.Handler):
    """Keeps the last records in memory, formatted, for those who show them later."""

    def __init__(self) -> None:
        super().__init__()
        self.logs: deque[str] = deque(maxlen=_KEPT_RECORDS)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        try:
            self.logs.append(self.format(record))
        except Exception:
            self.handleError(record)  # a message that does not fit its arguments is no matter for a task


def setup_logging(loglevel: str, logfile: str | None = None) -> None:
    """Send messages to stderr, or to `logfile`; the statistics tables always go to stderr."""
    level = loglevel.upper()
    output = "file" if logfile else "console"
    handlers: dict[str, dict[str, Any]] = {
        "console": {"class": "logging.StreamHandler", "formatter": "default"},
        "console_plain": {"class": "logging.StreamHandler", "formatter": "plain"},
        "log_reader": {"()": LogReader, "formatter": "default"},
    }
    if logfile:
        handlers["file"] = {"class": "logging.FileHandler", "filename": logfile, "formatter": "default"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "default": {"format": f"[%(asctime)s] {HOSTNAME}/%(levelname)s/%(name)s: %(message)s"},
                "plain": {"format": "%(message)s"},
            },
            "handlers": handlers,
            "loggers": {
                "locust": {"handlers": [output, "log_reader"], "level": level, "propagate": False},
                "locust.stats_logger": {"handlers": ["console_plain"], "level": "INFO", "propagate": False},
            },
            "root": {"handlers": [output, "log_reader"], "level": level},
        }
    )


def get_logs() -> list[str]:
    """The messages that the in-memory reader holds, oldest first."""
    for handler in logging.getLogger("locust").handlers:
        if isinstance(handler, LogReader):
            return list(handler.logs)
    return []


def greenlet_exception_logger(logger: logging.Logger, level: int = logging.CRITICAL) -> Callable[[Any], None]:
    """A function for ``Greenlet.link_exception`` that logs what ended the greenlet and remembers it."""

    def report(greenlet: Any) -> None:
        global unhandled_greenlet_exception
        if isinstance(greenlet.exc_info[1], SystemExit):
            code = greenlet.exc_info[1].code
            logger.log(min(logging.INFO, level), "exit code %s was asked for in %s", code, greenlet)
            return
        unhandled_greenlet_exception = True
        text = "".join(traceback.format_exception(*greenlet.exc_info))
        logger.log(level, "unhandled exception in %s\n%s", greenlet, text.rstrip())

    return report


def complain(message: str) -> None:
    """Tell the user, on stderr and in one line, why there will be no run."""
    print(f"katydid: {message}", file=sys.stderr)
