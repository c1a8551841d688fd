"""How can numbers that live in the native half be a `dict` for a locustfile?

Through a view: a real `dict` for whoever asks, which never holds anything as one. What is read is read from
the statistics, what is written is written to them. A view is made when somebody looks, so it costs a request
nothing; looking at all of it makes a copy, so that it can be walked through while requests go on.

C code may look into a dict without asking it: `json` decides by the inner size whether there is anything. For
that, and only that, :meth:`View._fill` puts what is there when the view is made into the dict itself, or one
count of nothing, so that it is never empty inside.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    ValuesView,
)
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_NOTHING: Any = object()


class View(dict[K, V]):
    """A dict whose contents are elsewhere. Subclasses say where: the four abstract methods."""

    __slots__ = ()

    def _fill(self, filler: dict[K, V]) -> None:
        dict.update(self, self._contents() or filler)

    @abstractmethod
    def _contents(self) -> dict[K, V]:
        """Everything, as of now."""

    @abstractmethod
    def __getitem__(self, key: K) -> V: ...

    @abstractmethod
    def __setitem__(self, key: K, value: V) -> None: ...

    @abstractmethod
    def __delitem__(self, key: K) -> None: ...

    def __iter__(self) -> Iterator[K]:
        return iter(self._contents())

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._contents())

    def __len__(self) -> int:
        return len(self._contents())

    def __contains__(self, key: object) -> bool:
        return key in self._contents()

    def keys(self) -> KeysView[K]:  # type: ignore[override]
        """The keys as of now."""
        return self._contents().keys()

    def values(self) -> ValuesView[V]:  # type: ignore[override]
        """The values as of now."""
        return self._contents().values()

    def items(self) -> ItemsView[K, V]:  # type: ignore[override]
        """Keys and values as of now."""
        return self._contents().items()

    def get(self, key: K, default: Any = None) -> Any:
        """The value if there is one; none is made."""
        return self[key] if key in self else default  # noqa: SIM401 - this is the definition of get

    def update(self, *others: Any, **more: Any) -> None:
        """Write everything that is in another mapping, or in pairs of key and value."""
        for key, value in dict(*others, **more).items():
            self[key] = value

    def setdefault(self, key: K, default: Any = None) -> V:
        """The value; `default` becomes it if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: K, default: Any = _NOTHING) -> Any:
        """Take a value out."""
        if key not in self:
            if default is _NOTHING:
                raise KeyError(key)
            return default
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[K, V]:
        """Take the last key and its value out."""
        for key in reversed(self):
            return key, self.pop(key)
        raise KeyError("nothing is left to take out")

    def clear(self) -> None:
        """Take everything out."""
        for key in list(self):
            del self[key]

    def copy(self) -> dict[K, V]:
        """A plain dict with what is here now."""
        return self._contents()

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[K, V]:
        return copy.deepcopy(self._contents(), memo)

    def __reduce_ex__(self, protocol: Any) -> tuple[type, tuple[dict[K, V]]]:
        return dict, (self._contents(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self._contents() == dict(other.items())

    def __ne__(self, other: object) -> bool:
        return not self == other  # that of dict would compare what is inside

    def __repr__(self) -> str:
        return repr(self._contents())

    def __or__(self, other: Any) -> Any:
        return self._contents() | other

    def __ror__(self, other: Any) -> Any:
        return dict(other) | self._contents()

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self


class Counts(View[Any, int]):
    """Counts by key; one that is not there is 0. `read` makes them all, `write` puts all of them."""

    __slots__ = ("_read", "_write")

    def __init__(
        self,
        read: Callable[[], Iterable[tuple[Any, int]]],
        write: Callable[[Mapping[Any, int]], None],
    ) -> None:
        self._read = read
        self._write = write
        self._fill({0: 0})

    def _contents(self) -> dict[Any, int]:
        return dict(self._read())

    def __getitem__(self, key: Any) -> int:
        return self._contents().get(key, 0)

    def __setitem__(self, key: Any, value: int) -> None:
        self._write({**self._contents(), key: value})

    def __delitem__(self, key: Any) -> None:
        rest = self._contents()
        del rest[key]
        self._write(rest)

    def clear(self) -> None:
        """Forget all counts."""
        self._write({})


class CountsBySecond(Counts):
    """Counts by second, of which one can be had without the others."""

    __slots__ = ("_read_one", "_write_one")

    def __init__(
        self,
        read: Callable[[], Iterable[tuple[int, int]]],
        write: Callable[[Mapping[int, int]], None],
        read_one: Callable[[int], int],
        write_one: Callable[[int, int], None],
    ) -> None:
        super().__init__(read, write)
        self._read_one = read_one
        self._write_one = write_one

    def __getitem__(self, key: int) -> int:
        return self._read_one(int(key))

    def __setitem__(self, key: int, value: int) -> None:
        self._write_one(int(key), int(value))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and self._read_one(key) > 0

    def __delitem__(self, key: int) -> None:
        if key not in self:
            raise KeyError(key)
        self._write_one(int(key), 0)
