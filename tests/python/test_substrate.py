"""Patching happens once, when asked for, and not at all when the environment says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# urllib3 is imported before anything is patched, so that its pools have the standard library's queue.
CODE = """
import warnings
warnings.simplefilter("ignore")
import urllib3.connectionpool
import katydid
katydid.patch(); katydid.patch()
import socket, gevent.monkey, gevent.queue
print(gevent.monkey.is_module_patched("socket"), end=" ")
print(urllib3.connectionpool.ConnectionPool.QueueCls is gevent.queue.LifoQueue)
"""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "True True"),
        ({"LOCUST_SKIP_MONKEY_PATCH": "1"}, "False False"),
        ({"LOCUST_SKIP_URLLIB3_PATCH": "1"}, "True False"),
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


TRIO = "from gevent import monkey\nprint('trio', monkey.is_module_patched('socket'), end=' ')\n"


def test_playwright_needs_trio(tmp_path: Path) -> None:
    """trio is imported before anything is patched; who lacks it is told what to type."""
    (tmp_path / "trio.py").write_text("raise ImportError")
    done = patched(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("LOCUST_PLAYWRIGHT is set, which needs the package trio: pip install trio\n")
    (tmp_path / "trio.py").write_text(TRIO)
    assert patched(tmp_path).stdout.strip() == "trio False True True"


def patched(folder: Path) -> subprocess.CompletedProcess[str]:
    """Patch a process of its own that finds modules in `folder` first."""
    return subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "LOCUST_PLAYWRIGHT": "1", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


BRIEF_CHILD = """
import katydid
katydid.patch()
import os, gevent, gevent.monkey
rest = gevent.monkey.get_original("time", "sleep")
os.register_at_fork(after_in_parent=lambda: rest(0.3))  # the child ends before its parent goes on
child = os.fork()
if not child:
    os._exit(7)
with gevent.Timeout(10):
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_that_ends_before_its_parent_goes_on_is_heard_of() -> None:
    done = subprocess.run([sys.executable, "-c", BRIEF_CHILD], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "7", done.stderr
