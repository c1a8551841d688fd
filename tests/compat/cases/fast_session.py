"""A FastHttpUser's session: every verb and its options on the wire, its answers, what listeners are told."""

# /// facts
# args = "-u 1 -t 30s"
# exit = 1
# ordered = true
# failures = [
#     "GET /status/404: LocustBadStatusCode(code=404)",
#     "GET refused: ConnectionRefusedError(111, 'Connection refused')",
#     "GET nowhere: gaierror(-2, 'Name or service not known')",
# ]
# shows = """
# locust.contrib.fasthttp.FastHttpSession(auth_header base_url client cookiejar delete get head options patch
# post put request request_event user)
# locust.contrib.fasthttp.FastHttpUser(abstract client client_pool concurrency connection_timeout
# default_headers insecure max_redirects max_retries network_timeout proxy_host proxy_port ssl_context_factory)
# locust.contrib.fasthttp.FastRequest(body headers method payload url)
# locust.contrib.fasthttp.FastResponse(content encoding error headers iter_content json ok raise_for_status
# read request status_code text url)
# locust.contrib.fasthttp.ErrorResponse(content error headers json raise_for_status request status_code text)
# locust.contrib.fasthttp.LocustBadStatusCode
# locust.contrib.fasthttp.LocustUserAgent(clientpool max_redirects max_retries)
# locust.FastHttpUser
# """
# ///

import socket

from locust import FastHttpUser, constant, events, task
from locust.contrib.fasthttp import (
    ErrorResponse,
    FastHttpSession,
    FastRequest,
    FastResponse,
    LocustBadStatusCode,
    LocustUserAgent,
)


@events.request.add_listener
def hear(request_type, name, response_time, response_length, response, context, exception, start_time, url):
    if name == "refused":
        return  # its port is another one in each run
    length = None if name.startswith("/bytes/") else response_length  # of a stream: see docs/differences.md
    print("fact heard", request_type, name, length, type(response).__name__, context, exception)
    print("fact heard", response_time > 0, start_time > 1e9, url, response.url if exception is None else None)


def verbs(client):
    client.get("/?a=1", params={"b": "two words", "c": "2"})
    client.options("/")
    client.head("/")
    client.post("/echo", data={"field": "värde", "other": "1"})
    client.post("/echo", json={"ä": [1, None, True]})
    client.post("/echo", data="text ä")
    client.put("/echo", data=b"bytes")
    client.patch("/echo", data="text")
    client.delete("/")
    client.request("PURGE", "/")
    own = {"X-Own": "1", "User-Agent": "mine"}
    client.get("/", headers=own)
    print("fact callers' headers", own)
    client.get("/", auth=("user", "pass"))
    client.get("/", timeout=3)
    client.get("/", name="named", context={"k": "v"})
    client.get(client.base_url + "/absolute?q=1")
    client.get("/cookie")
    print("fact cookies", [cookie.name for cookie in client.cookiejar])
    client.get("/")
    client.cookiejar.clear()
    client.get("/redirect/301", allow_redirects=False)
    for code in (301, 302, 303, 307, 308):
        answer = client.post(f"/redirect/{code}", data="body")
        print("fact redirected", code, answer.status_code, answer.url, answer.request.method)


def answers(client):
    answer = client.get("/json")
    print("fact", type(answer).__name__, isinstance(answer, FastResponse), answer.json(), answer.ok)
    print("fact", answer.status_code, bytes(answer.content), answer.text, answer.encoding)
    print("fact", answer.headers.get("content-type"), answer.headers["Content-Length"], "x" in answer.headers)
    answer.encoding = "latin-1"
    print("fact", answer.text, answer.raise_for_status())
    request = answer.request
    print(
        "fact", isinstance(request, FastRequest), request.method, request.url, request.body, request.payload
    )
    print("fact", {name.lower(): value for name, value in request.headers.items()})
    print("fact", bytes(client.get("/gzip").content), client.get("/lines").text)
    answer = client.get("/bytes/5000", stream=True)
    print("fact", sum(len(chunk) for chunk in answer.iter_content(1000)))
    answer = client.get("/bytes/500", stream=True)
    print("fact", len(answer.read()))
    answer = client.get("/status/404")
    print(
        "fact",
        answer.ok,
        str(answer.error),
        repr(answer.error),
        isinstance(answer.error, LocustBadStatusCode),
    )
    try:
        answer.raise_for_status()
    except LocustBadStatusCode as fault:
        print("fact raised", fault)
    failed(client)


def failed(client):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answer = client.get(f"http://127.0.0.1:{port}/", name="refused")
    print(
        "fact",
        isinstance(answer, ErrorResponse),
        answer.status_code,
        answer.headers,
        answer.content,
        answer.text,
    )
    print("fact", type(answer.error).__name__, answer.request.method)
    for what in (answer.json, answer.raise_for_status):
        try:
            what()
        except Exception as fault:
            print("fact raised", type(fault).__name__)
    client.get("http://no-such-host.invalid/", name="nowhere")


class Fast(FastHttpUser):
    wait_time = constant(20)
    default_headers = {"X-Default": "1"}
    max_redirects = 7

    def context(self):
        return {"of": "user"}

    @task
    def browse(self):
        client = self.client
        print(
            "fact", type(client) is FastHttpSession, client.base_url, client.user is self, client.auth_header
        )
        print(
            "fact",
            client.request_event is events.request,
            client.client.max_redirects,
            client.client.max_retries,
            isinstance(client.client, LocustUserAgent),
        )
        kind = FastHttpUser
        print("fact", kind.network_timeout, kind.connection_timeout, kind.max_redirects, kind.max_retries)
        print("fact", kind.insecure, kind.default_headers, kind.concurrency, kind.proxy_host, kind.proxy_port)
        print("fact", kind.client_pool, kind.ssl_context_factory, kind.abstract)
        verbs(client)
        answers(client)
        client.client.clientpool.close()
        client.get("/after the pool was closed".replace(" ", "-"))
        self.environment.runner.quit()
