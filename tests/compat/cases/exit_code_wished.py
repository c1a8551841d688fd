"""A locustfile decides the exit code while quitting."""

# /// facts
# args = "-u 1 -t 1s"
# exit = 42
# facts = ["quit 42"]
# shows = "locust.env.Environment.process_exit_code"
# ///

from locust import User, constant, events, task


@events.quitting.add_listener
def decide(environment, **kwargs):
    environment.process_exit_code = 42


@events.quit.add_listener
def show(exit_code, **kwargs):
    print("fact quit", exit_code)


class Idle(User):
    wait_time = constant(0.5)

    @task
    def idle(self):
        pass
