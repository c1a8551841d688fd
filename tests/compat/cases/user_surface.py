"""What a User has, and how one is started and stopped by hand."""

# /// facts
# args = "-u 1 -t 20s"
# shows = """
# locust.user.users.User(abstract context environment fixed_count fullname greenlet group host json max_wait
# min_wait on_start on_stop run start stop tasks wait wait_function wait_time weight)
# locust.User locust.user.User locust.HttpUser locust.user.HttpUser
# """
# ///

import gevent
import locust.user.users
from gevent.pool import Group
from locust import HttpUser, User, constant, events, task

print("fact", User.host, User.weight, User.fixed_count, User.tasks, User.abstract, HttpUser.abstract)
print("fact", User.min_wait, User.max_wait, User.wait_function, callable(User.wait_time))
print("fact", locust.user.users.User is User, locust.user.User is User, locust.user.HttpUser is HttpUser)


class Person(User):
    abstract = True
    wait_time = constant(0.1)
    weight = 2.5

    def on_start(self):
        print("fact on_start", isinstance(self.greenlet, gevent.Greenlet), isinstance(self.group, Group))

    def on_stop(self):
        print("fact on_stop")

    @task
    def live(self):
        gevent.sleep(0.3)
        print("fact lived")


def outer():
    class Local(User):
        abstract = True

    return Local


class Own(User):
    wait_time = constant(10)
    weight = 1

    def context(self):
        return {"who": "own"}

    @task
    def drive(self):
        drive(self)
        self.environment.runner.quit()


class NoConstructor(User):
    abstract = True

    def __init__(self, environment):
        pass


def drive(user):
    print("fact", Person.fullname(), outer().fullname(), Person.json())
    print("fact", User.context(user), user.context(), user.host == user.environment.host)
    print("fact", user.environment.runner.environment is user.environment, user.run.__name__)
    group = Group()
    for force in (True, False):
        person = Person(user.environment)
        person.start(group)
        gevent.sleep(0.1)
        print("fact running", len(group), person.greenlet in group, person.group is group)
        print("fact stop", force, person.stop(force=force))
        group.join()
    person = Person(user.environment)
    person.start(group)
    gevent.sleep(0.35)
    person.stop()
    group.join()
    before = gevent.get_hub().loop.now()
    type(user).wait_time = constant(0.05)
    user.wait()
    print("fact waited", gevent.get_hub().loop.now() - before >= 0.04)
    try:
        NoConstructor(user.environment).start(group)
        group.join(timeout=1)
        print("fact started without a constructor")
    except Exception as fault:
        print("fact", type(fault).__name__)


@events.request.add_listener
def hear(context, **kwargs):
    print("fact context", context)
