"""Logging in once: a token for all later requests, taken in `on_start` and renewed when it is refused."""

from locust import FastHttpUser, constant, task


class Member(FastHttpUser):
    wait_time = constant(0.1)
    token = "an old one"

    def on_start(self):
        self.log_in()

    def log_in(self):
        answer = self.client.post("/auth/login", json={"email": "tester@example.com", "password": "secret"})
        self.token = answer.json()["access_token"]

    @task
    def read(self):
        headers = {"Authorization": f"Bearer {self.token}"}
        with self.client.get("/servers", headers=headers, catch_response=True) as response:
            if response.status_code == 401:
                response.success()
                self.log_in()

    @task
    def forget(self):
        self.token = "an old one"
