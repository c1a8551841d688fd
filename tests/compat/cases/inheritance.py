"""Tasks are inherited as functions: an override without a decorator does not take their place."""

# /// facts
# args = "-u 1 -t 10s Child"
# facts = ["inherited overridden own", "base inherited", "base overridden", "child own"]
# ///

from locust import User, task


class Base(User):
    abstract = True

    @task
    def inherited(self):
        print("fact base inherited")

    @task
    def overridden(self):
        print("fact base overridden")


class Child(Base):
    def on_start(self):
        print("fact", *(member.__name__ for member in self.tasks))
        declared = self.tasks
        self.tasks = [lambda user: [member(user) for member in declared]]

    def overridden(self):
        print("fact child overridden")

    @task
    def own(self):
        print("fact child own")
        self.environment.runner.quit()


class NotChosen(User):
    @task
    def idle(self):
        print("fact never")
