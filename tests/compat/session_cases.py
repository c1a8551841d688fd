# ruff: noqa: E501 -- tables read best unbroken; iterating is what is tried
"""What a locustfile does with HttpUser's client as a session: redirects, cookies, credentials, hooks, adapters.

A case gets a stage (`client_driver.Stage`) and returns what is to be compared; raising is a result too.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import requests
from case_table import Table, by_code
from either_cases import chain
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth, HTTPProxyAuth
from requests.cookies import RequestsCookieJar, create_cookie
from scripted import OK, answer
from urllib3.util.retry import Retry

CASES = Table()
case, call, served = CASES.case, CASES.call, CASES.served

# redirects

for method, code in [("POST", 301), ("POST", 302), ("POST", 303), ("POST", 307), ("POST", 308), ("PUT", 301),
                     ("PUT", 302), ("HEAD", 303), ("GET", 307), ("DELETE", 302)]:  # fmt: skip

    def _redirected(stage, method=method, code=code):
        def script(request: Any, peer: Any) -> bytes:
            is_first = request.path == "/deep/here"
            body = b"" if method == "HEAD" else b"{}"
            return answer(f"{code} Go", b"", "Location: there", "Set-Cookie: a=1; Path=/") if is_first else answer(
                "200 OK", body)  # fmt: skip

        stage.server.script = script
        return stage.client.request(method, "/deep/here", data="b", headers={"Content-Type": "x/y"})

    CASES[f"redirect_{method}_{code}"] = _redirected


served("redirects_unfollowed_next", chain, lambda stage: stage.client.get("/3", allow_redirects=False).next)
served("redirects_and_stream", chain, lambda stage: stage.client.get("/2", stream=True))
served("redirects_and_params", chain, lambda stage: stage.client.get("/1", params={"q": "/1"}))
served("redirect_of_a_form", chain, lambda stage: stage.client.post("/1", {"a": 1}))
served("redirect_loop", answer("302 F", b"", "Location: /loop"), lambda stage: stage.client.get("/loop"))
served(
    "redirect_to_wrong_schema",
    answer("302 F", b"", "Location: foo://x"),
    lambda stage: stage.client.get("/x"),
)
served("redirect_to_no_host", answer("302 F", b"", "Location: http://"), lambda stage: stage.client.get("/x"))
served("redirect_with_fragment", chain, lambda stage: stage.client.get("/1#part").url)
served("redirect_with_umlaut",
       lambda request, peer: answer("302 F", b"", "Location: /zür?a b") if request.path == "/x" else OK,
       lambda stage: stage.client.get("/x"))  # fmt: skip
served("redirect_that_is_large",
       lambda request, peer: answer("302 F", b"x" * 100_000, "Location: /y") if request.path == "/x" else OK,
       lambda stage: stage.client.get("/x").history[0].content[:3])  # fmt: skip


@case
def redirects_up_to_the_limit(stage):
    stage.server.script = chain
    stage.client.max_redirects = 2
    stage.client.get("/2")
    return stage.client.get("/3")


@case
def redirect_to_another_host_loses_credentials(stage):
    other = stage.places.open("OTHER")
    stage.server.script = lambda request, peer: answer("302 F", b"", f"Location: {other.url}/y")
    return stage.client.get("/x", auth=("u", "p"), headers={"Cookie": "a=1", "X": "1"})


@case
def redirect_named(stage):
    stage.server.script = chain
    with stage.client.get("/2", name="two", catch_response=True) as response:
        response.failure("no")
    return response


# cookies


@case
def cookies_are_kept(stage):
    stage.server.script = lambda request, peer: answer(
        "200 OK", b"", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/deep", "Set-Cookie: c=3; Max-Age=0",
        "Set-Cookie: d=4; Domain=elsewhere.example", "Set-Cookie: e=5; Secure", 'Set-Cookie: f="6 7"; HttpOnly',
    )  # fmt: skip
    stage.client.get("/deep/x")
    stage.server.script = lambda request, peer: OK
    stage.client.get("/deep/y")
    stage.client.get("/other")
    return sorted(stage.client.cookies.get_dict().items())


@case
def cookies_of_a_call(stage):
    stage.client.get("/x", cookies={"a": "1"})
    stage.client.cookies.set("c", "3")
    stage.client.get("/x", cookies={"a": "1", "c": "4"})
    jar = RequestsCookieJar()
    jar.set("j", "5", path="/x")
    stage.client.get("/x", cookies=jar)
    return stage.client.get("/y", headers={"Cookie": "h=1"}, cookies={"a": "1"})


@case
def cookies_of_the_session(stage):
    cookies = stage.client.cookies
    cookies["a"] = "1"
    cookies.update({"b": "2"})
    stage.client.get("/1")
    cookies.set("a", None)
    stage.client.get("/2")
    del cookies["b"]
    cookies.set_cookie(create_cookie("p", "3", path="/3"))
    stage.client.get("/3")
    stage.client.get("/4")
    stage.client.cookies = requests.cookies.cookiejar_from_dict({"own": "jar"})
    stage.client.get("/5")
    stage.client.cookies.clear()
    return stage.client.get("/6")


@case
def cookies_with_odd_values(stage):
    stage.client.cookies.set("a", "semi;colon")
    stage.client.cookies.set("b", 'qu"ote')
    stage.client.get("/1")
    stage.client.cookies.set("ü", "ß")
    return stage.client.get("/2")


@case
def cookie_with_a_line_break(stage):
    stage.client.cookies.set("bad", "1\r\nInjected: yes")
    return stage.client.get("/x")


# credentials


class Token(AuthBase):
    """Puts a header into the request and changes its URL."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Token"] = "t"
        request.url = f"{request.url}?signed=1"
        return request


