"""on_start and on_stop of users and sets when the run time is over, around the events of the test."""

# /// facts
# args = "-u 1 -t 1s"
# facts = [
#     "init None", "test_start", "spawning_complete 1", "user start", "set start", "task",
#     "test_stopping", "set stop", "user stop", "test_stop", "quitting 2", "quitting 1", "quit 0",
# ]
# ///

from locust import TaskSet, User, constant, events, task


@events.init.add_listener
def on_init(environment, runner, web_ui, **kwargs):
    print("fact init", web_ui)


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    print("fact test_start")


@events.spawning_complete.add_listener
def on_spawning_complete(user_count, **kwargs):
    print("fact spawning_complete", user_count)


@events.test_stopping.add_listener
def on_test_stopping(environment, **kwargs):
    print("fact test_stopping")


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    print("fact test_stop")


@events.quitting.add_listener
def first_quitting(environment, **kwargs):
    print("fact quitting 1")


@events.quitting.add_listener
def second_quitting(environment, **kwargs):
    print("fact quitting 2")


@events.quit.add_listener
def on_quit(exit_code, **kwargs):
    print("fact quit", exit_code)


class Starter(User):
    wait_time = constant(10)

    def on_start(self):
        print("fact user start")

    def on_stop(self):
        print("fact user stop")

    @task
    class steps(TaskSet):
        def on_start(self):
            print("fact set start")

        def on_stop(self):
            print("fact set stop")

        @task
        def only(self):
            print("fact task")
