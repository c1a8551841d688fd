"""A FastHttpUser's requests: names as passed, failures, catch_response."""

# /// facts
# args = "-u 1 -t 20s"
# exit = 1
# failures = [
#     "GET /status/404: LocustBadStatusCode(code=404)",
#     "POST /caught: CatchResponseError('not liked')",
# ]
# rows = { "GET /" = [1, 1], "GET /?a=1" = [1, 1], "GET /redirect" = [1, 1], "GET named" = [1, 1] }
# facts = ["200 ok", "404 False", "200"]
# shows = "locust.FastHttpUser"
# ///

from locust import FastHttpUser, task


class Browser(FastHttpUser):
    @task
    def browse(self):
        answer = self.client.get("/")
        print("fact", answer.status_code, answer.text)
        self.client.get("/?a=1")
        answer = self.client.get("/status/404")
        print("fact", answer.status_code, answer.ok)
        self.client.get("/some/path", name="named")
        answer = self.client.get("/redirect")
        print("fact", answer.status_code)
        with self.client.post("/caught", data="x", catch_response=True) as answer:
            answer.failure("not liked")
        self.environment.runner.quit()
