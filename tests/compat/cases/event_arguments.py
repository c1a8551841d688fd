"""Every event of one process: its arguments, and that they are given by name."""

# /// facts
# args = "-u 1 -t 20s"
# exit = 1
# exceptions = ["a task's fault"]
# rows = { "T n" = [1, 1] }
# shows = """
# locust.event.Events(init test_start spawning_complete request user_error test_stopping test_stop quitting quit
# cpu_warning usage_monitor init_command_line_parser)
# locust.runners.CPU_MONITOR_INTERVAL locust.runners.CPU_WARNING_THRESHOLD
# """
# ///

import locust.runners
from locust import User, constant, events, task

locust.runners.CPU_MONITOR_INTERVAL = 0.2
locust.runners.CPU_WARNING_THRESHOLD = -1
told = set()


def tell(name, only_once=False):
    def listener(**arguments):
        if not (only_once and name in told):
            print("fact", name, sorted((key, type(value).__name__) for key, value in arguments.items()))
        told.add(name)

    return listener


NAMES = (
    "init_command_line_parser init test_start spawning_complete request user_error test_stopping test_stop"
    " quitting quit"
)
for name in NAMES.split():
    getattr(events, name).add_listener(tell(name))


@events.usage_monitor.add_listener
def monitor(environment, cpu_usage, memory_usage):
    told.add(("usage", type(cpu_usage).__name__, type(memory_usage).__name__))


@events.cpu_warning.add_listener
def warning(environment, cpu_usage):
    told.add(("warning", type(cpu_usage).__name__))


class Acts(User):
    wait_time = constant(0.7)
    turn = 0

    @task
    def act(self):
        self.turn += 1
        if self.turn == 1:
            self.environment.events.request.fire(
                request_type="T",
                name="n",
                response_time=1,
                response_length=2,
                response=None,
                context={},
                exception=None,
                start_time=0,
                url=None,
            )
            raise ValueError("a task's fault")
        print("fact", sorted(entry for entry in told if isinstance(entry, tuple)))
        self.environment.runner.quit()
