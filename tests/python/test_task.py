"""Tasks are collected, filtered, chosen and run; the written-out loop does what the methods do."""

import random
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.pool import Group
from katydid.locust import SequentialTaskSet, TaskSet, User, constant, tag, task
from katydid.locust.env import Environment
from katydid.locust.exception import (
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopTest,
    StopUser,
)
from katydid.locust.user.task import (
    LOCUST_STATE_STOPPING,
    DefaultTaskSet,
    _general_loop,
    _is_plain,
    _plain_loop,
    filter_tasks_by_tags,
)


def names(holder: Any) -> list[str]:
    return [member.__name__ for member in holder.tasks]


def run_user(user_class: type[User], **settings: Any) -> User:
    """Run one user until it stops by itself."""
    user = user_class(Environment(user_classes=[user_class], **settings))
    gevent.spawn(user.run).get(timeout=10)
    return user


class TestCollecting:
    def test_bases_then_attribute_then_decorated_by_weight(self) -> None:
        def plain(user: User) -> None: ...

        class Base(User):
            @task(2)
            def first(self) -> None: ...

        class Child(Base):
            tasks = {plain: 2}

            @task
            def last(self) -> None: ...

        assert names(Child) == ["first", "first", "plain", "plain", "last"]

    def test_an_override_without_decorator_leaves_the_inherited_function(self) -> None:
        class Base(User):
            @task
            def work(self) -> str:
                return "base"

        class Child(Base):
            def work(self) -> str:
                return "child"

        assert [member(None) for member in Child.tasks] == ["base"]

    def test_sequential_sets_keep_the_written_order(self) -> None:
        def a(task_set: TaskSet) -> None: ...

        def b(task_set: TaskSet) -> None: ...

        class Steps(SequentialTaskSet):
            @task
            def first(self) -> None: ...

            tasks = {a: 2, b: 1}

            @task(2)
            def last(self) -> None: ...

        assert names(Steps) == ["first", "a", "a", "b", "last", "last"]

    def test_sequential_tasks_must_be_listed(self) -> None:
        with pytest.raises(ValueError, match=r"Steps\.tasks"):
            type("Steps", (SequentialTaskSet,), {"tasks": "abc"})

    def test_a_task_cannot_be_called_run(self) -> None:
        def run(self: Any) -> None: ...

        with pytest.raises(ValueError, match="run"):
            task(run)

    def test_marked_on_start_warns(self, caplog: pytest.LogCaptureFixture) -> None:
        def on_start(self: Any) -> None: ...

        task(on_start)
        assert "on_start" in caplog.text


class TestTags:
    def make(self) -> type[User]:
        class Inner(TaskSet):
            @tag("a")
            @task(2)
            def wanted(self) -> None: ...

            @task
            def untagged(self) -> None: ...

        class Tagged(User):
            tasks = [Inner]

            @tag("a", "b")
            @task
            def both(self) -> None: ...

            @tag("b")
            @task
            def other(self) -> None: ...

        return Tagged

    @pytest.mark.parametrize(
        ("tags", "excluded", "outer", "inner"),
        [
            ({"a"}, None, ["Inner", "both"], ["wanted", "wanted"]),
            (None, {"b"}, ["Inner"], ["wanted", "wanted", "untagged"]),
            ({"a"}, {"b"}, ["Inner"], ["wanted", "wanted"]),
            ({"b"}, None, ["both", "other"], []),
        ],
    )
    def test_selection(
        self, tags: set[str] | None, excluded: set[str] | None, outer: list[str], inner: list[str]
    ) -> None:
        user_class = self.make()
        inner_set = user_class.tasks[0]
        filter_tasks_by_tags(user_class, tags, excluded)
        assert names(user_class) == outer
        assert names(inner_set) == inner

    def test_tagging_a_set_tags_its_tasks(self) -> None:
        class Inner(TaskSet):
            @tag("old")
            @task
            def member(self) -> None: ...

        tag("new")(Inner)
        assert Inner.tasks[0].locust_tag_set == {"old", "new"}

    def test_tags_are_needed(self) -> None:
        with pytest.raises(ValueError):
            tag()
        with pytest.raises(ValueError):
            tag(lambda: None)  # type: ignore[arg-type]


