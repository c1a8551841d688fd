"""Times as texts."""

from datetime import UTC, datetime

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
_SECONDS_PER_DAY = 86400


def format_utc_timestamp(unix_timestamp: float) -> str:
    """The time in UTC, as ISO 8601 with whole seconds."""
    return datetime.fromtimestamp(int(unix_timestamp), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_safe_timestamp(unix_timestamp: float) -> str:
    """The local time to the minute, in characters that any file name may have."""
    return datetime.fromtimestamp(int(unix_timestamp)).strftime("%Y-%m-%d-%Hh%M")


def format_duration(start_time: float, end_time: float) -> str:
    """The time between two moments in words, such as `1 minute and 3 seconds`."""
    rest = int(end_time - start_time)
    if rest < 0:
        rest %= _SECONDS_PER_DAY
    parts = []
    for unit, length in _UNITS:
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    if not parts:
        return "0 seconds"
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
