"""The `katydid` command: runs a locustfile.

Only `katydid target …`, which starts a practice server, `katydid replay …`, which sends a failed request
again, `katydid completions SHELL`, which prints a script, and the commands about stored runs (`runs`, `show`,
`history`, `report`, `export`, `compare`, `baseline`) do something else.

The order here is a contract: sockets are patched before anything else is imported, and the alias for `locust`
exists before a locustfile can ask for it.
"""

import os
import sys


def main() -> None:
    """Run the command with the arguments of this process and end the process with its exit code."""
    _fill_gaps()
    if sys.argv[1:2] == ["target"]:
        sys.exit(_run_target(sys.argv[1:]))
    if sys.argv[1:2] == ["completions"]:
        sys.exit(_print_completions(sys.argv[2:]))
    if sys.argv[1:2] == ["report"]:
        sys.exit(_report(sys.argv[2:]))
    if sys.argv[1:2] == ["history"]:
        sys.exit(_serve_history(sys.argv[2:]))
    if sys.argv[1:2] and sys.argv[1] in _HISTORY:
        sys.exit(_ask_history(sys.argv[1:]))

    from katydid.alias import alias_locust
    from katydid.substrate import patch

    patch()
    alias_locust()
    if sys.argv[1:2] == ["replay"]:
        from katydid.command.replay import replay_main

        sys.exit(replay_main(sys.argv[2:]))
    from katydid.locust.main import main as run_locustfile

    run_locustfile()


def _fill_gaps() -> None:
    """Open the null device in the place of standard streams that are closed.

    Otherwise the next file or connection gets such a number, and whoever writes to `stderr` writes into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _run_target(argv: list[str]) -> int:
    """The practice servers are native and need none of Python's machinery."""
    from katydid import _core

    return _core.target_main(argv)


_HISTORY = ("runs", "show", "export", "compare", "baseline")


def _ask_history(argv: list[str]) -> int:
    """What can be asked about stored runs is native."""
    from katydid import _core

    return _core.history_main(argv)


def _report(argv: list[str]) -> int:
    """The report of a stored run is made by what makes that of a run that goes on."""
    from katydid.history.report import report_main

    return report_main(argv)


def _serve_history(argv: list[str]) -> int:
    """The pages about stored runs, without a run."""
    from katydid.history.pages import pages_main

    return pages_main(argv)


def _print_completions(argv: list[str]) -> int:
    """A shell's script is made of the table of options alone."""
    from katydid.command.completions import completions_main

    return completions_main(argv)


if __name__ == "__main__":
    main()
