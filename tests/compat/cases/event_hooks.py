"""Hooks of one's own: added, fired in order and in reverse, removed; classes of events extended."""

# /// facts
# args = "-u 1 -t 10s"
# exit = 2
# shows = """
# locust.event.EventHook(add_listener fire measure remove_listener)
# locust.event.DeprecatedEventHook(add_listener) locust.event.Events locust.Events locust.events
# """
# ///

import warnings

import locust
from locust import Events, User, constant, events, task
from locust.event import DeprecatedEventHook, EventHook
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser


def hooks():
    hook = EventHook()

    @hook.add_listener
    def first(word, **kwargs):
        print("fact first", word, sorted(kwargs))

    def second(**kwargs):
        print("fact second", sorted(kwargs))

    print("fact handed back", hook.add_listener(second) is second)
    hook.fire(word="a", other=1)
    hook.fire(reverse=True, word="b")
    hook.remove_listener(first)
    hook.fire(word="c")
    try:
        hook.fire("positional")
    except TypeError:
        print("fact keywords only")
    try:
        hook.remove_listener(first)
    except ValueError:
        print("fact not there")


def propagation():
    for kind in (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet, ValueError):
        hook, heard = EventHook(), []

        def raising(kind=kind):
            raise kind()

        hook.add_listener(raising)
        hook.add_listener(lambda heard=heard: heard.append(1))
        try:
            hook.fire()
            print("fact", kind.__name__, "kept", heard)
        except Exception as fault:
            print("fact", type(fault).__name__, "propagates", heard)


def measured():
    hook = EventHook()
    hook.add_listener(
        lambda **meta: print("fact measured", sorted(meta), meta["name"], meta["response_length"])
    )
    with hook.measure("T", "n", response_length=4) as meta:
        meta["name"] = "renamed"


class Mine(Events):
    made_up: "EventHook"
    another: "EventHook"


def classes():
    mine = Mine()
    mine.made_up.add_listener(lambda value: print("fact own hook", value))
    mine.made_up.fire(value=3)
    print("fact", isinstance(mine.another, EventHook))
    print("fact", Mine().made_up is mine.made_up, locust.events is events, isinstance(events, Events))
    print("fact", sorted(name for name in vars(Events()) if not name.startswith("_")))
    old = DeprecatedEventHook("old")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old.add_listener(lambda: print("fact the old hook"))
    old.fire()


class Once(User):
    wait_time = constant(10)

    @task
    def once(self):
        hooks()
        propagation()
        measured()
        classes()
        self.environment.runner.quit()
