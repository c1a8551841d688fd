"""Runs a command, stock Locust or katydid, with many command lines, and notes what each of them came to.

Usage: python option_probe.py katydid|locust CASES. CASES is a JSON file: a list of objects with the
arguments, the variables and the folder to run in. The command is imported once and each case runs in a fork
of this process, which costs a fraction of a process of its own. In the case's folder remain the files
`stdout`, `stderr` and `exit`; what the locustfile saw it writes itself.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

TIME_LIMIT_S = 20


def imported_command(name: str) -> Callable[[], None]:
    """The command's entry point, with all its modules imported."""
    if name == "katydid":
        from katydid.alias import alias_locust
        from katydid.substrate import patch

        patch()
        alias_locust()
    from locust import main  # the package's attribute of this name is the module

    return main.main


def run(main: Callable[[], None], case: dict[str, Any]) -> int:
    """Run one case and return how its process ended."""
    child = os.fork()
    if child == 0:
        os._exit(_code_of(main, case))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _code_of(main: Callable[[], None], case: dict[str, Any]) -> int:
    import signal

    folder = Path(case["folder"])
    signal.alarm(TIME_LIMIT_S)
    os.chdir(folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "KATYDID_"))}
    os.environ.clear()
    os.environ.update(kept | {"HOME": str(folder / "home"), "PROBE": str(folder / "seen.json")} | case["env"])
    sys.argv = [sys.argv[1], *case["arguments"]]
    for number, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        main()
        code: Any = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return (code & 255) if isinstance(code, int) else int(code is not None)


def probe() -> None:
    """Run all cases of the file that the command line names."""
    main = imported_command(sys.argv[1])
    for case in json.loads(Path(sys.argv[2]).read_text()):
        code = run(main, case)
        (Path(case["folder"]) / "exit").write_text(str(code))


if __name__ == "__main__":
    probe()
