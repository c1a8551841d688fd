"""Options from variables, and the command line before them."""

# /// facts
# args = "-u 2"
# shows = """
# LOCUST_USERS LOCUST_SPAWN_RATE LOCUST_RUN_TIME LOCUST_TAGS LOCUST_EXCLUDE_TAGS LOCUST_STOP_TIMEOUT
# LOCUST_RESET_STATS LOCUST_EXIT_CODE_ON_ERROR LOCUST_LOGLEVEL LOCUST_USER_CLASSES LOCUST_CSV
# LOCUST_CSV_FULL_HISTORY LOCUST_PRINT_STATS LOCUST_LOGFILE LOCUST_SKIP_LOG_SETUP
# --users
# """
# tables = ["from_variable_stats.csv", "from_variable_failures.csv", "from_variable_exceptions.csv"]
#
# [env]
# LOCUST_USERS = "7"
# LOCUST_SPAWN_RATE = "2.5"
# LOCUST_RUN_TIME = "2s"
# LOCUST_TAGS = "[a, b]"
# LOCUST_EXCLUDE_TAGS = "c"
# LOCUST_STOP_TIMEOUT = "1m"
# LOCUST_RESET_STATS = "true"
# LOCUST_EXIT_CODE_ON_ERROR = "5"
# LOCUST_LOGLEVEL = "warning"
# LOCUST_USER_CLASSES = "Chosen"
# LOCUST_CSV = "from_variable"
# LOCUST_CSV_FULL_HISTORY = "yes"
# LOCUST_PRINT_STATS = "on"
# LOCUST_LOGFILE = "run.log"
# LOCUST_SKIP_LOG_SETUP = "no"
# ///

import logging

from locust import User, constant, events, tag, task

NAMES = (
    "num_users spawn_rate run_time tags exclude_tags stop_timeout reset_stats exit_code_on_error loglevel"
    " user_classes csv_prefix stats_history_enabled print_stats logfile skip_log_setup headless only_summary"
)


class Chosen(User):
    wait_time = constant(0.5)

    @tag("a")
    @task
    def tagged(self):
        pass


class Other(User):
    @task
    def never(self):
        print("fact never")


@events.init.add_listener
def show(environment, **kwargs):
    for name in NAMES.split():
        print("fact", name, repr(getattr(environment.parsed_options, name)))
    print("fact", [kind.__name__ for kind in environment.user_classes])
    logging.getLogger("mine").error("into the file")
    with open("run.log") as file:
        print("fact", any("into the file" in line for line in file))
