"""Messages are kept for those who read them later, and harm nobody who writes them."""

import logging

import pytest
from katydid.locust.log import LogReader


@pytest.fixture
def logger() -> logging.Logger:
    """A logger that writes into a reader alone."""
    made = logging.Logger("made for a test")
    made.addHandler(LogReader())
    return made


def kept(logger: logging.Logger) -> list[str]:
    """What the reader of a logger holds."""
    (reader,) = logger.handlers
    assert isinstance(reader, LogReader)
    return list(reader.logs)


def test_the_last_messages_are_kept(logger: logging.Logger) -> None:
    for number in range(501):
        logger.info("line %d", number)
    assert (len(kept(logger)), kept(logger)[0], kept(logger)[-1]) == (500, "line 1", "line 500")


def test_a_message_that_does_not_fit_its_arguments_is_told_and_does_not_raise(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logger.info("%d users", "many")
    assert "--- Logging error ---" in capsys.readouterr().err
    logger.info("the next one")
    assert kept(logger) == ["the next one"]
