"""Was the run good? What was asked of it, what was to be expected, and why requests failed."""
