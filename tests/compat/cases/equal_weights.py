"""--equal-weights makes classes and tasks equal and takes the tasks out of nested sets."""

# /// facts
# args = "-u 4 -r 10 -t 1s --equal-weights"
# facts = ["Heavy 1 ['a', 'b', 'c']", "Light 1 ['d']", "{'Heavy': 2, 'Light': 2}"]
# shows = "--equal-weights"
# ///

from locust import TaskSet, User, constant, events, task


class Heavy(User):
    weight = 9
    wait_time = constant(0.2)

    @task(5)
    def a(self):
        pass

    @task
    class nest(TaskSet):
        @task(3)
        def b(self):
            pass

        @task
        def c(self):
            pass


class Light(User):
    wait_time = constant(0.2)

    @task
    def d(self):
        pass


@events.test_start.add_listener
def show(environment, **kwargs):
    for user_class in environment.user_classes:
        print("fact", user_class.__name__, user_class.weight, sorted(t.__name__ for t in user_class.tasks))


@events.test_stopping.add_listener
def show_users(environment, **kwargs):
    print("fact", dict(sorted(environment.runner.user_classes_count.items())))
