"""What does a user do next? Tasks, the sets that hold them, and the loop that runs them.

`_plain_loop` is the loop that a load run spends its time in. It is `_general_loop` with every method of
TaskSet that may be overridden written out in place, and is taken only where none of them is overridden. What
it draws from `random` and what it does to the user's state must stay exactly what the methods do.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from time import time
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from gevent import GreenletExit

from katydid import _core
from katydid.fault import place_of, story_of
from katydid.pause import gates

from ..exception import (
    InterruptTaskSet,
    MissingWaitTimeError,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopTest,
    StopUser,
)

if TYPE_CHECKING:
    from .users import User

logger = logging.getLogger("locust.user.task")

LOCUST_STATE_RUNNING = "running"
LOCUST_STATE_WAITING = "waiting"
LOCUST_STATE_STOPPING = "stopping"

_WEIGHT = "locust_task_weight"
_TAGS = "locust_tag_set"

TaskT = TypeVar("TaskT", Callable[..., None], type["TaskSet"])


@overload
def task(weight: TaskT) -> TaskT: ...


@overload
def task(weight: int) -> Callable[[TaskT], TaskT]: ...


def task(weight: Any = 1) -> Any:
    """Mark a method or an inner TaskSet as something that users do.

    As ``@task(n)`` it is chosen n times as often as one with weight 1.

    Raises:
        ValueError: the method has a name that users need for something else.
    """

    def mark(marked: TaskT) -> TaskT:
        if marked.__name__ in ("on_start", "on_stop"):
            logger.warning("@task on %s: that method runs by itself, marked it also runs as a task", marked)
        if marked.__name__ == "run":
            raise ValueError("a task cannot be called run: users and TaskSets need that name themselves")
        setattr(marked, _WEIGHT, weight_of_marked)
        return marked

    if callable(weight):
        weight_of_marked = 1
        return mark(weight)
    weight_of_marked = weight
    return mark


def tag(*tags: str) -> Callable[[TaskT], TaskT]:
    """Give tags to a task, or to every task of a TaskSet, for --tags and --exclude-tags.

    Raises:
        ValueError: no tag is given.
    """
    if not tags or callable(tags[0]):
        raise ValueError('tag needs at least one name: @tag("checkout")')

    def mark(marked: TaskT) -> TaskT:
        if hasattr(marked, "tasks"):
            for inner in marked.tasks:
                mark(inner)
        else:
            setattr(marked, _TAGS, getattr(marked, _TAGS, set()) | set(tags))
        return marked

    return mark


def expand_weights(tasks: Any) -> list[Any]:
    """A `tasks` attribute (list of tasks or of (task, weight), or dict of weights) as a flat list."""
    flat: list[Any] = []
    for item in tasks.items() if isinstance(tasks, dict) else tasks:
        chosen, weight = item if isinstance(item, tuple) else (item, 1)
        flat.extend([chosen] * weight)
    return flat


def collect_tasks(bases: tuple[type, ...], namespace: dict[str, Any]) -> list[Any]:
    """The flat task list of a new class: inherited ones, its `tasks` attribute, its decorated members."""
    collected: list[Any] = []
    for base in bases:
        collected.extend(getattr(base, "tasks", None) or ())
    if "tasks" in namespace:
        collected.extend(expand_weights(namespace["tasks"]))
    for member in namespace.values():
        if _WEIGHT in dir(member):  # hasattr would believe objects that have every attribute
            collected.extend([member] * getattr(member, _WEIGHT))
    return collected


def filter_tasks_by_tags(
    task_holder: Any,
    tags: set[str] | None = None,
    exclude_tags: set[str] | None = None,
    checked: dict[Any, bool] | None = None,
) -> None:
    """Drop the tasks of a user or TaskSet class that the tags do not select, also from nested sets."""
    verdicts: dict[Any, bool] = {} if checked is None else checked
    kept = []
    for candidate in task_holder.tasks:
        if candidate not in verdicts:
            verdicts[candidate] = _is_selected(candidate, tags, exclude_tags, verdicts)
        if verdicts[candidate]:
            kept.append(candidate)
    task_holder.tasks = kept
    if not kept:
        logger.warning("%s has no tasks left after the selection by tags", task_holder.__name__)


def _is_selected(
    candidate: Any, tags: set[str] | None, exclude_tags: set[str] | None, verdicts: dict[Any, bool]
) -> bool:
    if hasattr(candidate, "tasks"):
        if not getattr(candidate, "_takes_tags", True):
            return True
        filter_tasks_by_tags(candidate, tags, exclude_tags, verdicts)
        return bool(candidate.tasks)
    own: set[str] = getattr(candidate, _TAGS, set())
    if tags is not None and not own & tags:
        return False
    return exclude_tags is None or not own & exclude_tags


class TaskSetMeta(type):
    """Collects the tasks of each TaskSet class into its `tasks` list."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> TaskSetMeta:
        namespace["tasks"] = collect_tasks(bases, namespace)
        return super().__new__(mcs, name, bases, namespace)


