"""Three services in levels, from one suite file: one run passes, in another a slow service is named."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from commands import katydid, target

SUITE = Path(__file__).parents[2] / "examples" / "ai_suite" / "katydid.toml"


def run(folder: Path, address: str, *more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))}
    services = dict.fromkeys(("API_GATEWAY_URL", "RAG_SERVICE_URL", "MCP_SERVER_URL"), address)
    words = [*katydid(), "--suite", str(SUITE), *more]
    return subprocess.run(
        words, cwd=folder, env={**kept, **services}, capture_output=True, text=True, timeout=180
    )


def test_the_file_tells_its_levels(tmp_path: Path) -> None:
    told = run(tmp_path, "http://127.0.0.1:1", "--check").stdout
    levels = re.findall(r"^  (\w+: level \d): (\d+) users, (\d+) per second, for 300 s$", told, re.MULTILINE)
    assert [(title, int(users), int(rate)) for title, users, rate in levels] == [
        ("api: level 1", 10, 1),
        ("api: level 2", 50, 5),
        ("api: level 3", 100, 10),
        ("rag: level 1", 5, 1),
        ("rag: level 2", 25, 3),
        ("rag: level 3", 50, 5),
        ("tools: level 1", 5, 1),
        ("tools: level 2", 20, 2),
    ]


def test_services_are_tested_one_after_another(tmp_path: Path) -> None:
    with target("llm") as address:
        done = run(tmp_path, address, "--profile", "smoke", "--html", "report.md")
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\w+: level \d) +(\d+) +\ds \| +(\d+) .* \| pass$", done.stderr, re.MULTILINE)
    assert [row[:2] for row in rows] == [
        ("api: level 1", "4"),
        ("api: level 2", "8"),
        ("rag: level 1", "6"),
        ("tools: level 1", "4"),
    ], done.stderr
    assert all(int(requests) > 0 for *_, requests in rows)
    report = (tmp_path / "report.md").read_text()
    assert "## Levels" in report and "| pass | p95&lt;3s on query in scenario rag |" in report


def test_a_slowed_service_is_found_and_named(tmp_path: Path) -> None:
    with target("llm", "--latency", "query=fixed:3200ms") as address:
        done = run(tmp_path, address, "--profile", "smoke")
    assert done.returncode == 3, done.stderr
    named = r"^FAIL  p95<3s on query in scenario rag +3\.\d+ s \(rag: level 1\)$"
    assert re.search(named, done.stderr, re.MULTILINE), done.stderr
    assert done.stderr.rstrip().endswith("Verdict: failed (1 of 4 thresholds broken)"), done.stderr
