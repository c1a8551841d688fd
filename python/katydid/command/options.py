"""Which options does the command have?

This table: whatever parses, documents or refuses options reads it. The attribute of each option (`dest`), its
variable and its default are Locust's; programs and locustfiles read them from `environment.parsed_options`,
so they never change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """What an option's value is."""

    TEXT = "text"
    FILE = "file"
    """The path of a file, or what begins one."""
    INTEGER = "integer"
    FLAG = "flag"
    TIMESPAN = "timespan"
    RATE = "rate"
    """A number above zero."""
    COUNT = "count"
    """A whole number above zero."""
    RULE = "rule"
    """What is to be expected of failures."""
    USER_CONFIG = "user config"
    """JSON, or the path of a JSON file."""
    HELP = "help"
    VERSION = "version"
    STAGES = "stages"
    """Levels of load in one line."""
    THRESHOLD = "threshold"
    """A limit for a number of the run."""
    CONFIG_FILE = "config file"


class Group(Enum):
    """Where the help lists an option."""

    COMMON = "Common options"
    WEB = "Web UI options"
    MASTER = "Master options"
    WORKER = "Worker options"
    TAG = "Tag options"
    STATS = "Request statistics options"
    HISTORY = "History options"
    VERDICT = "Verdict options"
    LOG = "Logging options"
    OTHER = "Other options"
    CLASSES = "User classes"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the command."""

    flags: tuple[str, ...]
    """Its spellings; a positional argument has one without dashes."""
    group: Group
    help: str | None
    """None hides the option from the help."""
    kind: Kind = Kind.TEXT
    dest: str | None = None
    """The attribute, where it is not the first long spelling with underscores."""
    env: str | None = None
    default: Any = None
    metavar: str | None = None
    many: bool = False
    """Takes any number of values."""
    repeated: bool = False
    """May be given several times, each time with one value."""
    choices: tuple[str, ...] | None = None
    convert: Callable[[str], Any] | None = None
    """Applied to the text before anything else."""
    removed: str | None = None
    """Why using the option is an error."""
    is_ours: bool = False
    """Locust has no such option: where a locustfile adds one of the same spelling, ours gives way. The
    attribute of such an option begins with katydid_."""

    @property
    def attribute(self) -> str:
        """The name under which the value is found in the parsed options."""
        if self.dest:
            return self.dest
        long = next((flag for flag in self.flags if flag.startswith("--")), self.flags[0])
        return long.lstrip("-").replace("-", "_")


OPTIONS: tuple[Option, ...] = (
    # Common
    Option(("-h", "--help"), Group.COMMON, "Show this help and exit", Kind.HELP),
    Option(
        ("-f", "--locustfile"),
        Group.COMMON,
        "The Python file that holds the test. Also several, with commas between them, a directory of such"
        " files, or the URL of one. Default: locustfile.py",
        Kind.FILE,
        env="LOCUST_LOCUSTFILE",
        default="locustfile.py",
        metavar="<filename>",
    ),
    Option(
        ("--config",),
        Group.COMMON,
        "A file with further options; read in addition to ~/.locust.conf, ./locust.conf and ./pyproject.toml",
        Kind.CONFIG_FILE,
        metavar="<filename>",
    ),
    Option(
        ("-H", "--host"),
        Group.COMMON,
        "What to test, in the form https://www.example.com",
        env="LOCUST_HOST",
        metavar="<base url>",
    ),
    Option(
        ("-u", "--users"),
        Group.COMMON,
        "How many users run at the peak. In a terminal the keys w and W add 1 and 10, s and S remove as many",
        Kind.INTEGER,
        dest="num_users",
        env="LOCUST_USERS",
        metavar="<int>",
    ),
    Option(
        ("-r", "--spawn-rate"),
        Group.COMMON,
        "How many users to spawn per second",
        Kind.RATE,
        env="LOCUST_SPAWN_RATE",
        metavar="<float>",
    ),
    Option(
        ("-t", "--run-time"),
        Group.COMMON,
        "Stop after so long, counted from the first user: 300s, 20m, 1h30m. Default: run until interrupted",
        Kind.TIMESPAN,
        env="LOCUST_RUN_TIME",
        metavar="<time>",
    ),
    Option(
        ("-l", "--list"),
        Group.COMMON,
        "List the user classes of the locustfile and exit",
        Kind.FLAG,
        dest="list_commands",
    ),
    Option(
        ("--check",),
        Group.COMMON,
        "Import the locustfile, show what a run with the other options would do, and exit: with code 0 if it"
        " could run, with 1 and a line for each problem if not",
        Kind.FLAG,
        dest="katydid_check",
        is_ours=True,
    ),
    Option(
        ("--config-users",),
        Group.COMMON,
        "Settings of user classes as JSON, or the path of a JSON file: an object, or an array of objects",
        Kind.USER_CONFIG,
        env="LOCUST_CONFIG_USERS",
        many=True,
    ),
    # Web page
    Option(
        ("--web-host",),
        Group.WEB,
        "Address to serve the web page on, * for all. Default: this machine alone",
        env="LOCUST_WEB_HOST",
        default="",
        metavar="<ip>",
    ),
    Option(("--web-host-display-name",), Group.WEB, None, env="LOCUST_WEB_HOST_DISPLAY_NAME"),
    Option(
        ("--web-port", "-P"),
        Group.WEB,
        "Port to serve the web page on. Default: 8089",
        Kind.INTEGER,
        env="LOCUST_WEB_PORT",
        default=8089,
        metavar="<port>",
    ),
    Option(
        ("--headless",),
        Group.WEB,
        "Start the test at once and without the web page",
        Kind.FLAG,
        env="LOCUST_HEADLESS",
    ),
    Option(
        ("--autostart",),
        Group.WEB,
        "Start the test at once, with the web page",
        Kind.FLAG,
        env="LOCUST_AUTOSTART",
    ),
    Option(
        ("--autoquit",),
        Group.WEB,
        "With --autostart: end the process so many seconds after the test. Default: keep the page up",
        Kind.INTEGER,
        env="LOCUST_AUTOQUIT",
        default=-1,
        metavar="<seconds>",
    ),
    Option(("--headful",), Group.WEB, None, Kind.FLAG, env="LOCUST_HEADFUL"),
    Option(
        ("--web-auth",),
        Group.WEB,
        "Ask for this user and password before showing the web page. Also: LOCUST_BASIC_AUTH",
        env="LOCUST_WEB_AUTH",
        metavar="<user:password>",
    ),
    Option(
        ("--web-token",),
        Group.WEB,
        "Let in programs that send this bearer token; several with commas between them",
        dest="katydid_web_token",
        env="KATYDID_WEB_TOKEN",
        metavar="<token>",
        is_ours=True,
    ),
    Option(
        ("--web-allowed-hosts",),
        Group.WEB,
        "Further names by which the web page may be called, with commas between them; * for any",
        dest="katydid_web_allowed_hosts",
        env="KATYDID_WEB_ALLOWED_HOSTS",
        metavar="<names>",
        is_ours=True,
    ),
    Option(
        ("--web-login",),
        Group.WEB,
        "Ask for a login before showing the web page",
        Kind.FLAG,
        env="LOCUST_WEB_LOGIN",
    ),
    Option(
        ("--tls-cert",),
        Group.WEB,
        "Certificate with which to serve the web page over HTTPS",
        Kind.FILE,
        env="LOCUST_TLS_CERT",
        default="",
        metavar="<filename>",
    ),
    Option(
        ("--tls-key",),
        Group.WEB,
        "Private key of that certificate",
        Kind.FILE,
        env="LOCUST_TLS_KEY",
        default="",
        metavar="<filename>",
    ),
    Option(
        ("--class-picker",),
        Group.WEB,
        "Let the web page choose among the user and shape classes",
        Kind.FLAG,
        env="LOCUST_USERCLASS_PICKER",
    ),
    Option(("--build-path",), Group.WEB, None, env="LOCUST_BUILD_PATH", default=""),
    Option(
        ("--legacy-ui",),
        Group.WEB,
        None,
        Kind.FLAG,
        env="LOCUST_LEGACY_UI",
        default=False,
        removed="--legacy-ui does not exist any more",
    ),
    Option(
        ("--web-base-path",),
        Group.WEB,
        "Path below which the web page is served, such as /load",
        env="LOCUST_WEB_BASE_PATH",
        default="",
        metavar="<path>",
    ),
    # Master
    Option(
        ("--master",),
        Group.MASTER,
        "Be the master that workers connect to",
        Kind.FLAG,
        env="LOCUST_MODE_MASTER",
    ),
    Option(
        ("--master-bind-host",),
        Group.MASTER,
        "Address for the master to listen on, * for all. Default: with a cluster key all, without one this"
        " machine alone",
        env="LOCUST_MASTER_BIND_HOST",
        default="*",
        metavar="<ip>",
    ),
    Option(
        ("--master-bind-port",),
        Group.MASTER,
        "Port for the master to listen on. Default: 5557",
        Kind.INTEGER,
        env="LOCUST_MASTER_BIND_PORT",
        default=5557,
        metavar="<port>",
    ),
    Option(
        ("--expect-workers",),
        Group.MASTER,
        "Start when so many workers have connected",
        Kind.COUNT,
        env="LOCUST_EXPECT_WORKERS",
        default=1,
        metavar="<int>",
    ),
    Option(
        ("--expect-workers-max-wait",),
        Group.MASTER,
        "Give up when they have not connected after so many seconds. Default: never",
        Kind.INTEGER,
        env="LOCUST_EXPECT_WORKERS_MAX_WAIT",
        default=0,
        metavar="<seconds>",
    ),
    Option(
        ("--enable-rebalancing",),
        Group.MASTER,
        "Spread the users anew when workers come or go during a test, which is done in any case",
        Kind.FLAG,
    ),
    Option(
        ("--cluster-key",),
        Group.MASTER,
        "A secret of 16 characters or more, the same on master and workers: they encrypt what they say, and"
        " nobody without it takes part. Better in the variable than on the command line",
        dest="katydid_cluster_key",
        env="KATYDID_CLUSTER_KEY",
        metavar="<secret>",
        is_ours=True,
    ),
    Option(
        ("--cluster-key-file",),
        Group.MASTER,
        "The file that holds the cluster key",
        Kind.FILE,
        dest="katydid_cluster_key_file",
        env="KATYDID_CLUSTER_KEY_FILE",
        metavar="<filename>",
        is_ours=True,
    ),
    Option(
        ("--expect-slaves",),
        Group.MASTER,
        None,
        Kind.FLAG,
        removed="--expect-slaves does not exist any more, use --expect-workers",
    ),
    # Worker
    Option(
        ("--worker",),
        Group.WORKER,
        "Be a worker; with -f - the locustfile comes from the master",
        Kind.FLAG,
        env="LOCUST_MODE_WORKER",
    ),
    Option(
        ("--slave",),
        Group.WORKER,
        None,
        Kind.FLAG,
        removed="--slave does not exist any more, use --worker",
    ),
    Option(
        ("--processes",),
        Group.WORKER,
        "Run in so many processes, -1 for one per core",
        Kind.INTEGER,
        env="LOCUST_PROCESSES",
        metavar="<int>",
    ),
    Option(
        ("--master-host",),
        Group.WORKER,
        "The master's host. Default: 127.0.0.1",
        env="LOCUST_MASTER_NODE_HOST",
        default="127.0.0.1",
        metavar="<hostname>",
    ),
    Option(
        ("--master-port",),
        Group.WORKER,
        "The master's port. Default: 5557",
        Kind.INTEGER,
        env="LOCUST_MASTER_NODE_PORT",
        default=5557,
        metavar="<port>",
    ),
    # Tags
    Option(
        ("-T", "--tags"),
        Group.TAG,
        "Run only tasks with one of these tags",
        env="LOCUST_TAGS",
        metavar="<tag>",
        many=True,
    ),
    Option(
        ("-E", "--exclude-tags"),
        Group.TAG,
        "Run no task with one of these tags",
        env="LOCUST_EXCLUDE_TAGS",
        metavar="<tag>",
        many=True,
    ),
    # Statistics
    Option(
        ("--csv",),
        Group.STATS,
        "Write <prefix>_stats.csv, _stats_history.csv, _failures.csv and _exceptions.csv",
        Kind.FILE,
        dest="csv_prefix",
        env="LOCUST_CSV",
        metavar="<prefix>",
    ),
    Option(
        ("--csv-full-history",),
        Group.STATS,
        "With --csv: one line per name in the history, not only the aggregated one",
        Kind.FLAG,
        dest="stats_history_enabled",
        env="LOCUST_CSV_FULL_HISTORY",
    ),
    Option(
        ("--print-stats",),
        Group.STATS,
        "Print the tables also while the web page is up",
        Kind.FLAG,
        env="LOCUST_PRINT_STATS",
    ),
    Option(
        ("--only-summary",),
        Group.STATS,
        "Print the tables at the end only",
        Kind.FLAG,
        env="LOCUST_ONLY_SUMMARY",
    ),
    Option(
        ("--reset-stats",),
        Group.STATS,
        "Forget what was measured while users were being spawned",
        Kind.FLAG,
        env="LOCUST_RESET_STATS",
    ),
    Option(
        ("--html",),
        Group.STATS,
        "Write a report: a web page, or Markdown or JSON if the name ends in .md or .json; {u}, {r} and {t}"
        " in it become users, spawn rate and run time",
        Kind.FILE,
        dest="html_file",
        env="LOCUST_HTML",
        metavar="<filename>",
    ),
    Option(
        ("--expect",),
        Group.VERDICT,
        "A rule about failures: '409 on POST /*/state' says that these are expected, 'fail 200 on GET /gone'"
        " that such an answer is a failure. Of several rules the first that matches decides",
        Kind.RULE,
        dest="katydid_expect",
        env="KATYDID_EXPECT",
        metavar="<rule>",
        repeated=True,
        is_ours=True,
    ),
    Option(("--json",), Group.STATS, "Print the final statistics to stdout as JSON", Kind.FLAG),
    Option(
        ("--json-file",),
        Group.STATS,
        "Write the final statistics to <name>.json",
        Kind.FILE,
        metavar="<name>",
    ),
    # Verdict
    Option(
        ("--stages",),
        Group.VERDICT,
        "Levels of load, one after another, whose results are told apart: 10@1 for 5m, 50@5 for 5m is 10"
        " users, started 1 per second, for 5 minutes, then 50",
        Kind.STAGES,
        dest="katydid_stages",
        env="KATYDID_STAGES",
        metavar="<users@rate for time, ...>",
        is_ours=True,
    ),
    Option(
        ("--threshold",),
        Group.VERDICT,
        "What is asked of the run, such as p95<2s, failures==0 on GET /items/*, p99<3s on level:2,"
        " rps>100 over 30s after 1m abort. If it is not met, the exit code is 3",
        Kind.THRESHOLD,
        dest="katydid_thresholds",
        env="KATYDID_THRESHOLD",
        metavar="<expression>",
        repeated=True,
        is_ours=True,
    ),
    Option(
        ("--suite",),
        Group.VERDICT,
        "A file with profiles, levels, thresholds and options; none for none. Default: katydid.toml in the"
        " current folder, if there is one",
        Kind.FILE,
        dest="katydid_suite",
        env="KATYDID_SUITE",
        metavar="<filename>",
        is_ours=True,
    ),
    Option(
        ("--junit",),
        Group.VERDICT,
        "Write the verdict as JUnit XML, for pipelines",
        Kind.FILE,
        dest="katydid_junit",
        env="KATYDID_JUNIT",
        metavar="<filename>",
        is_ours=True,
    ),
    Option(
        ("--markdown",),
        Group.VERDICT,
        "Write the verdict as Markdown, for merge requests",
        Kind.FILE,
        dest="katydid_markdown",
        env="KATYDID_MARKDOWN",
        metavar="<filename>",
        is_ours=True,
    ),
    # History
    Option(
        ("--store",),
        Group.HISTORY,
        "Where runs are kept: a path, a postgresql:// URL, or none. Default: a file in the folder of the"
        " user's data",
        dest="katydid_store",
        env="KATYDID_STORE",
        metavar="<path or URL>",
        is_ours=True,
    ),
    Option(
        ("--store-keep",),
        Group.HISTORY,
        "Before a run, forget the oldest ones beyond a number, an age and a size; baselines stay. Default:"
        ' "500 runs, 2GB"; all keeps everything',
        dest="katydid_store_keep",
        env="KATYDID_STORE_KEEP",
        metavar="<limits>",
        is_ours=True,
    ),
    Option(
        ("--baseline",),
        Group.HISTORY,
        "At the end, hold the run against this one, named by katydid baseline set or by its number; the exit"
        " code of a run that is worse by more than noise and what is allowed is 3",
        dest="katydid_baseline",
        env="KATYDID_BASELINE",
        metavar="<name>",
        is_ours=True,
    ),
    # Log
    Option(
        ("--skip-log-setup",),
        Group.LOG,
        "Leave the configuration of logging to the locustfile",
        Kind.FLAG,
        env="LOCUST_SKIP_LOG_SETUP",
    ),
    Option(
        ("--loglevel", "-L"),
        Group.LOG,
        "DEBUG, INFO, WARNING, ERROR or CRITICAL. Default: INFO",
        env="LOCUST_LOGLEVEL",
        default="INFO",
        metavar="<level>",
        choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        convert=str.upper,
    ),
    Option(
        ("--logfile",),
        Group.LOG,
        "Write the log to a file. Default: stderr",
        Kind.FILE,
        env="LOCUST_LOGFILE",
        metavar="<filename>",
    ),
    # Other
    Option(
        ("-q", "--quiet"),
        Group.OTHER,
        "Print no tables and no progress, only one line at the end",
        Kind.FLAG,
        dest="katydid_quiet",
        env="KATYDID_QUIET",
        is_ours=True,
    ),
    Option(
        ("--show-task-ratio",),
        Group.OTHER,
        "Print which share of the load each task has, and exit",
        Kind.FLAG,
    ),
    Option(
        ("--show-task-ratio-json",),
        Group.OTHER,
        "Print the same as JSON, and exit",
        Kind.FLAG,
    ),
    Option(("--version", "-V"), Group.OTHER, "Print the version and exit", Kind.VERSION),
    Option(
        ("--exit-code-on-error",),
        Group.OTHER,
        "Exit code of a run with failed requests or exceptions. Default: 1",
        Kind.INTEGER,
        env="LOCUST_EXIT_CODE_ON_ERROR",
        default=1,
        metavar="<int>",
    ),
    Option(
        ("-s", "--stop-timeout"),
        Group.OTHER,
        "Let users finish their task for so long before they are stopped. Default: 0",
        Kind.TIMESPAN,
        env="LOCUST_STOP_TIMEOUT",
        default="0",
        metavar="<time>",
    ),
    Option(
        ("--equal-weights",),
        Group.OTHER,
        "Ignore the weights of classes and tasks: all are equal",
        Kind.FLAG,
    ),
    Option(
        ("--profile",),
        Group.OTHER,
        "A name for this kind of run. In a suite file with profiles: which of them applies",
        env="KATYDID_PROFILE",
        metavar="<name>",
    ),
    Option(
        ("--otel",),
        Group.OTHER,
        "Export metrics, traces and the log as OpenTelemetry's own variables say",
        Kind.FLAG,
        env="LOCUST_ENABLE_OPENTELEMETRY",
    ),
    Option(
        ("user_classes",),
        Group.CLASSES,
        "The user classes to run, by name. Default: all. --list shows them",
        metavar="<UserClass>",
        many=True,
    ),
)
"""All options, in the order of the help."""

PREPARSED = frozenset(
    {
        "locustfile",
        "config",
        "help",
        "version",
        "worker",
        "master",
        "master_host",
        "master_port",
        "katydid_cluster_key",
        "katydid_cluster_key_file",
    }
)
"""Attributes of the options that must be known before a locustfile is imported."""

GROUP_NOTES: dict[Group, str] = {
    Group.TAG: "Tasks get tags from the decorator @tag.",
    Group.MASTER: "For a test on several nodes: one master, and workers that connect to it.",
    Group.WORKER: "Workers take all other options from their master.",
    Group.VERDICT: "Did the run meet what was asked of it? The same may stand in a suite file, katydid.toml.",
}
"""What the help says below the title of a group."""


def shows_ratio(options: Any) -> bool:
    """Is the command asked to print task ratios instead of running?"""
    return bool(options.show_task_ratio or options.show_task_ratio_json)
