"""One table of what a locustfile does with HttpUser's client, on stock Locust and on every way of katydid's.

Compared are the bytes on the wire, the response's attributes, what was recorded and what was raised. The way
`native` is katydid as it is, `hook` goes through `requests` over the native connections (a hook that does
nothing sends it there), `adapter` through `requests` and its own adapter.
"""

import sys
from pathlib import Path

import pytest
from client_ways import compare, stale

_HELPERS = str(Path(__file__).parent.parent / "python")
if _HELPERS not in sys.path:
    sys.path.append(_HELPERS)

from requests_cases import CASES  # noqa: E402

FEWEST = 300

# Where ours differ knowingly: the case, and the places in its result.
LISTED = {
    # our own words
    "missing_argument": ["/raised"],
    "catch_misused": ["/remarks"],
    # docs/differences.md: a proxy is asked for a tunnel in HTTP/1.1 and told the host
    "proxy": [r"/wire\[3\]"],
    "proxy_with_password": [r"/wire\[3\]"],
    "proxy_that_refuses": [r"/wire\[1\]"],
    # docs/differences.md: chunks that arrive together are one piece
    "read_a_stream_in_chunks": [r"/remarks\[[02]\]"],
}


@pytest.mark.parametrize("way", ["native", "hook", "adapter"])
@pytest.mark.parametrize("case", CASES)
def test_a_case_goes_as_on_stock_locust(case: str, way: str) -> None:
    compare("requests", way, case, LISTED)


def test_every_listed_difference_is_still_one() -> None:
    assert stale("requests", LISTED) == []


def test_the_table_is_not_cut_short() -> None:
    assert len(CASES) >= FEWEST