LOOPS = [_plain_loop, _general_loop]


@pytest.fixture(params=LOOPS, ids=["written out", "through methods"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[TaskSet], None]:
    """Runs a test once with each loop."""
    import sys

    module = sys.modules["katydid.locust.user.task"]
    monkeypatch.setattr(module, "_is_plain", lambda task_set: request.param is _plain_loop)
    chosen: Callable[[TaskSet], None] = request.param
    return chosen


@pytest.mark.usefixtures("loop")
class TestLoop:
    def test_draws_what_random_choice_draws(self) -> None:
        drawn: list[int] = []

        def make(number: int) -> Callable[[User], None]:
            def draw(user: User) -> None:
                drawn.append(number)
                if len(drawn) == 200:
                    raise StopUser

            return draw

        class Chooser(User):
            tasks = [make(number) for number in range(5)]

        random.seed(11)
        run_user(Chooser)
        random.seed(11)
        assert drawn == [random.choice(range(5)) for _ in range(200)]

    def test_queued_tasks_come_before_drawn_ones(self) -> None:
        ran: list[str] = []

        class Steps(TaskSet):
            def on_start(self) -> None:
                self.schedule_task(self.second)
                self.schedule_task(self.first, first=True)

            def first(self) -> None:
                ran.append("first")

            def second(self) -> None:
                ran.append("second")

            @task
            def drawn(self) -> None:
                ran.append("drawn")
                raise StopUser

        class Runner(User):
            tasks = [Steps]

        run_user(Runner)
        assert ran == ["first", "second", "drawn"]

    @pytest.mark.parametrize(("reschedule", "waits"), [(True, 0), (False, 1)])
    def test_interrupt_goes_back_to_the_parent(self, reschedule: bool, waits: int) -> None:
        ran: list[str] = []

        class Inner(TaskSet):
            def on_start(self) -> None:
                ran.append("start")

            def on_stop(self) -> None:
                ran.append("stop")

            @task
            def leave(self) -> None:
                self.user.tasks = [end]
                self.interrupt(reschedule=reschedule)

        def end(user: User) -> None:
            ran.append("end")
            raise StopUser

        class Outer(User):
            tasks = [Inner]
            waited = 0

            def wait_time(self) -> float:
                self.waited += 1
                return 0

        user = run_user(Outer)
        assert ran == ["start", "stop", "end"]
        assert user.waited == waits  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("steering", "waits"), [(RescheduleTask, 1), (RescheduleTaskImmediately, 0), (None, 1)]
    )
    def test_waiting_after_a_task(self, steering: type[Exception] | None, waits: int) -> None:
        class Steered(User):
            waited = 0
            ran = 0

            def wait_time(self) -> float:
                self.waited += 1
                return 0

            @task
            def work(self) -> None:
                self.ran += 1
                if self.ran == 2:
                    raise StopUser
                if steering:
                    raise steering

        user = run_user(Steered)
        assert user.waited == waits  # type: ignore[attr-defined]

    @pytest.mark.parametrize("ending", [StopUser, StopTest, gevent.GreenletExit])
    def test_what_ends_a_user_calls_on_stop_of_set_and_user(self, ending: type[BaseException]) -> None:
        stopped: list[str] = []

        class Steps(TaskSet):
            def on_stop(self) -> None:
                stopped.append("set")

            @task
            def end(self) -> None:
                raise ending

        class Ending(User):
            tasks = [Steps]

            def on_stop(self) -> None:
                stopped.append("user")

        run_user(Ending)
        assert stopped == ["set", "user"]

    def test_an_exception_is_told_and_the_user_goes_on(self, caplog: pytest.LogCaptureFixture) -> None:
        told: list[dict[str, Any]] = []

        class Unlucky(User):
            def on_start(self) -> None:
                self.environment.events.user_error.add_listener(lambda **kwargs: told.append(kwargs))

            @task
            def fail(self) -> None:
                if told:
                    raise StopUser
                raise KeyError("lost")

        run_user(Unlucky)
        assert isinstance(told[0]["user_instance"], DefaultTaskSet)
        assert isinstance(told[0]["exception"], KeyError)
        assert told[0]["tb"] is told[0]["exception"].__traceback__
        assert "test_task.py:" in caplog.text

    def test_exceptions_go_up_where_the_environment_wants_that(self) -> None:
        class Unlucky(User):
            @task
            def fail(self) -> None:
                raise KeyError("lost")

        with pytest.raises(KeyError):
            run_user(Unlucky, catch_exceptions=False)

    def test_a_user_that_shall_stop_stops_after_its_task(self) -> None:
        ran: list[int] = []

        class Stopping(User):
            @task
            def work(self) -> None:
                ran.append(1)
                self._state = LOCUST_STATE_STOPPING

        run_user(Stopping)
        assert ran == [1]

    def test_without_tasks_the_message_names_the_class(self) -> None:
        class Idle(User):
            task = [len]

        with pytest.raises(Exception, match=r"no tasks defined on Idle.*did you mean `tasks`"):
            run_user(Idle, catch_exceptions=False)

    def test_a_set_that_only_interrupts_itself_lets_others_run(self) -> None:
        class Spinning(User):
            @task
            class Nothing(TaskSet):
                @task
                def leave(self) -> None:
                    self.interrupt()

        user = Spinning(Environment(user_classes=[Spinning]))
        greenlet = gevent.spawn(user.run)
        other = gevent.spawn(lambda: "ran")
        assert other.get(timeout=5) == "ran"
        greenlet.kill()

    def test_interrupt_in_on_start_goes_to_the_parent(self) -> None:
        ran: list[str] = []

        class Inner(TaskSet):
            def on_start(self) -> None:
                self.user.tasks = [end]
                raise InterruptTaskSet

        def end(user: User) -> None:
            ran.append("end")
            raise StopUser

        class Outer(User):
            tasks = [Inner]

        run_user(Outer)
        assert ran == ["end"]

    def test_wait_time_of_the_set_comes_before_that_of_the_user(self) -> None:
        class Steps(TaskSet):
            waited = 0

            def wait_time(self) -> float:
                Steps.waited += 1
                return 0

            @task
            def work(self) -> None:
                if Steps.waited == 2:
                    raise StopUser

        class Waiting(User):
            wait_time = constant(1000)
            tasks = [Steps]

        run_user(Waiting)
        assert Steps.waited == 2


