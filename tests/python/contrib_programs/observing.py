"""What every program here does: it runs steps and prints, as JSON, which events each fired and how it ended.

The programs run on stock Locust and on katydid; steps that are katydid's alone stand below `if IS_OURS`.
"""

import json
import re
import sys

try:
    import katydid

    katydid.patch()
    katydid.alias_locust()
    IS_OURS = True
except ImportError:
    IS_OURS = False

import gevent
import locust
from locust.env import Environment

events = []
report = {}
_VARYING = (
    (r"127\.0\.0\.1:\d+|port=\d+|port \d+", "PORT"),
    (r"t=[\d.]+", "T"),
    (r"locust-\w{16}", "ID"),
    (r"0x[0-9a-f]+", "AT"),
)


def steady(text):
    """A text without what changes from run to run."""
    for pattern, name in _VARYING:
        text = re.sub(pattern, name, text)
    return text


def _keep(request_type, name, response_time, response_length, exception=None, context=None, **others):
    assert response_time >= 0
    context = {key: value for key, value in (context or {}).items() if key not in ("start_time", "client_id")}
    failure = None if exception is None else steady(repr(exception))
    events.append([request_type, name, response_length, failure, context])


def make_environment():
    """An environment whose events are kept, and those of the command's run, which some clients fire."""
    environment = Environment()
    environment.events.request.add_listener(_keep)
    if locust.events.request is not environment.events.request:
        locust.events.request.add_listener(_keep)
    return environment


def step(label, call, *, until=0, value=False):
    """Run one step, and wait until it has fired `until` events."""
    events.clear()
    try:
        result = call()
        end = steady(repr(result)) if value else type(result).__name__
    except Exception as fault:
        end = f"raised {type(fault).__name__}"
    with gevent.Timeout(10, False):
        while len(events) < until:
            gevent.sleep(0.01)
    assert label not in report
    report[label] = {"events": sorted(events, key=str), "end": end}


def finish():
    """Print the report; other threads may run on."""
    print(json.dumps({"is_ours": IS_OURS, "steps": report}), flush=True)
    sys.stdout.flush()
    import os

    os._exit(0)
