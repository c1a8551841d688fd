"""One table of what a locustfile does with FastHttpUser's client, on stock Locust and both ways of katydid's.

Compared are the bytes on the wire, the response's attributes, what was recorded and what was raised. The way
`python` is the half of the client that deals with what is out of the ordinary.
"""

import sys
from pathlib import Path

import pytest
from client_ways import compare, stale

_HELPERS = str(Path(__file__).parent.parent / "python")
if _HELPERS not in sys.path:
    sys.path.append(_HELPERS)

from fast_cases import CASES  # noqa: E402

FEWEST = 180

# Where ours differ knowingly, each with its row in docs/differences.md: the case, and places in its result.
_ALL = ["/events", "/raised", "/returned", "/remarks", "/rows"]
_NO_HALF_ANSWER = ["/events", r"/remarks\[0\]", "/rows"]
LISTED = {
    # the URL that was asked for
    "get_semicolons": ["/wire"],
    "params_empty": ["/wire"],
    # failures, not exceptions in the task
    "answer_with_bad_length": _ALL,
    "answer_with_negative_length": _ALL,
    "broken_garbage": _ALL,
    "broken_bad_version": _ALL,
    "broken_bad_code": _ALL,
    "broken_two_lengths": _ALL,
    "broken_bad_chunk": _ALL,
    "proxy_that_refuses": [*_ALL, "/wire"],
    # half an answer is none
    "broken_reset_in_body": _NO_HALF_ANSWER,
    "broken_close_in_body": _NO_HALF_ANSWER,
    "broken_close_between_chunks": _NO_HALF_ANSWER,
    "timed_out_in_the_body": [r"/events\[0\]/status", r"/remarks\[0\]\[1\]"],
    "timed_out_silently_in_the_body": [r"/events\[0\]/status"],
    "answer_with_bad_gzip": ["/returned"],
    # sent once
    "broken_reset": ["/wire"],
    # generators are sent
    "several_sources": ["/raised", "/returned", "/events", "/wire", "/rows"],
    # what can be read, and how long a streamed answer is
    "read_a_response": [r"/remarks\[0\]\[0\]"],
    "read_a_stream": [r"/events\[\d\]/length", r"/remarks\[0\]", "/rows"],
    # a proxy passes plain requests on
    "proxy": ["/wire"],
}


@pytest.mark.parametrize("way", ["native", "python"])
@pytest.mark.parametrize("case", CASES)
def test_a_case_goes_as_on_stock_locust(case: str, way: str) -> None:
    compare("fast", way, case, LISTED)


def test_every_listed_difference_is_still_one() -> None:
    assert stale("fast", LISTED) == []


def test_the_table_is_not_cut_short() -> None:
    assert len(CASES) >= FEWEST
