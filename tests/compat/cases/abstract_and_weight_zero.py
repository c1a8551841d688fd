"""Abstract classes and those of weight zero are not run; imported names count by variable."""

# /// facts
# args = "-u 4 -r 10 -t 1s"
# facts = ["['Renamed', 'Running']", "{'Renamed': 2, 'Running': 2}"]
# shows = "locust.user.users.User(abstract weight)"
# ///

from locust import HttpUser, User, constant, events, task


class Base(User):
    abstract = True
    wait_time = constant(0.1)

    @task
    def idle(self):
        pass


class Running(Base):
    pass


class Switched(Base):
    weight = 0


class Renamed(Base):
    pass


@events.test_start.add_listener
def show(environment, **kwargs):
    print("fact", sorted(cls.__name__ for cls in environment.user_classes))
    assert HttpUser.abstract


@events.test_stopping.add_listener
def show_users(environment, **kwargs):
    print("fact", dict(sorted(environment.runner.user_classes_count.items())))
