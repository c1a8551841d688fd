"""Patching happens once, when asked for, and not at all when the environment says so."""

import os
import subprocess
import sys

import pytest

CODE = """
import katydid
katydid.patch(); katydid.patch()
import socket, gevent.monkey, gevent.queue
print(gevent.monkey.is_module_patched("socket"), end=" ")
import urllib3.connectionpool
print(urllib3.connectionpool.ConnectionPool.QueueCls is gevent.queue.LifoQueue)
"""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "True True"),
        ({"LOCUST_SKIP_MONKEY_PATCH": "1"}, "False False"),
    ],
)
def test_variables_leave_parts_out(variables: dict[str, str], expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == expected, done.stderr
