"""A MarkovTaskSet draws each next task from the transitions of the one before, with the same draws."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.MarkovTaskSet locust.user.markov_taskset.MarkovTaskSet locust.transition locust.transitions
# """
# ///

import random

from locust import MarkovTaskSet, User, constant, transition, transitions


class Chain(MarkovTaskSet):
    def on_start(self):
        random.seed(7)

    @transition("browse")
    def enter(self):
        self.user.note("e")

    @transitions({"browse": 3, "buy": 1})
    def browse(self):
        self.user.note("b")

    @transitions([("enter", 2), "browse"])
    def buy(self):
        self.user.note("B")


class Shopper(User):
    wait_time = constant(0)
    tasks = [Chain]
    noted = ""

    def note(self, name):
        self.noted += name
        if len(self.noted) == 40:
            print("fact", self.noted)
            self.environment.runner.quit()
