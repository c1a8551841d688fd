"""`rest` and `rest_` of a FastHttpUser: JSON in and out, assertions as failures."""

# /// facts
# args = "-u 1 -t 30s"
# exit = 1
# shows = """
# locust.contrib.fasthttp.FastHttpUser(rest rest_)
# locust.contrib.fasthttp.RestResponseContextManager(error headers js)
# """
# failures = "same"
# ///

from locust import FastHttpUser, constant, events, task
from locust.contrib.fasthttp import RestResponseContextManager


@events.request.add_listener
def hear(request_type, name, exception, **kwargs):
    print("fact heard", request_type, name.split("_=")[0], repr(exception))


class Rest(FastHttpUser):
    wait_time = constant(20)

    @task
    def ask(self):
        print("fact", RestResponseContextManager.__name__)
        with self.rest("POST", "/echo", json={"a": 1}) as answer:
            print(
                "fact",
                answer.js,
                getattr(answer, "error", None),
                answer.headers["content-type"],
                answer.status_code,
            )
        with self.rest("GET", "/json", name="right") as answer:
            assert answer.js["a"] == [1, 2]
        with self.rest("GET", "/json", name="wrong") as answer:
            assert answer.js["a"] == [], "not empty"
        with self.rest("GET", "/json", name="wrong with body") as answer:
            assert answer.js["a"] == [], "not empty,"
        with self.rest("GET", "/json", name="wrong without text") as answer:
            assert answer.js["a"] == []
        with self.rest("GET", "/json", name="fault") as answer:
            answer.js["nothing"]
        with self.rest("GET", "/lines", name="no JSON") as answer:
            print("fact", answer.js)
        with self.rest("GET", "/bytes/0", name="empty") as answer:
            print("fact", answer.js)
        with self.rest("GET", "/status/404", name="missing") as answer:
            print("fact", answer.js)
        with self.rest("GET", "/json", name="manual") as answer:
            answer.failure("by hand")
        with self.rest("GET", "/json", headers={"X-Own": "1"}) as answer:
            print("fact", answer.js["b"])
        with self.rest_("GET", "/json?q=1") as answer:
            print("fact", answer.js["b"])
        with self.rest_("GET", "/json", name="unique") as answer:
            print("fact", answer.js["b"])
        self.environment.runner.quit()
