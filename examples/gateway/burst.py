"""Burst: calm traffic, interrupted by waves of many users at once.

A wave lasts BURST_SECONDS (default 10) and is followed by as long a calm; there are BURST_WAVES (default 3).
"""

import os

from gateway_user import GatewayUser
from locust import LoadTestShape, between

WAVE_SECONDS = float(os.environ.get("BURST_SECONDS", "10"))
WAVES = int(os.environ.get("BURST_WAVES", "3"))
CALM_USERS = 10
BURST_USERS = int(os.environ.get("BURST_USERS", "200"))


class BurstUser(GatewayUser):
    """Somebody who came with the crowd."""

    wait_time = between(0.1, 0.5)


class Waves(LoadTestShape):
    """Calm, wave, calm, wave … and a last calm, to see the recovery."""

    def tick(self) -> tuple[int, float] | None:
        """The users that should run now, and how fast: a crowd arrives within a tenth of its wave."""
        phase = int(self.get_run_time() // WAVE_SECONDS)
        if phase > 2 * WAVES:
            return None
        users = BURST_USERS if phase % 2 else CALM_USERS
        return users, BURST_USERS / WAVE_SECONDS * 10
