"""A session whose adapters, cookie policy, credentials or methods a suite replaces does as it is told from then on."""

# /// facts
# args = "-u 1 -t 20s"
# facts = [
#     "adapter /item", "adapter /replaced", "refused UnicodeEncodeError", "own POST /own ['data', 'json']",
#     "own GET /own ['allow_redirects', 'data', 'json']", "own POST /own-fast ['data', 'json']",
#     "own PUT /own-fast ['data']",
# ]
# failures = [
#     "GET /judged: ValueError('by request_meta')", "GET /judged-fast: ValueError('by request_meta')",
# ]
# exit = 1
# ordered = true
# ///

import copy
from collections import OrderedDict
from http.cookiejar import CookiePolicy, DefaultCookiePolicy

from locust import FastHttpUser, HttpUser, constant, task
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from requests.adapters import HTTPAdapter


class Loud(HTTPAdapter):
    def send(self, request, **kwargs):
        print("fact adapter", request.path_url)
        return super().send(request, **kwargs)


class OnlyWhereItSaysYes(DefaultCookiePolicy):
    def path_return_ok(self, path, request):
        return request.get_full_url().endswith("/yes")


class NoCookies(CookiePolicy):
    return_ok = set_ok = domain_return_ok = path_return_ok = lambda self, *args, **kwargs: False
    netscape = True
    rfc2965 = hide_cookie2 = False


class Looking:
    def request(self, method, url, **kwargs):
        print("fact own", method, url, sorted(kwargs))
        return super().request(method, url, **kwargs)


class OwnSession(Looking, HttpSession): ...


class OwnFastSession(Looking, FastHttpSession): ...


class Suite(HttpUser):
    wait_time = constant(20)

    @task
    def rearrange(self):
        class Fast(FastHttpUser):
            abstract = True
            host = self.host

        fast = Fast(self.environment).client
        self.adapters(self.client)
        self.cookies(self.client, self.client.cookies)
        self.cookies(fast, fast.cookiejar)
        self.credentials(self.client)
        self.methods()
        self.judged(self.client, "/judged")
        self.judged(fast, "/judged-fast")
        answer = copy.copy(fast.get("/json"))
        assert (answer.status_code, answer.json()["a"]) == (200, [1, 2])
        self.environment.runner.quit()

    def adapters(self, client):
        own = client.adapters["http://"]
        client.adapters["http://"] = Loud()
        client.get("/item")
        client.adapters["http://"] = own
        client.get("/back")
        adapters, client.adapters = client.adapters, OrderedDict([("http://", Loud())])
        client.get("/replaced")
        client.adapters = adapters
        client.get("/back")

    def cookies(self, client, jar):
        client.get("/cookie")
        client.get("/sent")
        jar.set_policy(OnlyWhereItSaysYes())
        client.get("/no")
        client.get("/yes")
        jar.set_policy(NoCookies())
        client.get("/no")
        jar.set_policy(DefaultCookiePolicy())
        client.get("/sent")
        jar.clear()

    def credentials(self, client):
        client.auth = ("ü", "☃")
        try:
            client.get("/never")
        except UnicodeEncodeError as fault:
            print("fact refused", type(fault).__name__)
        client.auth = None

    def methods(self):
        hook = self.environment.events.request
        plain = OwnSession(self.host, hook, self)
        plain.post("/own")
        plain.get("/own")
        fast = OwnFastSession(self.host, hook, self)
        fast.post("/own-fast")
        fast.put("/own-fast")

    def judged(self, client, name):
        with client.get("/", name=name, catch_response=True) as answer:
            answer.request_meta["exception"] = ValueError("by request_meta")
