"""Which certificates does an `ssl_context_factory` ask for?

The native client has its own TLS. What it takes from a context are the files that were loaded into it. A
context does not tell their names, so they are noted while the factory runs.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any


def settings_of(factory: Callable[[], ssl.SSLContext]) -> tuple[bool | str, Any]:
    """`verify` and `cert`, as `requests` has them, that amount to the context that the factory makes."""
    with _noted() as notes:
        context = factory()
    if context.verify_mode == ssl.CERT_NONE:
        return False, notes.get("cert")
    return notes.get("authorities", True), notes.get("cert")


@contextmanager
def _noted() -> Generator[dict[str, Any]]:
    notes: dict[str, Any] = {}
    load_chain, load_authorities = ssl.SSLContext.load_cert_chain, ssl.SSLContext.load_verify_locations

    def chain(context: ssl.SSLContext, certfile: Any, keyfile: Any = None, password: Any = None) -> None:
        load_chain(context, certfile, keyfile, password)
        notes["cert"] = (str(certfile), str(keyfile)) if keyfile else str(certfile)

    def authorities(
        context: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None
    ) -> None:
        load_authorities(context, cafile, capath, cadata)
        if cafile or capath:
            notes["authorities"] = str(cafile or capath)

    ssl.SSLContext.load_cert_chain = chain  # type: ignore[method-assign, assignment]
    ssl.SSLContext.load_verify_locations = authorities  # type: ignore[method-assign, assignment]
    try:
        yield notes
    finally:
        del ssl.SSLContext.load_cert_chain, ssl.SSLContext.load_verify_locations
