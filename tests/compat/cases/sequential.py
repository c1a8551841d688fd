"""A SequentialTaskSet runs its tasks as written, with weights as repetitions, and then begins anew."""

# /// facts
# args = "-u 1 -t 10s"
# facts = ["base first listed listed second nested third third base first"]
# shows = "locust.SequentialTaskSet"
# ///

from locust import SequentialTaskSet, User, task


class Base(SequentialTaskSet):
    @task
    def base(self):
        self.user.note("base")


def listed(task_set):
    task_set.user.note("listed")


class Written(Base):
    @task
    def first(self):
        self.user.note("first")

    tasks = {listed: 2}

    @task
    def second(self):
        self.user.note("second")

    @task
    class nested(SequentialTaskSet):
        @task
        def only(self):
            self.user.note("nested")
            self.interrupt()

    @task(2)
    def third(self):
        self.user.note("third")


class Walker(User):
    tasks = [Written]
    noted = ()

    def note(self, name):
        self.noted += (name,)
        if len(self.noted) == 10:
            print("fact", *self.noted)
            self.environment.runner.quit()
