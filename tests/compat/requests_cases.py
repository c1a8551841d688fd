"""What a locustfile does with HttpUser's client, in one table."""

import answer_cases
import either_cases
import sent_cases
import session_cases

CASES = {**either_cases.CASES, **sent_cases.CASES, **session_cases.CASES, **answer_cases.CASES}
