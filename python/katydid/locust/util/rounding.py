"""Rounding as people do it."""


def proper_round(val: float, digits: int = 0) -> float:
    """Round halves up, which the built-in function does not do.

    The value is nudged by less than its last digit says before it is rounded.
    """
    nudge = 10.0 ** (-len(str(val)) - 1)
    return round(val + nudge, digits)
