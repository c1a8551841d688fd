"""What all users of the MCP gateway share: a token, and one way to judge an answer."""

import json
import os
from typing import Any

MCP_GATEWAY_URL = os.environ.get("MCP_GATEWAY_URL", "http://127.0.0.1:8003")
MCP_TOKEN = os.environ.get("MCP_TOKEN", "")  # without one, every user logs in

# A write may come too late: another user changed the entity first. The gateway then answers 409, which is
# what optimistic locking is for. An entity may also be gone by then.
WRITE_CODES = [200, 404, 409]


class GatewayUser:
    """A mixin for HttpUser and FastHttpUser."""

    host = MCP_GATEWAY_URL
    client: Any

    def on_start(self) -> None:
        token = MCP_TOKEN or self.log_in()
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def log_in(self) -> str:
        """Exchanges name and password for a token; without one the user goes on and meets 401."""
        body = {"email": "load@example.com", "password": "not-a-secret"}
        with self.client.post("/auth/login", json=body, catch_response=True) as response:
            answer = self._validate_json_response(response, allowed_codes=[200])
        return answer["access_token"] if answer else ""

    def call(self, method: str, path: str, allowed_codes: list[int] | None = None, **options: Any) -> Any:
        """Sends a request with the token, judges the answer, and returns its JSON if it has any."""
        options.setdefault("headers", self.headers)
        with self.client.request(method, path, catch_response=True, **options) as response:
            return self._validate_json_response(response, allowed_codes or [200])

    def _validate_json_response(self, response: Any, allowed_codes: list[int]) -> Any:
        """Fails a response with another status, or with a body that is not the JSON it claims to be.

        Returns the JSON of a success, and None for an allowed error or an answer without a body.
        """
        if response.status_code not in allowed_codes:
            response.failure(f"Expected {allowed_codes}, got {response.status_code}")
            return None
        try:
            answer = json.loads(response.content) if response.content else None
        except ValueError:
            response.failure("Invalid JSON")
            return None
        response.success()
        return answer if response.status_code < 400 else None
