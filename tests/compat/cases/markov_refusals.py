"""What makes a MarkovTaskSet wrong, and how its tasks are told from others."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.user.markov_taskset.InvalidTransitionError locust.user.markov_taskset.NoMarkovTasksError
# locust.user.markov_taskset.NonMarkovTaskTransitionError locust.user.markov_taskset.MarkovTaskTagError
# locust.user.markov_taskset.MarkovTaskSet(abstract current get_next_task)
# locust.user.markov_taskset.is_markov_task locust.user.markov_taskset.transition
# locust.user.markov_taskset.transitions
# locust.MarkovTaskSet locust.transition locust.transitions
# """
# ///

import locust
from locust import MarkovTaskSet, User, constant, tag, task, transition, transitions
from locust.user import markov_taskset
from locust.user.markov_taskset import (
    InvalidTransitionError,
    MarkovTaskTagError,
    NoMarkovTasksError,
    NonMarkovTaskTransitionError,
    is_markov_task,
)

print("fact", markov_taskset.MarkovTaskSet is locust.MarkovTaskSet, markov_taskset.transition is transition)
print("fact", markov_taskset.transitions is locust.transitions, MarkovTaskSet.abstract)
KINDS = (InvalidTransitionError, MarkovTaskTagError, NoMarkovTasksError, NonMarkovTaskTransitionError)


def refused(members):
    try:
        made = type("Made", (MarkovTaskSet,), members())
        print(
            "fact accepted",
            {name: member.transitions for name, member in vars(made).items() if is_markov_task(member)},
        )
        return made
    except KINDS as fault:
        print("fact", type(fault).__name__)
    except Exception as fault:
        print("fact another", isinstance(fault, KINDS))


def good():
    @transition("b", weight=2)
    @transition("a")
    def a(self):
        pass

    @transitions({"a": 1, "b": 2})
    def b(self):
        pass

    return {"a": a, "b": b}


def lists():
    @transitions(["b", ("a", 2)])
    def a(self):
        pass

    @transitions([("a", 1)])
    def b(self):
        pass

    return {"a": a, "b": b}


def nowhere():
    @transition("c")
    def a(self):
        pass

    return {"a": a}


def not_markov():
    @transition("plain")
    def a(self):
        pass

    def plain(self):
        pass

    return {"a": a, "plain": plain}


def tagged():
    @tag("t")
    @transition("a")
    def a(self):
        pass

    return {"a": a}


def called_run():
    @transition("run")
    def run(self):
        pass

    return {"run": run}


for members in (good, lists, nowhere, not_markov, tagged, called_run, dict):
    refused(members)


class Walk(MarkovTaskSet):
    wait_time = constant(0.01)
    turns = 0

    def wait(self):
        self.turns += 1
        if self.turns == 6:
            self.user.environment.runner.quit()
        super().wait()

    @transition("second")
    def first(self):
        print("fact first", self.current.__name__)

    @transition("third")
    def second(self):
        print("fact second", self.get_next_task().__name__)

    @transition("first")
    def third(self):
        print("fact third")

    @transition("first")
    def unreachable(self):
        pass

    def on_start(self):
        print("fact", self.tasks, is_markov_task(type(self).first), is_markov_task(task))


class Walker(User):
    wait_time = constant(0.01)
    tasks = [Walk]
