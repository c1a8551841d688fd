"""Every public name can be imported from where it is in Locust, and old names say what to use."""

# /// facts
# args = "-u 1 -t 1s"
# facts = ["missing: []", "old names refused: 3", "same module True", "version 2.46.3 2.46.3", "listed True"]
# shows = """
# locust.HttpLocust locust.Locust locust.__all__ locust.__version__ locust.contrib.fasthttp.FastHttpLocust
# locust.argument_parser.version
# """
# ///

import importlib

import locust
from locust import User, constant, task

NAMES = {
    "locust": "SequentialTaskSet MarkovTaskSet transition transitions wait_time task tag TaskSet HttpUser"
    " FastHttpUser User between constant constant_pacing constant_throughput events"
    " LoadTestShape run_single_user HttpLocust Locust Events __version__ __all__",
    "locust.argument_parser": "get_parser get_empty_argument_parser setup_parser_arguments parse_options"
    " parse_locustfile_option get_locustfiles_locally default_args_dict ui_extra_args_dict"
    " timespan json_user_config LocustArgumentParser DEFAULT_CONFIG_FILES",
    "locust.clients": "HttpSession ResponseContextManager",
    "locust.contrib.fasthttp": "FastHttpUser FastHttpSession RestResponseContextManager FastResponse",
    "locust.debug": "run_single_user PrintListener",
    "locust.dispatch": "UsersDispatcher",
    "locust.env": "Environment",
    "locust.event": "EventHook DeprecatedEventHook Events",
    "locust.exception": "LocustError ResponseError CatchResponseError MissingWaitTimeError InterruptTaskSet"
    " StopTest StopUser RescheduleTask RescheduleTaskImmediately RPCError RPCSendError"
    " RPCReceiveError RunnerAlreadyExistsError",
    "locust.html": "process_html_filename",
    "locust.input_events": "input_listener",
    "locust.log": "setup_logging LogReader get_logs greenlet_exception_logger unhandled_greenlet_exception"
    " HOSTNAME",
    "locust.main": "main create_environment",
    "locust.rpc": "Message",
    "locust.runners": "Runner LocalRunner DistributedRunner MasterRunner WorkerRunner WorkerNode WorkerNodes"
    " STATE_INIT STATE_SPAWNING STATE_RUNNING STATE_CLEANUP STATE_STOPPING STATE_STOPPED"
    " STATE_MISSING",
    "locust.shape": "LoadTestShape",
    "locust.stats": "RequestStats StatsEntry StatsError print_stats stats_printer stats_history"
    " StatsCSVFileWriter",
    "locust.user": "HttpUser tag task TaskSet User",
    "locust.user.inspectuser": "get_ratio print_task_ratio print_task_ratio_json _get_task_ratio",
    "locust.user.markov_taskset": "MarkovTaskSet NoMarkovTasksError InvalidTransitionError",
    "locust.user.sequential_taskset": "SequentialTaskSet",
    "locust.user.task": "DefaultTaskSet filter_tasks_by_tags LOCUST_STATE_RUNNING LOCUST_STATE_STOPPING",
    "locust.user.users": "User HttpUser",
    "locust.user.wait_time": "between constant constant_pacing constant_throughput",
    "locust.util.cache": "memoize",
    "locust.util.date": "format_utc_timestamp format_safe_timestamp format_duration",
    "locust.util.directory": "get_abspaths_in",
    "locust.util.exception_handler": "retry",
    "locust.util.load_locustfile": "load_locustfile is_user_class is_shape_class",
    "locust.util.rounding": "proper_round",
    "locust.util.timespan": "parse_timespan",
    "locust.util.url": "is_url",
}

missing = [
    f"{module}.{name}"
    for module, names in NAMES.items()
    for name in names.split()
    if not hasattr(importlib.import_module(module), name)
]
print("fact missing:", missing)

refused = 0
for old in (
    locust.Locust,
    locust.HttpLocust,
    importlib.import_module("locust.contrib.fasthttp").FastHttpLocust,
):
    try:
        type(old)("Mine", (old,), {})
    except ImportError:
        refused += 1
print("fact old names refused:", refused)

print("fact same module", importlib.import_module("locust.stats") is locust.stats)
print("fact version", locust.__version__, locust.argument_parser.version)
print("fact listed", {"HttpUser", "task", "between", "events", "run_single_user"} <= set(locust.__all__))


class Idle(User):
    wait_time = constant(1)

    @task
    def idle(self):
        pass