class TaskSet(metaclass=TaskSetMeta):
    """A set of tasks that a user enters and stays in until one of them interrupts it."""

    tasks: list[Any] = []
    """Tasks to choose from: a list, or a dict of weights in a class body."""

    min_wait: float | None = None
    """Deprecated, without effect: use wait_time."""

    max_wait: float | None = None
    """Deprecated, without effect: use wait_time."""

    wait_function: Any = None
    """Deprecated, without effect: use wait_time."""

    def __init__(self, parent: TaskSet | User) -> None:
        self._task_queue: list[Any] = []
        self._parent = parent
        self._user: User = parent.user if isinstance(parent, TaskSet) else parent
        self._cp_last_run = time()
        self._cp_last_wait_time: float = 0

    @property
    def user(self) -> User:
        """The user that runs this set."""
        return self._user

    @property
    def parent(self) -> Any:
        """The TaskSet that this one is nested in, or the user."""
        return self._parent

    @property
    def client(self) -> Any:
        """The user's client."""
        return getattr(self._user, "client")  # noqa: B009 - users without a client have no such attribute

    def on_start(self) -> None:
        """Called when a user enters this set."""

    def on_stop(self) -> None:
        """Called when a user leaves this set, also when the test ends."""

    def run(self) -> None:
        """Run tasks until one of them interrupts this set or the user stops. Not for overriding."""
        try:
            self.on_start()
        except InterruptTaskSet as interruption:
            raise _rescheduling(interruption) from interruption
        while True:
            try:
                loop = _plain_loop if _is_plain(self) else _general_loop
                loop(self)
            except InterruptTaskSet as interruption:
                self._stop_quietly()
                raise _rescheduling(interruption) from interruption
            except (StopUser, StopTest, GreenletExit):
                self.on_stop()
                raise
            except Exception as fault:
                self._report(fault)
                self.wait()

    def _stop_quietly(self) -> None:
        try:
            self.on_stop()
        except Exception:
            logger.exception("on_stop of %s failed", type(self).__name__)

    def _report(self, fault: Exception) -> None:
        """Tell listeners and the log of a task's exception; re-raise it if the environment wants that."""
        environment = self._user.environment
        environment.events.user_error.fire(user_instance=self, exception=fault, tb=fault.__traceback__)
        if not environment.catch_exceptions:
            raise fault
        logger.error("task failed at %s: %r\n%s", place_of(fault), fault, story_of(fault))

    def execute_next_task(self) -> None:
        """Run the task at the head of the queue."""
        self.execute_task(self._task_queue.pop(0))

    def execute_task(self, task: Any) -> None:
        """Run one task: enter it if it is a TaskSet, call it otherwise."""
        _execute(task, self, self)

    def schedule_task(self, task_callable: Any, first: bool = False) -> None:
        """Queue a task to be run before another one is chosen; at the queue's head if `first`."""
        if first:
            self._task_queue.insert(0, task_callable)
        else:
            self._task_queue.append(task_callable)

    def get_next_task(self) -> Any:
        """Choose a task by weight."""
        if not self.tasks:
            raise _no_tasks(self)
        return random.choice(self.tasks)

    def wait_time(self) -> float:
        """Seconds to wait now: the user's wait time, unless this set has one."""
        if not self._user.wait_time:
            raise MissingWaitTimeError(
                f"neither {type(self).__name__} nor {type(self._user).__name__} has a wait_time"
            )
        return self._user.wait_time()

    def wait(self) -> None:
        """Pause between tasks. A user that was asked to stop stops here."""
        user = self._user
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        user._state = LOCUST_STATE_WAITING
        self._sleep(self.wait_time())
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        user._state = LOCUST_STATE_RUNNING

    def _sleep(self, seconds: float) -> None:
        if seconds or seconds != 0:
            _core.sleep(seconds)
        else:
            _core.yield_if_unswitched()

    def interrupt(self, reschedule: bool = True) -> None:
        """Leave this set. The parent goes on at once, or waits first if `reschedule` is false."""
        raise InterruptTaskSet(reschedule)


class DefaultTaskSet(TaskSet):
    """The set that holds a user's own tasks, which get the user as their argument."""

    def get_next_task(self) -> Any:
        """Choose one of the user's tasks by weight."""
        if not self._user.tasks:
            raise _no_tasks(self._user)
        return random.choice(self._user.tasks)

    def execute_task(self, task: Any) -> None:
        """Run one task, which gets the user as its argument."""
        _execute(task, self, self._user)


