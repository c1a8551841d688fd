"""Debian's Prometheus, scraping one address every second."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commands import free_port
from waiting import eventually


@dataclass
class Prometheus:
    """A server that runs."""

    url: str

    def ask(self, query: str) -> list[dict[str, Any]]:
        """What a query answers; nothing while the server is not ready."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        except (urllib.error.URLError, ConnectionError):
            return []
        return found

    def numbers(self, query: str) -> dict[str, float]:
        """The values of a query by the label `name`."""
        return {one["metric"].get("name", ""): float(one["value"][1]) for one in self.ask(query)}

    def wait_for(self, query: str, expected: dict[str, float]) -> None:
        """Wait until a query answers these numbers."""
        eventually(f"{query} is {expected}", lambda: self.numbers(query) == expected)


@contextmanager
def prometheus(folder: Path, scraped: str) -> Iterator[Prometheus]:
    """A server with native histograms switched on that scrapes `scraped`, such as 127.0.0.1:8089."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.fail("prometheus is not there: apt-get install prometheus", pytrace=False)
    config = folder / "prometheus.yml"
    scrape = f"[{{job_name: katydid, static_configs: [{{targets: ['{scraped}']}}]}}]"
    config.write_text(f"global: {{scrape_interval: 1s}}\nscrape_configs: {scrape}\n")
    port = free_port()
    words = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=native-histograms",
        "--log.level=warn",
    ]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as server:
        try:
            yield Prometheus(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            server.wait(30)
