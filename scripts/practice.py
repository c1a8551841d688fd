"""The command that the scripts of this folder start, and its practice servers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KATYDID = os.environ.get("KATYDID") or str(ROOT / ".venv" / "bin" / "katydid")


@contextmanager
def target(words: list[str]) -> Iterator[str]:
    """The address of the practice server that these words start, while it runs."""
    with subprocess.Popen([KATYDID, *words], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            announced = server.stdout.readline().split()
            url = next((word for word in announced if word.startswith("http://")), None)
            if url is None:
                sys.exit(f"katydid {' '.join(words)} did not start (exit code {server.wait()})")
            yield url
        finally:
            server.send_signal(signal.SIGTERM)
