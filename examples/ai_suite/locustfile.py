"""Three AI services under rising load: an OpenAI-compatible API, retrieval (RAG), and a tool server (MCP).

The services are tested one after the other, each in levels of more and more users. A level takes
LEVEL_SECONDS (default 300); shorter levels ramp up faster by the same factor, so the profile keeps its form.
Name a user class to test only its service: `katydid -f locustfile.py RAGUser`.

This is the way that works on stock Locust, too. `katydid.toml` says the same without code.
"""

import logging
import os
from typing import NamedTuple

from locust import LoadTestShape, User, events
from locust.env import Environment
from services import APIGatewayUser, MCPUser, RAGUser

USUAL_LEVEL_SECONDS = 300
LEVEL_SECONDS = float(os.environ.get("LEVEL_SECONDS", str(USUAL_LEVEL_SECONDS)))


class Level(NamedTuple):
    """So many users of one class, started at this rate."""

    user_class: type[User]
    users: int
    spawn_rate: float


LEVELS = [
    Level(APIGatewayUser, users=10, spawn_rate=1),
    Level(APIGatewayUser, users=50, spawn_rate=5),
    Level(APIGatewayUser, users=100, spawn_rate=10),
    Level(RAGUser, users=5, spawn_rate=1),
    Level(RAGUser, users=25, spawn_rate=3),
    Level(RAGUser, users=50, spawn_rate=5),
    Level(MCPUser, users=5, spawn_rate=1),
    Level(MCPUser, users=20, spawn_rate=2),
]


class Levels(LoadTestShape):
    """One level after the other, those of the chosen user classes only."""

    def tick(self) -> tuple[int, float, list[type[User]]] | None:
        """The level of this moment."""
        chosen = self.runner.environment.user_classes
        levels = [level for level in LEVELS if level.user_class in chosen]
        number = int(self.get_run_time() // LEVEL_SECONDS)
        if number >= len(levels):
            return None
        level = levels[number]
        return level.users, level.spawn_rate * USUAL_LEVEL_SECONDS / LEVEL_SECONDS, [level.user_class]


# What is promised: the 95th percentile of each request in milliseconds, and at most one failure in a hundred.
P95_LIMITS_MS = {
    "chat": 2000,
    "query": 3000,
    "index": 4000,
    "tool: files": 2500,
    "tool: git": 2500,
    "tool: web": 2500,
}
MAX_FAIL_RATIO = 0.01


@events.quitting.add_listener
def judge(environment: Environment, **_kwargs: object) -> None:
    """Compares the run with what is promised, and sets the exit code."""
    broken = [
        f"{name}: 95th percentile {p95} ms, promised {limit} ms"
        for name, limit in P95_LIMITS_MS.items()
        if (p95 := environment.stats.get(name, "POST").get_response_time_percentile(0.95) or 0) > limit
    ]
    fail_ratio = environment.stats.total.fail_ratio
    if fail_ratio > MAX_FAIL_RATIO:
        broken.append(f"{fail_ratio:.1%} failed, promised {MAX_FAIL_RATIO:.0%} at most")
    for line in broken:
        logging.error("verdict: %s", line)
    environment.process_exit_code = 1 if broken else 0