def test_an_interrupt_outside_nested_sets_ends_the_user_and_says_where(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Outermost(User):
        @task
        def leave(self) -> None:
            raise InterruptTaskSet

    user = Outermost(Environment(user_classes=[Outermost]))
    user.start(Group()).get(timeout=5)
    line = Outermost.leave.__code__.co_firstlineno + 2
    assert f"Outermost ends: interrupted at {__file__}:{line}" in caplog.text
    assert "Traceback" not in caplog.text


class TestWhichLoop:
    def task_set(self, **namespace: Any) -> TaskSet:
        class Runner(User): ...

        user = Runner(Environment(user_classes=[Runner]))
        made: TaskSet = type("Made", (TaskSet,), namespace)(user)
        return made

    def test_ordinary_sets_take_the_written_out_loop(self) -> None:
        assert _is_plain(self.task_set())
        assert _is_plain(self.task_set(wait_time=constant(1)))

    @pytest.mark.parametrize(
        "name", ["wait", "_sleep", "schedule_task", "execute_next_task", "execute_task", "get_next_task"]
    )
    def test_overriding_a_method_takes_the_other(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert not _is_plain(self.task_set(**{name: lambda self, *args: None}))
        instance = self.task_set()
        setattr(instance, name, lambda *args: None)
        assert not _is_plain(instance)
        monkeypatch.setattr(TaskSet, name, lambda self, *args: None)
        assert not _is_plain(self.task_set())
