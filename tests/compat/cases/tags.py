"""--tags and --exclude-tags select tasks, also inside nested sets; exclusion wins."""

# /// facts
# args = "-u 1 -t 1s --tags wanted --exclude-tags unwanted"
# facts = ["Tagged: yes yes nest", "nested: inner"]
# shows = "--tags --exclude-tags locust.tag"
# ///

from locust import TaskSet, User, constant, events, tag, task


class Tagged(User):
    wait_time = constant(0.1)

    @tag("wanted")
    @task(2)
    def yes(self):
        pass

    @tag("wanted", "unwanted")
    @task
    def both(self):
        pass

    @task
    def untagged(self):
        pass

    @task
    class nest(TaskSet):
        @tag("wanted")
        @task
        def inner(self):
            pass

        @task
        def other(self):
            pass

    @tag("unwanted")
    @task
    class dropped(TaskSet):
        @tag("wanted")
        @task
        def never(self):
            pass


@events.spawning_complete.add_listener
def show(user_count):
    print("fact Tagged:", *(member.__name__ for member in Tagged.tasks))
    print("fact nested:", *(member.__name__ for member in Tagged.nest.tasks))