def digest(request: Any, peer: Any) -> bytes:
    if any(line.startswith("Authorization: Digest") for line in request.headers):
        return OK
    return answer("401 No", b"no", 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5')


@case
def digest_credentials(stage):
    stage.server.script = digest
    auth = HTTPDigestAuth("u", "p")
    response = stage.client.get("/x", auth=auth)
    stage.note([hop.status_code for hop in response.history])
    second = stage.client.get("/y", auth=auth)
    return [response.status_code, second.status_code, len(second.history)]


for name, auth in {
    "basic": HTTPBasicAuth("u", "p"), "token": Token(), "function": lambda request: request,
    "proxy_auth": HTTPProxyAuth("u", "p"), "numbers": (1, 2), "beyond_latin": ("日", "本"),
}.items():  # fmt: skip
    call(f"auth_{name}", "get", "/x", auth=auth)


@case
def auth_of_the_session(stage):
    stage.client.auth = ("u", "p")
    stage.client.get("/1")
    stage.client.get("/2", auth=("other", "p"))
    stage.client.get("/3", headers={"Authorization": "mine"})
    stage.client.auth = Token()
    stage.client.get("/4")
    stage.client.auth = None
    return stage.client.get("/5")


@case
def netrc_and_proxies_of_the_environment(stage):
    import os

    with tempfile.TemporaryDirectory() as folder:
        netrc = Path(folder) / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password word\n")
        os.environ["NETRC"] = str(netrc)
        proxy = stage.places.proxy()
        os.environ["http_proxy"] = proxy.url
        try:
            stage.client.get("/1")
            stage.client.trust_env = True
            stage.client.get("/2")
            os.environ["no_proxy"] = "127.0.0.1"
            return stage.client.get("/3")
        finally:
            for variable in ("NETRC", "http_proxy", "no_proxy"):
                os.environ.pop(variable, None)


# hooks, adapters, prepared requests


@case
def hooks(stage):
    seen: list[Any] = []
    stage.client.get("/1", hooks={"response": lambda response, **kwargs: seen.append(response.status_code)})
    stage.client.get("/2", hooks={"response": [lambda response, **kwargs: seen.append(sorted(kwargs))]})
    stage.client.hooks["response"].append(lambda response, **kwargs: seen.append(type(response).__name__))
    stage.client.get("/3")
    return seen


@case
def hook_that_replaces_the_response(stage):
    other = requests.Response()
    other.status_code = 299
    other._content = b"other"
    other.url = "http://other/"

    def replace(response: Any, **kwargs: Any) -> Any:
        other.request = response.request
        return other

    response = stage.client.get("/x", hooks={"response": replace})
    return [response.status_code, response.content, response.url]


@case
def hook_that_raises(stage):
    def refuse(response: Any, **kwargs: Any) -> None:
        raise requests.RequestException("hook", request=response.request, response=response)

    return stage.client.get("/x", hooks={"response": refuse})


@case
def hook_that_raises_status(stage):
    stage.server.script = by_code
    return stage.client.get(
        "/404", hooks={"response": lambda response, **kwargs: response.raise_for_status()}
    )


@case
def adapter_for_a_path(stage):
    class Mine(BaseAdapter):
        def send(self, request: Any, **kwargs: Any) -> requests.Response:
            made = requests.Response()
            made.status_code, made._content, made.url = 201, b"made", request.url
            made.request, made.reason = request, "Made"
            stage.note(sorted(kwargs), kwargs["timeout"], kwargs["verify"])
            return made

        def close(self) -> None:
            pass

    stage.client.mount(f"{stage.server.url}/mine", Mine())
    stage.client.get("/other")
    stage.client.get("/x", timeout=3)
    response = stage.client.get("/mine", timeout=3)
    return [response.status_code, response.content, response.reason]


@case
def adapter_with_retries(stage):
    stage.server.script = lambda request, peer: OK if len(stage.server.requests) > 2 else answer("503 Busy")
    stage.client.mount("http://", HTTPAdapter(max_retries=Retry(5, status_forcelist=[503], backoff_factor=0)))
    return stage.client.get("/x").status_code


@case
def adapters_are_found(stage):
    stage.attempt(lambda: stage.client.get_adapter("foo://x"))
    stage.client.mount("foo://", HTTPAdapter())
    stage.note(type(stage.client.get_adapter("foo://x")).__name__)
    return list(stage.client.adapters)


@case
def prepared_requests(stage):
    session = stage.client
    session.get("/before")  # stock Locust's `send` does not work before the first request
    session.headers["X-S"] = "1"
    session.cookies.set("a", "1")
    request = requests.Request(
        "POST", f"{stage.server.url}/x", params={"a": 1}, json={"b": 2}, headers={"Y": "2"}
    )
    prepared = session.prepare_request(request)
    response = session.send(prepared, timeout=3, allow_redirects=False)
    prepared.body, prepared.headers["Content-Length"] = b"other", "5"
    session.send(prepared, stream=True)
    return [prepared, response.status_code, response.content, len(stage.events)]


@case
def request_prepared_without_a_session(stage):
    prepared = requests.Request("GET", f"{stage.server.url}/x").prepare()
    stage.client.get("/before")
    return stage.client.send(prepared).status_code


@case
def send_what_is_not_prepared(stage):
    return stage.client.send(requests.Request("GET", f"{stage.server.url}/x"))


@case
def merged_settings(stage):
    stage.client.proxies = {"http": "http://p:1"}
    stage.client.verify = False
    merged = stage.client.merge_environment_settings(stage.server.url, {}, None, None, None)
    return sorted(merged.items(), key=str)


@case
def methods_that_a_class_overrides(stage):
    import locust.clients

    class Mine(locust.clients.HttpSession):
        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            request.headers = {**(request.headers or {}), "X-Prepared": "1"}
            return super().prepare_request(request)

        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            return super().request(method, f"{url}?mine", *args, **kwargs)

        def get_redirect_target(self, response: requests.Response) -> str | None:
            return "/target" if response.status_code == 201 else None

        def rebuild_auth(self, prepared: Any, response: Any) -> None:
            prepared.headers["X-Rebuilt"] = "1"

    stage.server.script = lambda request, peer: answer("201 Made") if "/first" in request.path else OK
    client = Mine(stage.server.url, stage.environment.events.request, None)
    client.trust_env = False
    return client.get("/first")


@case
def session_as_a_context_manager(stage):
    with stage.client as client:
        client.get("/1")
    return stage.client.get("/2").status_code
