"""Parts of the command and of the clients that suites call by themselves."""

# /// facts
# args = "-u 1 -t 30s"
# rows = { "GET /" = [1, 1] }
# shows = """
# locust.main.create_environment locust.debug.PrintListener(on_request) locust.input_events.input_listener
# locust.contrib.fasthttp.FAILURE_EXCEPTIONS locust.contrib.fasthttp.insecure_ssl_context_factory
# locust.contrib.fasthttp.FastResponse(failure success)
# locust.user.users.PytestUser locust.util.load_locustfile.load_locustfile_pytest
# """
# ///

import contextlib
import io
import os
import ssl
import zlib

import gevent
from locust import FastHttpUser, constant, task
from locust.argument_parser import get_parser
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, insecure_ssl_context_factory
from locust.debug import PrintListener
from locust.env import Environment
from locust.event import Events
from locust.exception import LocustError
from locust.input_events import input_listener
from locust.main import create_environment
from locust.user.users import PytestUser
from locust.util.load_locustfile import load_locustfile_pytest


class Once(FastHttpUser):
    wait_time = constant(30)

    @task
    def once(self):
        made()
        printed()
        failures(self.client)
        functions()
        print("fact", input_listener({})())
        self.environment.runner.quit()


def made():
    options = get_parser().parse_args(["-H", "http://there", "-s", "5", "--reset-stats", "--profile", "p"])
    events = Events()
    environment = create_environment([Once], options, events=events, locustfile="mine.py")
    print("fact", environment.host, environment.stop_timeout, environment.reset_stats, environment.profile)
    print("fact", environment.events is events, environment.locustfile, environment.shape_class)
    print("fact", environment.parsed_options is options, [cls.__name__ for cls in environment.user_classes])


def printed():
    environment = Environment()
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        PrintListener(environment, include_length=True, include_context=True).on_request(
            "GET", "/a", 12.6, 3, exception=None, context={"k": 1}, start_time=0, response=None
        )
        environment.events.request.fire(
            request_type="GET",
            name="/b",
            response_time=1,
            response_length=0,
            context={},
            exception=OSError("no"),
        )
    for line in text.getvalue().splitlines():
        print("fact |", repr(line))


def failures(client):
    expected = (
        ConnectionRefusedError,
        ConnectionResetError,
        OSError,
        ssl.SSLError,
        gevent.Timeout,
        zlib.error,
    )
    print("fact", [issubclass(kind, FAILURE_EXCEPTIONS) for kind in (*expected, ValueError, KeyError)])
    context = insecure_ssl_context_factory()
    print("fact", isinstance(context, ssl.SSLContext), context.check_hostname, context.verify_mode)
    response = client.get("/")
    for judge in (response.success, lambda: response.failure("bad")):
        try:
            judge()
        except LocustError:
            print("fact only with catch_response")


def functions():
    with open("test_visits.py", "w") as file:
        file.write("def test_a(session): pass\n\ndef test_b(fastsession): pass\n\ndef helper(): pass\n")
    found = load_locustfile_pytest(os.path.abspath("test_visits.py"))
    print("fact", sorted(found), all(issubclass(cls, PytestUser) for cls in found.values()))
