"""Ways to declare tasks and tags, and what is refused."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.task locust.tag locust.user.tag locust.user.task locust.user.task.filter_tasks_by_tags
# """
# ///

import warnings

import locust.user
from locust import SequentialTaskSet, TaskSet, User, constant, tag, task
from locust.user.task import filter_tasks_by_tags

print("fact", locust.user.tag is tag, locust.user.task is task)


def names(tasks):
    return [member.__name__ for member in tasks]


def refused(what, build):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            build()
            print("fact", what, "accepted", [warning.category.__name__ for warning in caught])
        except Exception as fault:
            print("fact", what, "refused", isinstance(fault, TypeError))


def run_as_task():
    class Wrong(TaskSet):
        @task
        def run(self):
            pass


def starts_as_task():
    class Odd(TaskSet):
        @task
        def on_start(self):
            pass

        @task
        def on_stop(self):
            pass


def old_attribute():
    class Old(User):
        abstract = True
        task_set = TaskSet


refused("run", run_as_task)
refused("on_start", starts_as_task)
refused("task_set", old_attribute)
refused("bare tag", lambda: tag(lambda self: None))
refused("tag of nothing", lambda: tag())
refused("sequential number", lambda: type("Wrong", (SequentialTaskSet,), {"tasks": 3}))


def loose(self):
    pass


class Mixed(TaskSet):
    tasks = {loose: 2}

    @tag("a", "b")
    @task(3)
    def decorated(self):
        pass

    @tag("c")
    @task
    class nest(TaskSet):
        @task
        def egg(self):
            pass

    def plain(self):
        pass


class More(Mixed):
    @tag("d")
    @task
    def another(self):
        pass


class Pairs(TaskSet):
    tasks = [(loose, 2), Mixed.plain, Mixed]


for kind in (Mixed, More, Pairs):
    print("fact", kind.__name__, names(kind.tasks))
print("fact", Mixed.decorated.locust_task_weight, sorted(Mixed.decorated.locust_tag_set))
print("fact", sorted(Mixed.nest.egg.locust_tag_set))


class Tagged(User):
    abstract = True
    tasks = [More]


filter_tasks_by_tags(Tagged, tags={"a", "c"}, exclude_tags={"d"})
print("fact filtered", names(Tagged.tasks), names(More.tasks))
filter_tasks_by_tags(Tagged, tags=set("a"))
print("fact filtered", names(More.tasks))
filter_tasks_by_tags(Tagged, tags={"z"})
print("fact filtered", names(Tagged.tasks))


class Once(User):
    wait_time = constant(10)

    @task
    def once(self):
        self.environment.runner.quit()
