"""The three services in quick motion: users who hardly wait, so that minutes show what takes hours otherwise.

The tools are those of an MCP gateway, called by JSON-RPC.
"""

import itertools
import os

import services
from locust import FastHttpUser, between, task

MCP_GATEWAY_URL = os.environ.get("MCP_GATEWAY_URL", "http://127.0.0.1:8003")
HARDLY = between(0.1, 0.3)


class APIGatewayUser(services.APIGatewayUser):
    """Chats and embeds without pausing to read."""

    wait_time = HARDLY


class RAGUser(services.RAGUser):
    """Asks and adds documents without pausing to think."""

    wait_time = HARDLY


class MCPUser(FastHttpUser):
    """Logs in once, then lists and calls tools."""

    host = MCP_GATEWAY_URL
    wait_time = HARDLY
    numbers = itertools.count(1)

    def on_start(self) -> None:
        body = {"email": "load@example.com", "password": "not-a-secret"}
        with self.rest("POST", "/auth/login", json=body, name="log in") as response:
            token = response.js["access_token"] if response.js else ""
        self.token = {"Authorization": f"Bearer {token}"}

    def rpc(self, name: str, method: str, params: dict[str, object]) -> None:
        """Calls a method. JSON-RPC reports its errors with status 200, so the body decides."""
        call = {"jsonrpc": "2.0", "id": next(self.numbers), "method": method, "params": params}
        with self.rest("POST", "/rpc", json=call, name=name, headers=self.token) as response:
            if response.js is not None and "error" in response.js:
                response.failure(f"JSON-RPC error {response.js['error']['code']}")

    @task(4)
    def call_tool(self) -> None:
        self.rpc("tool: forecast", "tools/call", {"name": "tool-5", "arguments": {"city": "Utrecht"}})

    @task(2)
    def list_tools(self) -> None:
        self.rpc("list of tools", "tools/list", {})
