"""--config-users sets attributes of a class and chooses among its tasks."""

# /// facts
# args = """-t 1s --config-users '{"user_class_name": "Set", "weight": 7, "hue": "red", "tasks": ["a"]}'"""
# facts = ["7 red ['a', 'a']"]
# shows = "--config-users"
# ///

from locust import User, constant, events, task


class Set(User):
    wait_time = constant(0.2)

    @task(2)
    def a(self):
        pass

    @task
    def b(self):
        pass


@events.test_start.add_listener
def show(environment, **kwargs):
    print("fact", Set.weight, Set.hue, [member.__name__ for member in Set.tasks])
