"""A session's own headers, which the native half keeps a finished copy of."""

from __future__ import annotations

from typing import Any

from requests.structures import CaseInsensitiveDict

from katydid import _core


class SessionHeaders(_core.Versioned, CaseInsensitiveDict[Any]):
    """Headers in any case that count their changes."""

    def __setitem__(self, name: str, value: Any) -> None:
        self._bump()
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        self._bump()
        super().__delitem__(name)

    def copy(self) -> CaseInsensitiveDict[Any]:
        """A plain copy; its changes are nobody's business."""
        return CaseInsensitiveDict(self.items())


def fill_in(headers: Any, name: str, value: str) -> None:
    """Add a header to a mapping of the caller's unless it has one of that name, in whatever case."""
    if not any(known.lower() == name.lower() for known in headers):
        headers[name] = value
