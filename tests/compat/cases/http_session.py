"""An HttpUser's session: every verb and its options on the wire, its attributes, what listeners are told."""

# /// facts
# args = "-u 1 -t 30s"
# exit = 1
# ordered = true
# failures = ["GET /redirect/503: HTTPError('503 Server Error: Service Unavailable for url: /redirect/503')"]
# shows = """
# locust.clients.HttpSession(adapters auth base_url cert close cookies delete get head headers hooks
# max_redirects mount options params patch post prepare_request proxies put rename_request request
# request_event request_name send trust_env user verify)
# locust.user.users.HttpUser(abstract client pool_manager) locust.HttpUser
# """
# ///

import io

import requests
from locust import HttpUser, constant, events, task
from locust.clients import HttpSession


@events.request.add_listener
def hear(request_type, name, response_time, response_length, response, context, exception, start_time, url):
    print("fact heard", request_type, name, response_length, type(response).__name__, context, exception)
    print("fact heard", response_time > 0, start_time > 1e9, url)


def verbs(client):
    client.get("/?a=1", params={"b": "two words", "c": ["1", "2"]})
    client.options("/")
    client.head("/")
    client.post("/echo", data={"field": "värde", "list": ["1", "2"]})
    client.post("/echo", json={"ä": [1, None, True]})
    client.post("/echo", data="text ä".encode())
    client.put("/echo", data="text")
    client.patch("/echo", data=b"bytes")
    client.delete("/", json={"a": 1})
    client.request("PURGE", "/")
    client.get("/", headers={"X-Own": "1", "Accept": None, "User-Agent": "mine"})
    client.post("/echo", files={"file": ("name.txt", io.BytesIO(b"content"), "text/plain")}, data={"a": "b"})
    client.post("/echo", data=(part for part in (b"one", b"two")))
    client.get("/", auth=("user", "pass"))
    client.get("/", cookies={"own": "1"})
    client.get("/", timeout=5)
    client.get("/", name="named", context={"k": "v"})
    client.get(client.base_url + "/absolute?q=1")
    client.get("/path with blank/ä?q=ö#fragment")


def session(client):
    print(
        "fact", isinstance(client, requests.Session), type(client).__name__, client.base_url, client.trust_env
    )
    print("fact", client.request_event is events.request, client.request_name, client.verify, client.cert)
    print("fact", client.proxies, client.hooks, client.max_redirects, sorted(client.adapters), client.params)
    client.headers["X-All"] = "all"
    client.headers.update({"Accept-Language": "de"})
    client.params = {"every": "1"}
    client.auth = ("a", "b")
    client.get("/with?x=1")
    client.auth, client.params = None, {}
    client.get("/cookie")
    print("fact", client.cookies.get_dict())
    client.get("/")
    client.cookies.set("mine", "2")
    client.get("/")
    client.cookies.clear()
    heard = []
    client.hooks["response"].append(lambda answer, **kwargs: heard.append(answer.status_code))
    client.get("/hooked")
    client.hooks["response"].clear()
    print("fact", heard)
    client.mount("http://", requests.adapters.HTTPAdapter())
    client.get("/mounted")
    prepared = client.prepare_request(requests.Request("POST", client.base_url + "/prepared", data="x"))
    print("fact", prepared.method, prepared.url, dict(prepared.headers))
    print("fact", client.send(prepared).status_code)
    client.close()
    client.get("/closed")


def answers(client):
    answer = client.get("/json")
    print(
        "fact",
        answer.json(),
        answer.ok,
        answer.status_code,
        answer.reason,
        answer.encoding,
        len(answer.content),
    )
    answer = client.get("/redirect")
    print("fact", answer.url, [past.status_code for past in answer.history], answer.request.method)
    answer = client.get("/redirect", allow_redirects=False)
    print("fact", answer.status_code, answer.is_redirect, answer.headers["location"], answer.next.url)
    for code in (301, 303, 307, 308):
        answer = client.post(f"/redirect/{code}", data="body", name=f"/redirect/{code}")
        print("fact", code, answer.request.method, answer.request.body, answer.url)
    print("fact", client.get("/gzip").text, list(client.get("/lines").iter_lines()))
    with client.get("/bytes/5000", stream=True, catch_response=True) as answer:
        print("fact", sum(len(chunk) for chunk in answer.iter_content(1000)))
    with client.rename_request("outer"):
        client.get("/1")
        with client.rename_request("inner"):
            client.get("/2")
        client.get("/3")
    client.get("/status/503", name="/redirect/503")


class Browser(HttpUser):
    wait_time = constant(20)

    def context(self):
        return {"of": "user"}

    @task
    def browse(self):
        print(
            "fact",
            HttpUser.abstract,
            self.pool_manager,
            self.client.user is self,
            HttpSession is type(self.client),
        )
        verbs(self.client)
        session(self.client)
        answers(self.client)
        self.environment.runner.quit()
