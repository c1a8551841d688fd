"""Sustained: everyday traffic at a steady rate.

The run ends with exit code 1 if more than 1 % of the requests fail, or if the 95th percentile is above
MAX_P95_MS (default 500).
"""

import logging
import os

from gateway_user import GatewayUser
from locust import constant_throughput, events
from locust.env import Environment

MAX_FAIL_RATIO = 0.01
MAX_P95_MS = float(os.environ.get("MAX_P95_MS", "500"))


class SustainedUser(GatewayUser):
    """Two tasks a second, however long each takes."""

    wait_time = constant_throughput(2)


@events.quitting.add_listener
def judge(environment: Environment, **_kwargs: object) -> None:
    """Turns the limits into the exit code."""
    fail_ratio = environment.stats.total.fail_ratio
    p95 = environment.stats.total.get_response_time_percentile(0.95) or 0
    if fail_ratio > MAX_FAIL_RATIO:
        verdict = f"failed: {fail_ratio:.1%} of the requests failed, allowed is {MAX_FAIL_RATIO:.0%}"
    elif p95 > MAX_P95_MS:
        verdict = f"failed: the 95th percentile is {p95:.0f} ms, allowed is {MAX_P95_MS:.0f} ms"
    else:
        verdict = f"passed: {fail_ratio:.2%} of the requests failed, the 95th percentile is {p95:.0f} ms"
    logging.info("verdict %s", verdict)
    environment.process_exit_code = 0 if verdict.startswith("passed") else 1
