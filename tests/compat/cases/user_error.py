"""An exception in a task: an event with the TaskSet, a row of exceptions, the user goes on, code 1."""

# /// facts
# args = "-u 1 -t 10s"
# exit = 1
# exceptions = ["no luck", "'in a set'"]
# facts = [
#     "user_error DefaultTaskSet ValueError no luck True",
#     "user_error Steps KeyError 'in a set' True",
#     "exceptions 2",
# ]
# shows = "locust.event.Events.user_error"
# ///

from locust import SequentialTaskSet, User, constant, events, task


@events.user_error.add_listener
def on_user_error(user_instance, exception, tb, **kwargs):
    print(
        "fact user_error", type(user_instance).__name__, type(exception).__name__, exception, tb is not None
    )


class Steps(SequentialTaskSet):
    @task
    def fail(self):
        raise KeyError("in a set")

    @task
    def end(self):
        print(
            "fact exceptions", sum(row["count"] for row in self.user.environment.runner.exceptions.values())
        )
        self.user.environment.runner.quit()


class Unlucky(User):
    wait_time = constant(0.01)

    @task
    def fail(self):
        self.tasks = [Steps]
        raise ValueError("no luck")
