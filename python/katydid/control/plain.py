"""How does a document become JSON that every reader takes, whatever a locustfile put into it?"""

from __future__ import annotations

import math
from typing import Any


def plain(content: Any) -> Any:
    """A document without what JSON has no word for: infinity, halves of characters, objects."""
    if isinstance(content, dict):
        return {plain(str(key)): plain(item) for key, item in content.items()}
    if isinstance(content, (list, tuple, set, frozenset)):
        return [plain(item) for item in content]
    if content is None or isinstance(content, (bool, int)):
        return content
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    return str(content).encode("utf-8", "replace").decode()
