"""Did the run meet what was asked of it? Levels of load, thresholds, and the verdict on them.

The judging itself is native (`katydid._core.Judge`); here it is brought together with a run: `setup` reads
the options, `shape` holds the levels one after another, `watch` tells the judge what happens, `files` writes
the verdict, and `check` asks the same of statistics that a program has at hand.
"""

from .check import Check, check

__all__ = ["Check", "check"]
