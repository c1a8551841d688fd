"""An HttpUser's requests: names, failures, renaming, redirects as one request."""

# /// facts
# args = "-u 1 -t 20s"
# exit = 1
# failures = [
#     "GET /status/[code]: HTTPError('404 Client Error: Not Found for url: /status/[code]')",
#     "POST /caught: CatchResponseError('not liked')",
# ]
# rows = { "GET /" = [1, 1], "GET /?a=1" = [1, 1], "GET /redirect" = [1, 1], "GET renamed" = [1, 1] }
# facts = ["200 ok", "404 False", "200 1"]
# shows = "locust.HttpUser locust.clients.HttpSession.rename_request"
# ///

from locust import HttpUser, task


class Browser(HttpUser):
    @task
    def browse(self):
        answer = self.client.get("/")
        print("fact", answer.status_code, answer.text)
        self.client.get("/", params={"a": 1})
        answer = self.client.get("/status/404", name="/status/[code]")
        print("fact", answer.status_code, answer.ok)
        with self.client.rename_request("renamed"):
            self.client.get("/some/path")
        answer = self.client.get("/redirect")
        print("fact", answer.status_code, len(answer.history))
        with self.client.post("/caught", data="x", catch_response=True) as answer:
            answer.failure("not liked")
        with self.client.get("/status/500", name="pardoned", catch_response=True) as answer:
            answer.success()
        self.environment.runner.quit()
