"""A shop under business traffic, watched by an AI agent whose two models are compared.

Six kinds of users. One browses and orders in the shop; two ask the agent for repairs, one for each model; two
chat with it, one for each model; one sends the same prompt to both models, again and again, to fill a
monitoring dashboard.

The agent's users are slow by design: a look every half a minute, a chat every three quarters. SPEED=10 makes
all of their intervals ten times shorter.
"""

import os
import random

from locust import HttpUser, between, constant_pacing, task
from prompts import ERROR_PROMPTS, SIMPLE_PROMPTS, STATUS_QUESTIONS, TOOL_PROMPTS

TARGET_APP_URL = os.environ.get("TARGET_APP_URL", "http://127.0.0.1:8000")
AI_AGENT_URL = os.environ.get("AI_AGENT_URL", "http://127.0.0.1:8001")
SPEED = float(os.environ.get("SPEED", "1"))

PRODUCT_IDS = range(1, 9)
REPAIR_PROBABILITY = 0.2
REPAIR_TIMEOUT = 120  # seconds; a model may think for long

# What a prompt is called in the statistics, how often it is chosen, and which answers it may get.
PROMPT_MIX = {
    "Tool Prompt": (40, TOOL_PROMPTS, {200}),
    "Simple Prompt": (50, SIMPLE_PROMPTS, {200}),
    "Error Prompt": (10, ERROR_PROMPTS, {200, 400, 422}),
}


class TargetAppUser(HttpUser):
    """Browses the shop, and now and then orders something."""

    host = TARGET_APP_URL
    wait_time = between(1, 3)

    @task(3)
    def get_health(self) -> None:
        self.client.get("/health")

    @task(2)
    def get_orders(self) -> None:
        self.client.get("/orders")

    @task(2)
    def get_products(self) -> None:
        self.client.get("/products")

    @task(1)
    def create_order(self) -> None:
        order = {"product_id": random.choice(PRODUCT_IDS), "quantity": random.randint(1, 5)}
        with self.client.post("/orders", json=order, catch_response=True) as response:
            if response.status_code != 201:
                response.failure(f"order not created: {response.status_code}")

    @task(1)
    def get_specific_product(self) -> None:
        self.client.get(f"/products/{random.choice(PRODUCT_IDS)}", name="/products/[id]")


class AgentUser(HttpUser):
    """What all users of the agent share: where it is, and how to talk to one of its models."""

    abstract = True
    host = AI_AGENT_URL

    def chat(self, model: str, message: str, name: str, expected: set[int]) -> None:
        """Sends a message to a model; any answer but the expected ones is a failure."""
        body = {"message": message, "model": model}
        label = f"{name} (Model {model.upper()})"
        with self.client.post("/chat", json=body, name=label, catch_response=True) as response:
            if response.status_code in expected:
                response.success()
            else:
                response.failure(f"unexpected status {response.status_code}")


class RepairUser(AgentUser):
    """Looks at the agent's status, and in one case of five asks for a repair."""

    abstract = True
    model = ""
    wait_time = constant_pacing(30 / SPEED)

    @task
    def watch_and_repair(self) -> None:
        self.client.get("/status")
        if random.random() < REPAIR_PROBABILITY:
            self.repair()

    def repair(self) -> None:
        """A repair counts only if the agent says that it succeeded."""
        with self.client.post(
            f"/repair?model={self.model}",
            name=f"Repair Workflow (Model {self.model.upper()})",
            timeout=REPAIR_TIMEOUT,
            catch_response=True,
        ) as response:
            if response.status_code != 200:
                response.failure(f"unexpected status {response.status_code}")
            elif not response.json().get("success"):
                response.failure("the agent could not repair")


class ModelAUser(RepairUser):
    """Repairs with model A."""

    model = "a"


class ModelBUser(RepairUser):
    """Repairs with model B."""

    model = "b"


class ChatUser(AgentUser):
    """Asks one of a few questions about the system."""

    abstract = True
    model = ""
    wait_time = constant_pacing(45 / SPEED)

    @task
    def ask(self) -> None:
        self.chat(self.model, random.choice(STATUS_QUESTIONS), "Chat", {200})


class ChatModelAUser(ChatUser):
    """Chats with model A."""

    model = "a"


class ChatModelBUser(ChatUser):
    """Chats with model B."""

    model = "b"


class PassiveLoadUser(AgentUser):
    """Sends the same prompt to both models, so that a dashboard can compare them."""

    wait_time = constant_pacing(18 / SPEED)

    @task
    def compare_models(self) -> None:
        weights = [weight for weight, _, _ in PROMPT_MIX.values()]
        [category] = random.choices(list(PROMPT_MIX), weights)
        _, prompts, expected = PROMPT_MIX[category]
        prompt = random.choice(prompts)
        for model in ("a", "b"):
            self.chat(model, prompt, category, expected)
