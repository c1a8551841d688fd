"""An MCP gateway with everybody at it at once: readers, writers, people who switch things on and off, agents.

Writers meet: two of them change the same entity, one wins and the other gets 409. That is the gateway doing
its duty, so 409 is among the allowed codes of every write, and retried where a retry makes sense.

Choose parts by class (`katydid -f locustfile.py StateUser JsonRpcUser`) or by tag (`--tags read`,
`--exclude-tags write`).
"""

import random
import uuid
from typing import Any

import gevent
from gateway_user import WRITE_CODES, GatewayUser
from locust import FastHttpUser, HttpUser, between, tag, task

# The gateway has entities 1 to 5 of each kind from the start. Writers share the first four, so that they
# meet; nobody touches the last, so that a tool which agents call is never switched off.
STOCK = range(1, 5)
UNTOUCHED_TOOL = "tool-5"


class HealthUser(GatewayUser, FastHttpUser):
    """A load balancer that looks whether the gateway lives; needs no token."""

    weight = 2
    wait_time = between(0.5, 1)

    def on_start(self) -> None:
        self.headers = {}

    @tag("health")
    @task
    def health(self) -> None:
        self.call("GET", "/health")


class ServerUser(GatewayUser, FastHttpUser):
    """Reads servers."""

    weight = 3
    wait_time = between(0.1, 0.5)

    @tag("read")
    @task(3)
    def list_servers(self) -> None:
        self.call("GET", "/servers")

    @tag("read")
    @task(2)
    def read_server(self) -> None:
        self.call("GET", f"/servers/{random.choice(STOCK)}", name="/servers/[id]")


class ToolUser(GatewayUser, FastHttpUser):
    """Reads tools."""

    weight = 3
    wait_time = between(0.1, 0.5)

    @tag("read")
    @task(3)
    def list_tools(self) -> None:
        self.call("GET", "/tools?limit=50", name="/tools")

    @tag("read")
    @task(2)
    def read_tool(self) -> None:
        self.call("GET", f"/tools/{random.choice(STOCK)}", name="/tools/[id]")


class ResourceUser(GatewayUser, FastHttpUser):
    """Reads resources, and looks for some that are gone."""

    weight = 2
    wait_time = between(0.1, 0.5)

    @tag("read")
    @task(3)
    def list_resources(self) -> None:
        self.call("GET", "/resources")

    @tag("read")
    @task(1)
    def read_missing(self) -> None:
        self.call("GET", "/resources/0", name="/resources/[missing]", allowed_codes=[404])


class PromptUser(GatewayUser, FastHttpUser):
    """Reads prompts."""

    wait_time = between(0.1, 0.5)

    @tag("read")
    @task
    def list_prompts(self) -> None:
        self.call("GET", "/prompts")

    @tag("read")
    @task
    def read_prompt(self) -> None:
        self.call("GET", f"/prompts/{random.choice(STOCK)}", name="/prompts/[id]")


class FederationUser(GatewayUser, FastHttpUser):
    """Looks which other gateways are connected."""

    wait_time = between(0.5, 1)

    @tag("read")
    @task
    def list_gateways(self) -> None:
        self.call("GET", "/gateways")


class TeamsCRUDUser(GatewayUser, HttpUser):
    """Makes a team, looks at it, and takes it away again."""

    wait_time = between(0.5, 1.5)

    @tag("write")
    @task
    def life_of_a_team(self) -> None:
        body = {"name": f"team-{uuid.uuid4().hex[:8]}", "description": "a load test", "visibility": "private"}
        team = self.call("POST", "/teams/", name="/teams/ [create]", allowed_codes=[201], json=body)
        if team is None:
            return
        path = f"/teams/{team['id']}"
        self.call("GET", path, name="/teams/[id]", allowed_codes=[200, 404])
        self.call("DELETE", path, name="/teams/[id] [delete]", allowed_codes=[204, 404])


class ToolsCRUDUser(GatewayUser, HttpUser):
    """Registers a tool, renames it, and removes it; nobody else knows it, so nothing may conflict."""

    wait_time = between(0.5, 1.5)

    @tag("write")
    @task
    def life_of_a_tool(self) -> None:
        name = f"load-{uuid.uuid4().hex[:8]}"
        tool = self.call("POST", "/tools", name="/tools [create]", allowed_codes=[201], json={"name": name})
        if tool is None:
            return
        path = f"/tools/{tool['id']}"
        change = {"name": f"{name}-2", "version": tool["version"]}
        self.call("PUT", path, name="/tools/[id] [rename]", json=change)
        self.call("DELETE", path, name="/tools/[id] [delete]", allowed_codes=[204])

    def on_stop(self) -> None:
        """A user who leaves closes its connections, as a well-behaved client does."""
        self.client.close()


