"""How long is `1h30m`?"""

from katydid import _core


def parse_timespan(time_str: str) -> int:
    """The seconds of a time span: digits alone, or hours, minutes and seconds such as `3h30m10s`.

    Raises ValueError for anything else.
    """
    return _core.parse_time_span(time_str or "")
