"""The body of an answer as something to read from."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from katydid import _core


class Body:
    """Bytes that are there, or arrive while they are read."""

    def __init__(
        self, incoming: _core.Incoming | None, exception_of: Callable[[_core.Failed], Exception]
    ) -> None:
        self._incoming = incoming
        self._exception_of = exception_of
        self._kept = b""

    @classmethod
    def of(cls, content: bytes | None) -> Body:
        """A body that has arrived."""
        body = cls(None, RuntimeError)
        body._kept = content or b""
        return body

    def _fetch(self, amount: int) -> bytes:
        if self._incoming is None:
            return b""
        piece: Any = self._incoming.read(amount)
        if isinstance(piece, _core.Failed):
            raise self._exception_of(piece)
        return piece

    def read1(self, n: int = 65536) -> bytes:
        """What is there, at most `n` bytes; nothing at the end."""
        if not self._kept:
            return self._fetch(n)
        piece, self._kept = self._kept[:n], self._kept[n:]
        return piece

    def read(self, n: int = -1) -> bytes:
        """`n` bytes, less at the end; all that is left by default."""
        if n is None or n < 0:
            rest, self._kept = self._kept, b""
            return rest + self._fetch(-1)
        pieces: list[bytes] = []
        while n > 0 and (piece := self.read1(n)):
            pieces.append(piece)
            n -= len(piece)
        return b"".join(pieces)

    def readline(self, sep: bytes = b"\n") -> bytes:
        """Bytes up to the next `sep`, or to the end."""
        line = b""
        while sep not in line and (piece := self.read1(4096)):
            line += piece
        line, sign, rest = line.partition(sep)
        self._kept = rest + self._kept
        return line + sign

    def content(self, coding: str = "") -> bytes:
        """All that is left, decompressed."""
        whole = self.read()
        if coding in ("gzip", "x-gzip", "deflate") and whole:
            whole = zlib.decompress(whole, 32 + zlib.MAX_WBITS)
        self._kept = whole
        return whole

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to come."""
        return not self._kept and (self._incoming is None or self._incoming.is_complete)

    def close(self) -> None:
        """Give up what is left."""
        self._kept = b""
        if self._incoming is not None:
            self._incoming.close()
