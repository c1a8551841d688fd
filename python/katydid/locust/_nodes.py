"""Which workers does a master have? Their names as Locust's: `WorkerNode` and `WorkerNodes`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping

from . import runners

Fields = tuple[str, int, str, dict[str, int], float, int, bool]
"""Id, index, state, users by class, percent of a core, bytes of memory, is it katydid's."""


class WorkerNode:
    """A worker as its master, or a dispatcher, sees it."""

    def __init__(self, id: str, state: str = "ready", heartbeat_liveness: int | None = None) -> None:
        self.id = id
        self.state = state
        self.heartbeat = runners.HEARTBEAT_LIVENESS if heartbeat_liveness is None else heartbeat_liveness
        self.cpu_usage: float = 0
        self.cpu_warning_emitted = False
        self.memory_usage: int = 0
        self.user_classes_count: dict[str, int] = {}

    @property
    def user_count(self) -> int:
        """How many users the worker runs."""
        return sum(self.user_classes_count.values())


class WorkerNodes(MutableMapping[str, WorkerNode]):
    """The workers of a master by id."""

    def __init__(self) -> None:
        self._nodes: dict[str, WorkerNode] = {}

    def follow(self, present: Iterable[Fields]) -> None:
        """Become what the native half knows; a worker that stays keeps its object."""
        before, self._nodes = self._nodes, {}
        for id, _index, state, users, cpu_percent, memory_bytes, _is_ours in present:
            node = before.get(id) or WorkerNode(id)
            node.state, node.user_classes_count = state, users
            node.cpu_usage, node.memory_usage = cpu_percent, memory_bytes
            self._nodes[id] = node

    def get_by_state(self, state: str) -> list[WorkerNode]:
        """The workers in a state."""
        return [node for node in self._nodes.values() if node.state == state]

    @property
    def all(self) -> list[WorkerNode]:
        """All workers."""
        return list(self._nodes.values())

    @property
    def ready(self) -> list[WorkerNode]:
        """Those that wait for users."""
        return self.get_by_state(runners.STATE_INIT)

    @property
    def spawning(self) -> list[WorkerNode]:
        """Those that spawn users."""
        return self.get_by_state(runners.STATE_SPAWNING)

    @property
    def running(self) -> list[WorkerNode]:
        """Those that run users."""
        return self.get_by_state(runners.STATE_RUNNING)

    @property
    def missing(self) -> list[WorkerNode]:
        """Those that were not heard from."""
        return self.get_by_state(runners.STATE_MISSING)

    def __setitem__(self, key: str, node: WorkerNode) -> None:
        self._nodes[key] = node

    def __delitem__(self, key: str) -> None:
        del self._nodes[key]

    def __getitem__(self, key: str) -> WorkerNode:
        return self._nodes[key]

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._nodes))
