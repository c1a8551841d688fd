"""`tasks` may be a dict, a list or a list of pairs; a user may replace its own at any time."""

# /// facts
# args = "-u 3 -r 3 -t 1s"
# facts = [
#     "Dict ['a', 'a', 'b'] 1 replaced", "List ['b', 'a'] 1 replaced", "Pairs ['a', 'b', 'b'] 1 replaced",
# ]
# shows = "locust.user.users.User.tasks"
# ///

from locust import User, constant, events


def a(user):
    pass


def b(user):
    pass


def replacement(user):
    seen[type(user).__name__] += " replaced"
    user.tasks = [a]


class Base(User):
    abstract = True
    wait_time = constant(0.1)

    def on_start(self):
        seen[type(self).__name__] = f"{[task.__name__ for task in self.tasks]}"
        self.tasks = [replacement]
        seen[type(self).__name__] += f" {len(self.tasks)}"


seen = {}


class Dict(Base):
    tasks = {a: 2, b: 1}


class List(Base):
    tasks = [b, a]


class Pairs(Base):
    tasks = [(a, 1), (b, 2)]


@events.test_stop.add_listener
def show(environment, **kwargs):
    for name in sorted(seen):
        print("fact", name, seen[name])
