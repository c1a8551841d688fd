"""How does a file of load tests run under plain pytest? With the same fixtures, each request sent once.

Installed with katydid, this plugin adds the option `--host` and the fixtures `session` and `fastsession`. It
stands back where stock Locust is installed, whose plugin has the same. Nothing is imported or patched for
tests that use neither fixture.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from katydid.locust.clients import HttpSession
    from katydid.locust.contrib.fasthttp import FastHttpSession

_STOCK_PLUGIN = "pytest_locust"


class _Unheard:
    """Takes the place of the request event: in plain pytest nobody counts requests."""

    _handlers: tuple[()] = ()

    def fire(self, **kwargs: Any) -> None:
        """Do nothing."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--host`."""
    if find_spec(_STOCK_PLUGIN) is None:
        parser.addoption("--host", "-H", help="What the fixtures session and fastsession send requests to.")


if find_spec(_STOCK_PLUGIN) is None:

    @pytest.fixture
    def session(request: pytest.FixtureRequest) -> HttpSession:
        """A `requests` session whose relative URLs belong to `--host`."""
        from katydid.locust.clients import HttpSession

        return HttpSession(request.config.getoption("--host"), _Unheard(), None)

    @pytest.fixture
    def fastsession(request: pytest.FixtureRequest) -> FastHttpSession:
        """The client of a `FastHttpUser`, whose relative URLs belong to `--host`."""
        from katydid.locust.contrib.fasthttp import FastHttpSession

        host = request.config.getoption("--host")
        return FastHttpSession(base_url=host, request_event=_Unheard(), user=None)
