"""Was the run good? Levels, thresholds and the verdict; what was to be expected; why requests failed.

The judging itself is native (`katydid._core.Judge`); here it is brought together with a run: `setup` reads
the options, `shape` holds the levels one after another, `watch` tells the judge what happens, `files` writes
the verdict, and `check` asks the same of statistics that a program has at hand. `expect` applies rules to
requests before anybody hears of them, `cause` and `triage` say why requests failed, and `replay` sends one
again.
"""

from .check import Check, check

__all__ = ["Check", "check"]
