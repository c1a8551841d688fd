"""A user stopped in the wait after a task's exception: the set's on_stop is left out, the user's is not."""

# /// facts
# args = "-u 1 -t 1s"
# exit = 1
# exceptions = ["once"]
# facts = ["user stop"]
# ///

from locust import TaskSet, User, constant, task


class Waiting(User):
    wait_time = constant(60)

    @task
    class steps(TaskSet):
        @task
        def fail(self):
            raise ValueError("once")

        def on_stop(self):
            print("fact set stop")

    def on_stop(self):
        print("fact user stop")