def _execute(task: Any, task_set: TaskSet, holder: Any) -> None:
    """Call `task` the way its kind wants it; `holder` is its argument or, for a TaskSet, its parent."""
    if getattr(task, "__self__", None) is task_set:
        task()
    elif isinstance(task, type) and issubclass(task, TaskSet):
        task(holder).run()
    else:
        task(holder)


def _no_tasks(holder: Any) -> Exception:
    name = type(holder).__name__
    hint = ""
    if getattr(holder, "task", None):
        hint = "; it has an attribute `task`, did you mean `tasks`?"
    return Exception(f"no tasks defined on {name}: decorate a method with @task or set `tasks`{hint}")


def _rescheduling(interruption: InterruptTaskSet) -> Exception:
    """What an interrupted set raises in its parent's loop."""
    return RescheduleTaskImmediately() if interruption.reschedule else RescheduleTask()


def _wait_while_paused(user: Any) -> None:
    """Before a task: wait until the run goes on. A user that is to stop meanwhile stops here."""
    gate = gates.get(user.environment)
    if gate is None or user._state == LOCUST_STATE_STOPPING:
        return
    user._state = LOCUST_STATE_WAITING
    gate.wait()
    if user._state == LOCUST_STATE_STOPPING:
        raise StopUser()
    user._state = LOCUST_STATE_RUNNING


def _general_loop(task_set: TaskSet) -> None:
    """Choose, run, wait, through methods that a subclass may override. Leaves by an exception only."""
    user = task_set.user
    while True:
        if gates:
            _wait_while_paused(user)
        if not task_set._task_queue:
            task_set.schedule_task(task_set.get_next_task())
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        try:
            task_set.execute_next_task()
        except RescheduleTaskImmediately:
            _core.yield_if_unswitched()  # a set that only ever interrupts must not keep all others waiting
            continue
        except RescheduleTask:
            pass
        task_set.wait()


def _plain_loop(task_set: TaskSet) -> None:
    """The same loop with the methods of TaskSet and `random.choice` written out (see the module's head).

    Returns once the set has been given attributes: they may be methods of its own.
    """
    user = task_set._user
    holder = user if isinstance(task_set, DefaultTaskSet) else task_set
    own = task_set.__dict__
    known = len(own)
    waiter = user if _waits_as_its_user(task_set) else task_set
    queue = task_set._task_queue
    getrandbits = random.getrandbits
    sleep = _core.sleep
    yield_if_unswitched = _core.yield_if_unswitched
    while True:
        if gates:
            _wait_while_paused(user)
        if queue:
            task = queue.pop(0)
        else:
            tasks = holder.tasks
            count = len(tasks)
            if not count:
                raise _no_tasks(holder)
            bits = count.bit_length()
            index = getrandbits(bits)
            while index >= count:
                index = getrandbits(bits)
            task = tasks[index]
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        try:
            if type(task) is FunctionType:
                task(holder)
            else:
                task_set.execute_task(task)
        except RescheduleTaskImmediately:
            yield_if_unswitched()
            continue
        except RescheduleTask:
            pass
        if len(own) != known:
            task_set.wait()
            return
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        user._state = LOCUST_STATE_WAITING
        seconds = waiter.wait_time()
        if seconds or seconds != 0:  # who forgot to return a number is told so by `sleep`
            sleep(seconds)
        else:
            yield_if_unswitched()
        if user._state == LOCUST_STATE_STOPPING:
            raise StopUser()
        user._state = LOCUST_STATE_RUNNING


_PLAIN_WAIT_TIME = TaskSet.wait_time
_PLAIN_METHODS = {
    name: (getattr(TaskSet, name), getattr(DefaultTaskSet, name))
    for name in (
        "wait",
        "_sleep",
        "schedule_task",
        "execute_next_task",
        "execute_task",
        "get_next_task",
    )
}


def _waits_as_its_user(task_set: TaskSet) -> bool:
    """Has the set no wait time of its own, and its user one?"""
    is_inherited = type(task_set).wait_time is _PLAIN_WAIT_TIME and "wait_time" not in task_set.__dict__
    return is_inherited and bool(task_set._user.wait_time)


def _is_plain(task_set: TaskSet) -> bool:
    """Has nobody overridden what the plain loop writes out, in a subclass, on the base or on the instance?"""
    return all(
        getattr(getattr(task_set, name), "__func__", None) in plain for name, plain in _PLAIN_METHODS.items()
    )
