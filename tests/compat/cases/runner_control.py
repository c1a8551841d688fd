"""What a locustfile reads from the runner and does with it."""

# /// facts
# args = "-u 2 -r 2 -t 20s"
# facts = [
#     "LocalRunner True False False", "ready", "local 0 1",
#     "running 2 {'Idle': 2} {'Idle': 2}", "spawned 1 3", "stopped 1", "five 5", "message hi local",
#     "unfixed: stopped 0", "again running 1", "quit",
# ]
# ///

import gevent
from locust import User, constant, events, task
from locust.runners import LocalRunner, MasterRunner, WorkerRunner


class Idle(User):
    wait_time = constant(0.1)

    @task
    def idle(self):
        pass


def wait_for(condition):
    while not condition():
        gevent.sleep(0.05)


def control(runner):
    wait_for(lambda: runner.state == "running")
    print(
        "fact", runner.state, runner.user_count, runner.user_classes_count, runner.target_user_classes_count
    )
    print("fact spawned", len(runner.spawn_users({"Idle": 1})), runner.user_count)
    runner.stop_users({"Idle": 2})
    print("fact stopped", runner.user_count)
    runner.start(2, 10)
    wait_for(lambda: runner.state == "running")
    runner.start(5, 10)
    gevent.sleep(0.3)
    wait_for(lambda: runner.state == "running")
    print("fact five", sum(runner.target_user_classes_count.values()))
    runner.send_message("greeting", "hi")
    runner.stop()
    print("fact unfixed:", runner.state, runner.user_count)
    runner.start(1, 1)
    wait_for(lambda: runner.state == "running")
    print("fact again", runner.state, runner.user_count)
    print("fact quit")
    runner.quit()


@events.init.add_listener
def begin(environment, runner, **kwargs):
    kinds = [isinstance(runner, kind) for kind in (LocalRunner, MasterRunner, WorkerRunner)]
    print("fact", type(runner).__name__, *kinds)
    print("fact", runner.state)
    print("fact", "local", runner.worker_index, 1)

    def greeted(environment, msg, **kwargs):
        print("fact message", msg.data, msg.node_id)

    runner.register_message("greeting", greeted)
    gevent.spawn(control, runner)
