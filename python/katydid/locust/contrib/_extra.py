"""What does a user learn whose client library is not installed? The one command that installs it."""

from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def extra(name: str) -> Generator[None]:
    """Import optional libraries in the with-block; `name` is the extra of this distribution that brings them.

    Raises:
        ModuleNotFoundError: one is missing; the message is one line with the command to type.
    """
    try:
        yield
    except ModuleNotFoundError as fault:
        advice = f'pip install "katydid[{name}]"'
        raise ModuleNotFoundError(
            f"locust.contrib.{name} needs {fault.name}, which is not installed: {advice}", name=fault.name
        ) from None
