"""An environment checks its users and changes them as it is told."""

import pytest
from katydid.locust import LoadTestShape, TaskSet, User, tag, task
from katydid.locust.env import Environment
from katydid.locust.exception import RunnerAlreadyExistsError


class Heavy(User):
    weight = 3


class Light(User): ...


class Off(User):
    weight = 0


def test_each_has_its_own_events_unless_given() -> None:
    first, second = Environment(), Environment()
    assert first.events is not second.events
    assert Environment(events=first.events).events is first.events


def test_classes_of_weight_zero_are_removed_in_place() -> None:
    classes: list[type[User]] = [Heavy, Off]
    environment = Environment(user_classes=classes)
    assert environment.user_classes is classes
    assert classes == [Heavy]
    assert environment.user_classes_by_name == {"Heavy": Heavy}


def test_somebody_must_remain() -> None:
    with pytest.raises(ValueError, match="weight 0"):
        Environment(user_classes=[Off])


def test_fixed_count_keeps_a_class_of_weight_zero() -> None:
    class Fixed(Off):
        weight = 0
        fixed_count = 1

    assert Environment(user_classes=[Fixed]).user_classes == [Fixed]


def test_two_classes_of_one_name_are_named_in_full() -> None:
    other = type("Heavy", (User,), {"__module__": "elsewhere"})
    with pytest.raises(ValueError, match=r"test_env\.Heavy.*elsewhere\.Heavy"):
        Environment(user_classes=[Heavy, other])


def test_a_shape_must_be_an_instance() -> None:
    class Shape(LoadTestShape):
        def tick(self) -> None:
            return None

    with pytest.raises(ValueError, match="instance of LoadTestShape"):
        Environment(shape_class=Shape)  # type: ignore[arg-type]
    environment = Environment(user_classes=[Light], shape_class=Shape())
    runner = environment.create_local_runner()
    assert environment.shape_class is not None
    assert environment.shape_class.runner is runner
    runner.quit()


def test_there_is_one_runner() -> None:
    environment = Environment(user_classes=[Light])
    runner = environment.create_local_runner()
    with pytest.raises(RunnerAlreadyExistsError):
        environment.create_local_runner()
    runner.quit()


def test_equal_weights_flatten_nested_sets() -> None:
    class Inner(TaskSet):
        @task(3)
        def inner(self) -> None: ...

    class Weighted(User):
        weight = 5
        tasks = {Inner: 2}

        @task(4)
        def outer(self) -> None: ...

    Environment(user_classes=[Weighted]).assign_equal_weights()
    assert Weighted.weight == 1
    assert [member.__name__ for member in Weighted.tasks] == ["inner", "outer"]


def test_update_user_class_sets_attributes_and_keeps_named_tasks() -> None:
    class Updated(User):
        @task(2)
        def a(self) -> None: ...

        @task
        def b(self) -> None: ...

    environment = Environment(user_classes=[Updated])
    environment.update_user_class(
        {"user_class_name": "Updated", "weight": 9, "tasks": ["a"], "colour": "red"}
    )
    assert (Updated.weight, Updated.colour) == (9, "red")  # type: ignore[attr-defined]
    assert [member.__name__ for member in Updated.tasks] == ["a", "a"]
    with pytest.raises(KeyError):
        environment.update_user_class({"user_class_name": "Nobody"})


def test_tags_filter_once() -> None:
    class Tagged(User):
        @tag("a")
        @task
        def wanted(self) -> None: ...

        @task
        def other(self) -> None: ...

    environment = Environment(user_classes=[Tagged], tags=["a"])
    environment._filter_tasks_by_tags()
    Tagged.tasks.append(Tagged.other)
    environment._filter_tasks_by_tags()
    assert [member.__name__ for member in Tagged.tasks] == ["wanted", "other"]
