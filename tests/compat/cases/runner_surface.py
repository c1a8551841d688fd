"""What a LocalRunner offers: its numbers, groups and states, users by hand, messages to itself."""

# /// facts
# args = "-u 2 -r 10 -t 20s"
# exit = 1
# exceptions = ["a message", "a task's fault"]
# shows = """
# locust.runners.Runner(cpu_warning_emitted current_cpu_usage current_memory_usage custom_messages environment
# errors exceptions final_user_classes_count greenlet log_exception quit register_message send_message
# shape_greenlet shape_last_tick spawn_users spawning_greenlet start state stats stop stop_users
# target_user_classes_count target_user_count update_state user_classes user_classes_by_name
# user_classes_count user_count user_greenlets monitor_cpu_and_memory)
# locust.runners.LocalRunner(client_id send_message start stop worker_count worker_index)
# locust.runners.STATE_CLEANUP locust.runners.STATE_INIT locust.runners.STATE_MISSING
# locust.runners.STATE_RUNNING locust.runners.STATE_SPAWNING locust.runners.STATE_STOPPED
# locust.runners.STATE_STOPPING
# """
# ///

import gevent
from gevent.pool import Group
from locust import User, constant, events, runners, task
from locust.env import Environment
from locust.runners import DistributedRunner, LocalRunner, MasterRunner, Runner, WorkerRunner

STATES = [
    runners.STATE_INIT,
    runners.STATE_SPAWNING,
    runners.STATE_RUNNING,
    runners.STATE_CLEANUP,
    runners.STATE_STOPPING,
    runners.STATE_STOPPED,
    runners.STATE_MISSING,
]


class Sleeper(User):
    wait_time = constant(0.1)
    turns = 0

    @task
    def sleep(self):
        Sleeper.turns += 1
        if Sleeper.turns == 1:
            raise ValueError("a task's fault")
        gevent.sleep(0.05)


@events.init.add_listener
def on_init(environment, runner, **kwargs):
    print("fact", type(runner).__name__, isinstance(runner, Runner), runner.state, runner.user_count)
    for kind in (MasterRunner, WorkerRunner, DistributedRunner):
        print("fact", kind.__name__, isinstance(runner, kind), issubclass(kind, Runner))
    print("fact", runner.worker_index, runner.worker_count, bool(runner.client_id))
    print("fact", runner.shape_greenlet, runner.shape_last_tick, runner.spawning_greenlet)
    print("fact", runner.cpu_warning_emitted, float(runner.current_cpu_usage), runner.current_memory_usage)
    print("fact", runner.custom_messages, runner.exceptions, runner.target_user_count)
    print("fact", STATES)
    gevent.spawn_later(1, lambda: steer(runner))


@events.test_stop.add_listener
def on_stop(environment, **kwargs):
    print("fact stopped", environment.runner.state, environment.runner.final_user_classes_count)


def show(runner):
    print("fact", runner.state, runner.user_count, runner.user_classes_count, runner.target_user_count)
    print("fact", len(runner.user_greenlets), len(runner.errors), len(runner.exceptions))


def steer(runner):
    show(runner)
    print("fact", isinstance(runner.greenlet, Group), isinstance(runner.user_greenlets, Group))
    print("fact", runner.environment.runner is runner, runner.stats is runner.environment.stats)
    print("fact", [kind.__name__ for kind in runner.user_classes], sorted(runner.user_classes_by_name))
    print("fact", runner.target_user_classes_count, runner.spawning_greenlet.ready())
    print("fact", [type(greenlet.args[0]).__name__ for greenlet in runner.user_greenlets])
    users = runner.spawn_users({"Sleeper": 2})
    print("fact spawned", len(users) if users is not None else None, runner.user_count)
    runner.stop_users({"Sleeper": 3})
    print("fact left", runner.user_count, runner.user_classes_count)
    faults()
    messages(runner)
    runner.start(3, spawn_rate=100)
    gevent.sleep(0.5)
    show(runner)
    try:
        runner.start(30, spawn_rate=1, wait=True)
    except ValueError:
        print("fact waiting for more than a second's users is refused")
    runner.update_state(runners.STATE_CLEANUP)
    print("fact", runner.state)
    runner.update_state(runners.STATE_RUNNING)
    runner.log_exception("node-1", "a message", "a traceback")
    runner.log_exception("node-2", "another message", "a traceback")
    row = next(row for row in runner.exceptions.values() if row["msg"] == "a message")
    print("fact", row["count"], row["msg"], row["traceback"], sorted(row["nodes"]))
    runner.stop()
    print("fact", runner.state, runner.user_count)
    runner.stop()
    runner.quit()


def faults():
    try:
        Environment(user_classes=[Sleeper]).create_local_runner().spawn_users({"Nobody": 1})
    except KeyError:
        print("fact unknown class")


def messages(runner):
    def hear(environment, msg, **kwargs):
        print(
            "fact heard", msg.type, msg.data, msg.node_id, environment is runner.environment, sorted(kwargs)
        )

    runner.register_message("word", hear)
    runner.send_message("word", {"a": 1})
    runner.send_message("word")
    runner.send_message("unknown", 3)
    print("fact", sorted(runner.custom_messages))
    try:
        runner.register_message("word", hear)
    except Exception as fault:
        print("fact twice", type(fault).__name__)
    print("fact", isinstance(runner, LocalRunner), runner.monitor_cpu_and_memory.__name__)
