"""The children of `--processes` are counted until each has ended, whoever has noticed it first."""

import os
import subprocess
import sys

from katydid.command.processes import Fleet


def test_a_child_that_the_suite_has_waited_for_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as child:
        assert child.wait() == 3
    reading, writing = os.pipe()
    fleet = Fleet()
    fleet.take_in(child.pid, writing)
    assert not fleet.look() and fleet.codes == [0]
    assert os.read(reading, 1) == b"", "its pipe is closed"
    os.close(reading)
