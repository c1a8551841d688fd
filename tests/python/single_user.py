"""A locustfile that runs one user by itself, as for a debugger; `test_debug.py` runs it on both."""

import sys

if "--katydid" in sys.argv:
    import katydid

    katydid.patch()
    katydid.alias_locust()

import locust.debug
from locust import User, constant, events, run_single_user, tag, task
from locust.exception import RescheduleTask, StopUser

sys.argv[1:] = ["--tags", "wanted"]
calls = []


class Alone(User):
    wait_time = constant(0)
    host = "http://127.0.0.1"

    def on_start(self):
        calls.clear()

    def on_stop(self):
        print("on_stop", flush=True)

    @tag("wanted")
    @task
    def act(self):
        calls.append(1)
        if len(calls) == 2:
            raise RescheduleTask()
        if len(calls) == 3:
            raise StopUser()
        for exception in (None, ValueError("x")):
            self.environment.events.request.fire(
                request_type="T",
                name="a name",
                response_time=1.6,
                response_length=3,
                response=None,
                exception=exception,
                context={"a": 1},
                start_time=1.5,
            )


@events.init.add_listener
def on_init(environment, **kwargs):
    print("init", sorted(kwargs), kwargs["runner"], environment.parsed_options.tags)


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    print("start", sorted(kwargs), environment.runner)


run_single_user(Alone, include_length=True, include_time=True, include_context=True)
first = locust.debug._env
print(type(first.single_user_instance).__name__, first.host, first.locustfile)
run_single_user(Alone)
print("same", locust.debug._env is first)
