"""What an Environment holds, refuses and does to its classes."""

# /// facts
# args = "-u 1 -t 10s --tags t --exclude-tags x --profile smoke --reset-stats --stop-timeout 3"
# shows = """
# locust.env.Environment(assign_equal_weights available_shape_classes available_user_classes
# available_user_tasks catch_exceptions create_local_runner dispatcher_class events exclude_tags host
# locustfile parsed_locustfiles parsed_options process_exit_code profile reset_stats runner shape_class
# stats stop_timeout tags update_user_class user_classes user_classes_by_name web_ui worker_logs
# update_worker_logs)
# --profile --tags --exclude-tags --reset-stats --stop-timeout
# """
# ///

import os

import locust
from locust import LoadTestShape, TaskSet, User, constant, events, tag, task
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.event import Events
from locust.exception import RunnerAlreadyExistsError
from locust.stats import RequestStats


class Once(User):
    wait_time = constant(10)

    @tag("t")
    @task
    def once(self):
        ours(self.environment)
        made()
        refusals()
        changes()
        self.environment.runner.quit()


def ours(environment):
    print("fact", environment.events is events, environment.stats is environment.runner.stats)
    print("fact", environment.web_ui, environment.process_exit_code, environment.shape_class)
    print("fact", environment.tags, environment.exclude_tags, environment.profile, environment.reset_stats)
    print("fact", float(environment.stop_timeout), environment.catch_exceptions, environment.worker_logs)
    print(
        "fact", [kind.__name__ for kind in environment.user_classes], list(environment.user_classes_by_name)
    )
    print("fact", environment.locustfile.split(",")[0])
    print("fact", [os.path.basename(file) for file in environment.parsed_locustfiles])
    print("fact", environment.host == environment.parsed_options.host, environment.parsed_options.num_users)
    print("fact", sorted(environment.available_user_classes), environment.available_shape_classes)
    for name, tasks in environment.available_user_tasks.items():
        print("fact", name, [member.__name__ for member in tasks])
    print("fact", environment.dispatcher_class.__name__)


class Idle(User):
    weight = 3

    @task(4)
    def idle(self):
        pass

    @task
    class nest(TaskSet):
        @task
        def egg(self):
            pass


class Other(User):
    @task(2)
    def one(self):
        pass

    @task
    def two(self):
        pass


class Shape(LoadTestShape):
    abstract = True

    def tick(self):
        return None


Idle.weight = Other.weight = 0


def made():
    environment = Environment()
    print("fact", environment.user_classes, environment.shape_class, environment.tags, environment.host)
    print(
        "fact",
        environment.runner,
        environment.locustfile,
        environment.parsed_options,
        environment.stop_timeout,
    )
    print("fact", isinstance(environment.events, Events), isinstance(environment.stats, RequestStats))
    print("fact", environment.events is not events, environment.dispatcher_class is UsersDispatcher)
    runner = environment.create_local_runner()
    print("fact", environment.runner is runner, runner.environment is environment)
    environment.update_worker_logs({"worker_id": "w", "logs": ["line"]})
    print("fact", environment.worker_logs)


def refusals():
    try:
        environment = Environment()
        environment.create_local_runner()
        environment.create_local_runner()
    except RunnerAlreadyExistsError:
        print("fact second runner refused")
    twin = type("Idle", (Idle,), {"weight": 1})
    for arguments in ({"user_classes": [Idle]}, {"shape_class": 3}, {"shape_class": Shape}):
        try:
            environment = Environment(**arguments)
            environment.create_local_runner()
            print("fact accepted", sorted(arguments))
        except ValueError as fault:
            print("fact", sorted(arguments), type(fault).__name__)
    Idle.weight = 1
    try:
        Environment(user_classes=[Idle, twin])
        print("fact same names accepted")
    except ValueError as fault:
        print("fact same names refused", str(fault).count("Idle"))
    try:
        Environment([Idle])
    except TypeError:
        print("fact keywords only")


def changes():
    Other.weight = 1
    Other.weight, Idle.weight, none = 2, 3, type("Zero", (Other,), {"weight": 0})
    classes = {"Idle": Idle, "Other": Other}
    tasks = {name: list(kind.tasks) for name, kind in classes.items()}
    available = {"available_user_classes": classes, "available_user_tasks": tasks}
    environment = Environment(user_classes=[Idle, Other, none], **available)
    environment.create_local_runner()
    print("fact", [kind.__name__ for kind in environment.user_classes])
    environment.update_user_class(
        {"user_class_name": "Other", "weight": 7, "host": "http://h", "tasks": ["two"]}
    )
    print("fact", Other.weight, Other.host, [function.__name__ for function in Other.tasks])
    try:
        environment.update_user_class({"user_class_name": "Nobody"})
    except KeyError:
        print("fact unknown class")
    environment.assign_equal_weights()
    print("fact", Idle.weight, Other.weight, sorted(function.__name__ for function in Idle.tasks))
    print("fact", sorted(environment.user_classes_by_name), locust.events is events)
