"""A user, or a set, that is given a wait time of its own while it runs waits that long from then on."""

# /// facts
# args = "-u 1 -t 20s"
# facts = ["user asked 2", "set asked 4", "set task 5"]
# ///

from locust import TaskSet, User, constant, task


class Steps(TaskSet):
    asked = 0
    done = 0

    @task
    def step(self):
        self.done += 1
        if self.done == 1:
            self.wait_time = self.ask
        if self.done == 5:
            print("fact set asked", self.asked)
            print("fact set task", self.done)
            self.user.environment.runner.quit()

    def ask(self):
        self.asked += 1
        return 0.01


class Patient(User):
    wait_time = constant(30)
    asked = 0

    def on_start(self):
        self.wait_time = self.ask

    def ask(self):
        self.asked += 1
        return 0.01

    @task
    def enter(self):
        if self.asked == 2:
            print("fact user asked", self.asked)
            self.tasks = [Steps]
