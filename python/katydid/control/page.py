"""Where do the documents of the page come from, and how does data get into them?

They are built from `web/` and embedded in the native half, unless a folder is given instead. Each has one
element for data (see `web/README.md`); what is put there is escaped, so that no text can end the element.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from katydid import _core

from .plain import plain

_MARKER = re.compile(r'(<script id="katydid-data" type="application/json">)(.*?)(</script>)', re.DOTALL)
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

HOW_TO_BUILD = "run `npm ci && npm run build` in web/, then build katydid again"


class NotBuilt(Exception):
    """The page, or one of its documents, was not there when this build was made."""


def document(name: str, folder: str | None = None) -> str:
    """A document of the page, as it was built.

    Raises:
        NotBuilt: this build has no page, or the folder no such document.
    """
    if folder:
        path = Path(folder, name)
        if path.is_file():
            return path.read_text(encoding="utf-8")
    content = _core.page_document(name)
    if content is None:
        raise NotBuilt(f"this build of katydid has no {name}: {HOW_TO_BUILD}")
    return content


def split(text: str, name: str) -> tuple[str, str]:
    """What stands before and after a document's data.

    Raises:
        NotBuilt: the document has no place for data.
    """
    parts = _MARKER.split(text, maxsplit=1)
    if len(parts) != 5:
        raise NotBuilt(f"{name} has no element for data: {HOW_TO_BUILD}")
    return parts[0] + parts[1], parts[3] + parts[4]


def filled(name: str, data: Any, folder: str | None = None) -> str:
    """A document with its data."""
    before, after = split(document(name, folder), name)
    return before + as_data(data) + after


def as_data(data: Any) -> str:
    """JSON that may stand inside of a page, whatever names and messages contain."""
    # No space after commas: they are a tenth of an hour's history. Programs look for those after colons.
    try:
        text = json.dumps(data, default=str, separators=(",", ": "), allow_nan=False)
    except (ValueError, TypeError):
        text = json.dumps(plain(data), separators=(",", ": "))
    return text.translate(_ESCAPES)