class EntityUpdateUser(GatewayUser, HttpUser):
    """Reads a resource, thinks for a moment, and writes it back; meanwhile somebody else may be faster."""

    weight = 2
    wait_time = between(0.2, 0.8)

    @tag("write", "conflict")
    @task
    def update_resource(self) -> None:
        path = f"/resources/{random.choice(STOCK)}"
        for _attempt in range(3):
            resource = self.call("GET", path, name="/resources/[id]", allowed_codes=[200, 404])
            if resource is None:
                return
            gevent.sleep(0.05)
            change = {"description": f"edited {uuid.uuid4().hex[:6]}", "version": resource["version"]}
            name = "/resources/[id] [update]"
            if self.call("PUT", path, name=name, allowed_codes=WRITE_CODES, json=change):
                return


class StateUser(GatewayUser, FastHttpUser):
    """Switches entities on and off, as everybody else does at the same moment."""

    weight = 4
    wait_time = between(0.05, 0.2)

    def switch(self, kind: str) -> None:
        """Toggles one of the few entities that all users share."""
        path = f"/{kind}/{random.choice(STOCK)}/state"
        self.call("POST", path, name=f"/{kind}/[id]/state", allowed_codes=WRITE_CODES)

    @tag("state", "conflict")
    @task(4)
    def set_server_state(self) -> None:
        self.switch("servers")

    @tag("state", "conflict")
    @task(2)
    def set_tool_state(self) -> None:
        self.switch("tools")

    @tag("state", "conflict")
    @task(1)
    def set_resource_state(self) -> None:
        self.switch("resources")

    @tag("state", "conflict")
    @task(1)
    def set_prompt_state(self) -> None:
        self.switch("prompts")

    @tag("state", "conflict")
    @task(1)
    def set_gateway_state(self) -> None:
        self.switch("gateways")


class JsonRpcUser(GatewayUser, FastHttpUser):
    """An agent: says hello once, then lists and calls tools by JSON-RPC."""

    weight = 4
    wait_time = between(0.1, 0.4)

    def on_start(self) -> None:
        super().on_start()
        self.rpc("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}})

    def rpc(self, method: str, params: dict[str, Any] | None = None) -> None:
        """Calls a method. JSON-RPC reports its errors with status 200, so the body decides."""
        call = {"jsonrpc": "2.0", "id": uuid.uuid4().hex, "method": method, "params": params or {}}
        with self.client.post(
            "/rpc", json=call, headers=self.headers, name=f"/rpc {method}", catch_response=True
        ) as response:
            answer = self._validate_json_response(response, allowed_codes=[200])
            if answer is not None and "error" in answer:
                response.failure(f"JSON-RPC error {answer['error']['code']}")

    @tag("rpc", "read")
    @task(4)
    def list_tools(self) -> None:
        self.rpc("tools/list")

    @tag("rpc")
    @task(4)
    def call_tool(self) -> None:
        self.rpc("tools/call", {"name": UNTOUCHED_TOOL, "arguments": {"city": "Utrecht"}})

    @tag("rpc", "read")
    @task(2)
    def list_resources(self) -> None:
        self.rpc("resources/list")

    @tag("rpc", "read")
    @task(1)
    def list_prompts(self) -> None:
        self.rpc("prompts/list")

    @tag("rpc", "health")
    @task(1)
    def ping(self) -> None:
        self.rpc("ping")


class StrangerUser(GatewayUser, FastHttpUser):
    """Somebody without a token, or with a wrong one, who must stay outside."""

    wait_time = between(0.5, 1.5)

    def on_start(self) -> None:
        self.headers = {}

    @tag("auth")
    @task
    def without_token(self) -> None:
        self.call("GET", "/tools", name="/tools [no token]", allowed_codes=[401])

    @tag("auth")
    @task
    def with_wrong_token(self) -> None:
        headers = {"Authorization": "Bearer made-up"}
        self.call("GET", "/servers", name="/servers [wrong token]", allowed_codes=[401, 403], headers=headers)


class SessionUser(GatewayUser, HttpUser):
    """Logs in again and again, as people do whose sessions expire."""

    wait_time = between(0.5, 1.5)

    @tag("auth")
    @task
    def log_in_again(self) -> None:
        self.headers["Authorization"] = f"Bearer {self.log_in()}"
        self.call("GET", "/teams/", name="/teams/")
