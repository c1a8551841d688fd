"""The users of three AI services: an OpenAI-compatible API, retrieval (RAG), and a tool server (MCP)."""

import os
import random
import time

from locust import FastHttpUser, HttpUser, between, task
from locust.clients import ResponseContextManager

API_GATEWAY_URL = os.environ.get("API_GATEWAY_URL", "http://127.0.0.1:8004")
RAG_SERVICE_URL = os.environ.get("RAG_SERVICE_URL", "http://127.0.0.1:8004")
MCP_SERVER_URL = os.environ.get("MCP_SERVER_URL", "http://127.0.0.1:8004")

QUESTIONS = [
    "Summarise the release notes in two sentences.",
    "What does the retry policy say?",
    "Which service owns the billing tables?",
    "How is a token refreshed?",
]


class APIGatewayUser(HttpUser):
    """Chats, with and without streaming, and embeds texts."""

    host = API_GATEWAY_URL
    wait_time = between(1, 3)

    @task(6)
    def chat(self) -> None:
        with self.complete("chat") as response:
            if response.status_code != 200:
                response.failure(f"unexpected status {response.status_code}")
            elif not response.json()["choices"][0]["message"]["content"]:
                response.failure("an empty answer")

    @task(3)
    def streamed_chat(self) -> None:
        """Reads an answer as it is made; the first token is what the reader waits for."""
        started = time.perf_counter()
        with self.complete("chat (stream)", stream=True) as response:
            last = b""
            for line in response.iter_lines(chunk_size=None):
                if line and not last:
                    self.report_first_token(started, len(line))
                last = line or last
            if last != b"data: [DONE]":
                response.failure("the stream broke off")

    def complete(self, name: str, stream: bool = False) -> ResponseContextManager:
        """Asks one of the questions; the caller judges the answer."""
        messages = [{"role": "user", "content": random.choice(QUESTIONS)}]
        body = {"model": "katydid-chat", "messages": messages, "stream": stream}
        path = "/v1/chat/completions"
        return self.client.post(path, json=body, name=name, stream=stream, catch_response=True)

    def report_first_token(self, started: float, size: int) -> None:
        self.environment.events.request.fire(
            request_type="SSE",
            name="chat (first token)",
            response_time=(time.perf_counter() - started) * 1000,
            response_length=size,
            exception=None,
            context={},
        )

    @task(2)
    def embed(self) -> None:
        body = {"model": "katydid-embed", "input": random.choice(QUESTIONS)}
        self.client.post("/v1/embeddings", json=body, name="embeddings")

    @task(1)
    def models(self) -> None:
        self.client.get("/v1/models", name="models")


class RAGUser(FastHttpUser):
    """Asks in seven cases of ten, and adds documents in the other three."""

    host = RAG_SERVICE_URL
    wait_time = between(1, 3)

    @task(7)
    def query(self) -> None:
        body = {"query": random.choice(QUESTIONS), "top_k": 3}
        with self.rest("POST", "/query", json=body, name="query") as response:
            if response.js is not None and "answer" not in response.js:
                response.failure("no answer")

    @task(3)
    def index(self) -> None:
        topic = random.choice(["billing tables", "retry policy", "release notes", "token refresh"])
        body = {"documents": [f"Note {random.randrange(10_000)} on the {topic}."]}
        self.client.post("/index", json=body, name="index")


class MCPUser(FastHttpUser):
    """Runs tools: files and git in two cases of five each, the web in one."""

    host = MCP_SERVER_URL
    wait_time = between(1, 3)

    def run_tool(self, name: str, tool: str, **arguments: str) -> None:
        """A tool must succeed; leaving the sandbox would be answered with 403."""
        call = {"tool": tool, "arguments": arguments}
        with self.rest("POST", "/tools/execute", json=call, name=name) as response:
            if response.js is not None and not response.js.get("success"):
                response.failure("the tool failed")

    @task(4)
    def file_operation(self) -> None:
        tool = random.choice(["file_read", "file_write", "file_list"])
        self.run_tool("tool: files", tool, path="/workspace/notes.md", content="a line")

    @task(4)
    def git_operation(self) -> None:
        self.run_tool("tool: git", random.choice(["git_status", "git_log"]))

    @task(2)
    def web_operation(self) -> None:
        self.run_tool("tool: web", "web_search", query="load testing")
