"""Users of classes with fixed_count come first, the others share the rest by weight."""

# /// facts
# args = "-u 9 -r 100 -t 1s"
# facts = ["Fixed Fixed", "counts {'Fixed': 2, 'Heavy': 5, 'Light': 2}"]
# shows = "locust.user.users.User.fixed_count"
# ///

from locust import User, constant, events, task

order = []


class Base(User):
    abstract = True
    wait_time = constant(0.1)

    def __init__(self, environment):
        super().__init__(environment)
        order.append(type(self).__name__)

    @task
    def idle(self):
        pass


class Light(Base):
    weight = 1


class Fixed(Base):
    fixed_count = 2
    weight = 10


class Heavy(Base):
    weight = 3


@events.spawning_complete.add_listener
def show(user_count):
    print("fact", *order[:2])
    print("fact counts", {name: order.count(name) for name in sorted(set(order))})
