"""Command lines, variables and files that stock Locust and katydid must understand alike.

Each case runs in a folder of its own with the locustfile `PROBE`, which writes what it sees of the options
and ends the process with code `SEEN`. A case whose code is another one was refused or answered before that.
"""

from dataclasses import dataclass, field

SEEN = 42

PROBE = """
import json
import os

from locust import LoadTestShape, TaskSet, User, argument_parser, events, tag, task


class Nested(TaskSet):
    @task(3)
    def deep(self):
        pass

    @task
    def deeper(self):
        pass


class A(User):
    host = "http://a"

    @tag("quick")
    @task(3)
    def one(self):
        pass

    @tag("slow")
    @task
    def two(self):
        pass


class B(User):
    weight = 3
    tasks = [Nested]

    @task
    def three(self):
        pass


class Fixed(User):
    fixed_count = 2

    @task
    def four(self):
        pass


if os.environ.get("PROBE_SHAPES"):

    class First(LoadTestShape):
        def tick(self):
            return None

    class Second(LoadTestShape):
        use_common_options = True

        def tick(self):
            return None


@events.init_command_line_parser.add_listener
def add_arguments(parser):
    parser.add_argument("--mine", default="m", env_var="PROBE_MINE", help="a text")
    parser.add_argument("--pick", choices=["a", "b"], default="a")
    parser.add_argument("--secret", is_secret=True, default="s")
    parser.add_argument("--required", is_required=True)
    parser.add_argument("--many", nargs="*", is_multiple=True, choices=["x", "y"])
    parser.add_argument("--hidden-number", include_in_web_ui=False, type=int, default=1)
    parser.add_argument("--switch", action="store_true", env_var="PROBE_SWITCH")


def described(cls):
    tasks = sorted(member.__name__ for member in cls.tasks)
    return [cls.__name__, cls.weight, cls.fixed_count, cls.host, getattr(cls, "extra", None), tasks]


def note(environment, **kwargs):
    options = environment.parsed_options
    seen = {
        "options": vars(options),
        "classes": [described(cls) for cls in environment.user_classes],
        "available": sorted(environment.available_user_classes or {}),
        "shapes": sorted(environment.available_shape_classes or {}),
        "shape": type(environment.shape_class).__name__,
        "locustfile": environment.locustfile,
        "files": [os.path.relpath(path) for path in environment.parsed_locustfiles],
    }
    if os.environ.get("PROBE_PAGE"):
        seen["asked_by_page"] = argument_parser.ui_extra_args_dict()
        defaults = argument_parser.default_args_dict().items()
        seen["defaults"] = {name: value for name, value in defaults if not name.startswith("katydid_")}
    for name in ("host", "reset_stats", "stop_timeout", "profile", "tags", "exclude_tags"):
        seen[name] = getattr(environment, name)
    with open(os.environ["PROBE"], "w") as file:
        json.dump(seen, file, default=str)
    os._exit(42)


getattr(events, os.environ.get("PROBE_AT", "init")).add_listener(note)
"""


@dataclass(frozen=True)
class Case:
    """One way to call the command."""

    line: str = ""
    """The arguments, as a shell would split them."""
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Files beside the locustfile, by name."""
    headless: bool = True
    """Add --headless, so that no web page is started."""
    is_output_alike: bool = False
    """Compare what goes to standard output, too."""
    our_code: int | None = None
    """Where katydid knowingly ends with another code: docs/differences.md says why."""

    def __str__(self) -> str:
        parts = [
            self.line,
            *(f"{k}={v}" for k, v in self.env.items()),
            *(f"{k}:{v}" for k, v in self.files.items()),
        ]
        return " ".join(part for part in parts if part).replace("\n", ";")[:110] or "nothing"


COMMAND_LINES = [
    "",
    "-u 5",
    "-u 0",
    "-u -3",
    "-u 1.5",
    "-u five",
    "--users=7",
    "--user 3",
    "-u5",
    "-u 1 -u 2",
    "-r 0.5",
    "-r 0",
    "-r -1",
    "-r x",
    "-r inf",
    "-r 1e2",
    "--spawn 3",
    "--spawn-rate 2",
    "-t 90",
    "-t 1h30m",
    "-t 3h30m10s",
    "-t 0s",
    "-t 0",
    "-t ''",
    "-t 3x",
    "-t 1.5h",
    "-t 10s5m",
    "-t -5",
    "--run 3",
    "-t ' 5s'",
    "-t 5S",
    "-t 1m",
    "-t 2h5s",
    "-t m",
    "-t 99999999999",
    "-s 2m",
    "-s 0",
    "-s x",
    "-s 1.5",
    "--stop 5",
    "-L debug",
    "-L Warning",
    "-L loud",
    "-L 10",
    "--loglevel CRITICAL",
    "--logfile run.log",
    "--skip-log-setup",
    "-H http://x",
    "-H ''",
    "--host http://x/base/",
    "--host=http://y",
    "--host",
    "--web-host '*'",
    "--web-host ::1",
    "--web-host-display-name me",
    "-P 80",
    "-P x",
    "--web-port 0",
    "--web-base-path /x",
    "--web-base-path x",
    "--autostart",
    "--autostart --autoquit 3",
    "--autoquit 3",
    "--autoquit -1",
    "--autoquit x",
    "--autostart --autoquit -5",
    "--legacy-ui",
    "--slave",
    "--expect-slaves",
    "--expect-slaves 3",
    "--no-such",
    "--hedless",
    "-Z",
    "--tls-cert c",
    "--tls-cert c --tls-key k",
    "--class-picker",
    "--build-path there",
    "--expect-workers 0",
    "--expect-workers 3",
    "--expect-workers x",
    "--expect-workers-max-wait 5",
    "--enable-rebalancing",
    "--master-bind-host 1.2.3.4 --master-bind-port 99",
    "--master-host h --master-port 7",
    "--master-b x",
    "--master-port x",
    "-T a",
    "-T a b",
    "-T a A",
    "-T a -- A",
    "-T",
    "-T a -T b",
    "-E a b",
    "-T a -E b",
    "--tags a --exclude-tags b c -- B",
    "--csv out/x",
    "--csv x --csv-full-history",
    "--csv-full-history",
    "--csv",
    "--print-stats",
    "--only-summary",
    "--reset-stats",
    "--json",
    "--json-file x",
    "--json --json-file x",
    "--exit-code-on-error 7",
    "--exit-code-on-error 0",
    "--exit-code-on-error x",
    "--exit-code -1",
    "--equal-weights",
    "--profile p",
    "--profile",
    "--profile ''",
    "A",
    "A B",
    "B A",
    "A A",
    "Nobody",
    "A Nobody",
    "Nested",
    "User",
    "a",
    "A -u 3",
    "-u 3 A",
    "-- A",
    "--mine q",
    "--mine=q",
    "--mine",
    "--min q",
    "--pick b",
    "--pick c",
    "--secret z",
    "--required r",
    "--many x y",
    "--many",
    "--many z",
    "--hidden-number 7",
    "--hidden-number x",
    "--switch",
    "--switch=1",
    "--m 1",
    "-f locustfile.py",
    "-f ' locustfile.py '",
    "-f locustfile.py,",
    "-f missing.py",
    "-f missing",
    "-f locustfile",
    "-f ''",
    "-f -",
    "-f home",
    "-f .",
    "-f http://127.0.0.1:1/x.py",
    "--config missing.conf",
    "--config",
    "--config locustfile.py",
    "--list",
    "-l",
    "--list Nobody",
    "--list --no-such",
    "--list -u x",
    "--list -T a",
    "--show-task-ratio Nobody",
    "--config-users",
    "--config-users x",
    "--config-users {}",
    "--config-users []",
    "--config-users missing.json",
    '--config-users \'{"user_class_name": "A", "weight": 7, "host": "http://z", "extra": [1]}\'',
    '--config-users \'[{"user_class_name": "A", "fixed_count": 4}, {"user_class_name": "B", "weight": 2}]\'',
    '--config-users \'{"user_class_name": "A", "weight": 7}\' \'{"user_class_name": "B", "weight": 9}\'',
    '--config-users \'{"user_class_name": "A", "tasks": ["two"]}\'',
    '--config-users \'{"user_class_name": "A", "tasks": ["nothing"]}\'',
    '--config-users \'{"user_class_name": "Nobody"}\'',
    '--config-users \'{"user_class_name": "A", "weight": 0}\'',
    "--config-users '{\"weight\": 7}'",
    '--config-users \'[[{"user_class_name": "A"}]]\'',
    "--config-users 3",
    "--config-users null",
    '--config-users \'{"user_class_name": "B", "weight": 7}\' -- A',
    "--headful --list",
    "--processes x",
    "--equal",
    "-u 1 --spawn-rate 1 --run-time 1 --host http://h A B",
]

ANSWERED = [
    "--list",
    "-l B",
    "--show-task-ratio",
    "--show-task-ratio -u 10",
    "--show-task-ratio -u 1",
    "--show-task-ratio A",
    "--show-task-ratio-json",
    "--show-task-ratio-json -u 7",
    "--show-task-ratio-json B",
    "--show-task-ratio --show-task-ratio-json",
    "--show-task-ratio -T quick",
    "--show-task-ratio-json -u 0",
    '--show-task-ratio --config-users \'{"user_class_name": "A", "weight": 7}\'',
    '--show-task-ratio --config-users \'{"user_class_name": "Fixed", "fixed_count": 0}\'',
    "--skip-log-setup --list",
]

VARIABLES = {
    "LOCUST_LOCUSTFILE": ["locustfile.py", "missing.py"],
    "LOCUST_HOST": ["http://e", ""],
    "LOCUST_USERS": ["5", "x", "", "-1"],
    "LOCUST_SPAWN_RATE": ["2.5", "0"],
    "LOCUST_RUN_TIME": ["1m", "soon"],
    "LOCUST_CONFIG_USERS": [
        '{"user_class_name": "A", "weight": 7}',
        '[{"user_class_name": "A", "weight": 7}]',
        "missing.json",
    ],
    "LOCUST_WEB_HOST": ["*", "h"],
    "LOCUST_WEB_HOST_DISPLAY_NAME": ["me"],
    "LOCUST_WEB_PORT": ["81", "x"],
    "LOCUST_HEADLESS": ["true", "false", "yes", "no", "on", "off", "1", "0", "True", "maybe", ""],
    "LOCUST_AUTOSTART": ["true", "x"],
    "LOCUST_AUTOQUIT": ["5"],
    "LOCUST_HEADFUL": ["false"],
    "LOCUST_WEB_LOGIN": ["false"],
    "LOCUST_TLS_CERT": ["c"],
    "LOCUST_TLS_KEY": ["k"],
    "LOCUST_USERCLASS_PICKER": ["true"],
    "LOCUST_CLASS_PICKER": ["true"],
    "LOCUST_BUILD_PATH": ["b"],
    "LOCUST_LEGACY_UI": ["true", "false"],
    "LOCUST_WEB_BASE_PATH": ["/b"],
    "LOCUST_MODE_MASTER": ["false", "x"],
    "LOCUST_MASTER_BIND_HOST": ["h"],
    "LOCUST_MASTER_BIND_PORT": ["7"],
    "LOCUST_EXPECT_WORKERS": ["4", "0"],
    "LOCUST_EXPECT_WORKERS_MAX_WAIT": ["9"],
    "LOCUST_MODE_WORKER": ["false"],
    "LOCUST_PROCESSES": ["x"],
    "LOCUST_MASTER_NODE_HOST": ["h"],
    "LOCUST_MASTER_HOST": ["h"],
    "LOCUST_MASTER_NODE_PORT": ["7"],
    "LOCUST_TAGS": ["a", "a b", "[a, b]", "[a]", ""],
    "LOCUST_EXCLUDE_TAGS": ["[a, b]"],
    "LOCUST_CSV": ["out/x"],
    "LOCUST_CSV_FULL_HISTORY": ["true"],
    "LOCUST_PRINT_STATS": ["1"],
    "LOCUST_ONLY_SUMMARY": ["1"],
    "LOCUST_RESET_STATS": ["1"],
    "LOCUST_JSON": ["1"],
    "LOCUST_SKIP_LOG_SETUP": ["1"],
    "LOCUST_LOGLEVEL": ["debug", "loud"],
    "LOCUST_LOGFILE": ["run.log"],
    "LOCUST_EXIT_CODE_ON_ERROR": ["3"],
    "LOCUST_STOP_TIMEOUT": ["5s"],
    "LOCUST_EQUAL_WEIGHTS": ["1"],
    "LOCUST_PROFILE": ["p"],
    "LOCUST_LIST": ["1"],
    "LOCUST_ENABLE_OPENTELEMETRY": ["false"],
    "LOCUST_USER_CLASSES": ["A", "A B", "Nobody", ""],
    "PROBE_MINE": ["q"],
    "PROBE_SWITCH": ["true", "maybe"],
}

CONFIG_TEXTS = [
    "users = 1",
    "users: 1",
    "users 1",
    "--users=1",
    "u 1",
    "-u 1",
    "u = 1",
    "num_users = 1",
    "num-users = 1",
    "user = 1",
    "USERS = 1",
    "headless",
    "headless = true",
    "headless = false",
    "headless = off",
    "only-summary",
    "only-summary = yes",
    "# nothing",
    "; nothing",
    "",
    "\n\n",
    "users = 1 # why",
    "users = '1'",
    "users = ",
    "users",
    "tags = [a, b]",
    "tags = a b",
    "tags = a",
    "tags = [a]",
    'tags = ["a", "b"]',
    "exclude-tags = [a, b]",
    "user_classes = A",
    "user-classes = A",
    "no-such = 1",
    "spawn-rate = 0",
    "run-time = 1m\nstop-timeout = 2m",
    "loglevel = debug",
    "mine = q",
    "pick = c",
    "many = [x, y]",
    "switch",
    "hidden-number = 5",
    "locustfile = locustfile.py",
    "locustfile = missing.py",
    "host = http://x:80/y",
    "csv = x\ncsv-full-history",
    "csv-full-history",
    "config-users = missing.json",
    "users = 1\nusers = 2",
    "[section]\nusers = 1",
    "list",
    "show-task-ratio",
    "master = false",
    "config = other.conf",
    "users = 1\n---\nhost=http://z",
    "profile = p",
    "equal-weights",
    "enable-rebalancing = true",
    "L debug",
    "loglevel = x",
    "autoquit = 3",
    "V",
    "version",
]

TOML_TABLES = [
    "users = 1",
    'users = "1"',
    "headless = true",
    "headless = false",
    "spawn-rate = 2.5",
    'run-time = "1m"',
    'tags = ["a", "b"]',
    "tags = []",
    'tags = "a"',
    "tags = [1, 2]",
    "no-such = 1",
    "user_classes = ['A']",
    "users = 1.5",
    "num_users = 1",
    "u = 1",
    "mine = 'q'",
    "many = ['x', 'y']",
    "switch = true",
    "users =",
    "[tool.locust.inner]\nusers = 1",
    "when = 2020-01-01",
    "config-users = ['missing.json']",
    "loglevel = 'debug'",
    "only-summary = 1",
    "list = true",
    "host = ''",
    "exclude-tags = ['a']",
    "csv = 'x'\ncsv-full-history = true",
    "stop-timeout = 5",
    "autostart = true\nautoquit = 3",
]

_USERS = '[{"user_class_name": "A", "weight": 5}, {"user_class_name": "B", "weight": 6}]'
_OTHER = "from locust import User, task\n\nclass Other(User):\n    @task\n    def t(self): pass\n"
_LEVELS = {
    "home/.locust.conf": "users = 1\nhost = http://home",
    "locust.conf": "users = 2\nspawn-rate = 2",
    "pyproject.toml": "[tool.locust]\nusers = 3\nrun-time = 3",
    "given.conf": "users = 4\ntags = [x, y]",
    "given.toml": "[tool.locust]\nusers = 5",
    "plain.toml": "[project]\nusers = 5",
}

FILES = [
    Case("-r nan", our_code=2),
    Case("", {"PROBE_PAGE": "1"}),
    Case(
        "--mine q --pick b --secret z --required r --many x y --hidden-number 7 --switch", {"PROBE_PAGE": "1"}
    ),
    Case(
        "-u 3", {"PROBE_PAGE": "1", "PROBE_MINE": "e", "LOCUST_HOST": "http://e"}, {"locust.conf": "pick = b"}
    ),
    Case("--web-auth a:b", our_code=SEEN),
    Case("", files=_LEVELS),
    Case("--config given.conf", files=_LEVELS),
    Case("--config given.toml", files=_LEVELS),
    Case("--config given.conf --config given.toml", files=_LEVELS),
    Case("--config plain.toml", files=_LEVELS),
    Case("--config given.conf", {"LOCUST_USERS": "6"}, _LEVELS),
    Case("--config given.conf -u 7 -T z", {"LOCUST_USERS": "6", "LOCUST_TAGS": "[e]"}, _LEVELS),
    Case("", {"LOCUST_HOST": "http://e"}, _LEVELS),
    Case("", files={"pyproject.toml": "[tool.locust\n"}),
    Case("", files={"pyproject.toml": "[tool]\nlocust = 3\n"}),
    Case("", files={"pyproject.toml": "[tool.other]\nusers = 3\n"}),
    Case("", files={"pyproject.toml": ""}),
    Case("--only-summary", files={"locust.conf": "only-summary = false"}),
    Case("", {"LOCUST_ONLY_SUMMARY": "false"}, {"locust.conf": "only-summary"}),
    Case("-T a", files={"locust.conf": "tags = [b, c]"}),
    Case("A", {"LOCUST_USER_CLASSES": "B"}),
    Case("--config-users users.json", files={"users.json": _USERS}),
    Case("--config-users users.json users.json", files={"users.json": _USERS}),
    Case("--config-users one.json", files={"one.json": '{"user_class_name": "B", "weight": 5}'}),
    Case("--config-users bad.json", files={"bad.json": "{"}),
    Case("", files={"locust.conf": "config-users = users.json", "users.json": _USERS}),
    Case("", {"LOCUST_CONFIG_USERS": "users.json"}, {"users.json": _USERS}),
    Case("", files={"pyproject.toml": "[tool.locust]\nconfig-users = ['users.json']", "users.json": _USERS}),
    Case("-f locustfile.py,other.py", files={"other.py": _OTHER}),
    Case("-f other.py,locustfile.py", files={"other.py": _OTHER}),
    Case("-f 'locustfile.py, other.py' Other", files={"other.py": _OTHER}),
    Case("-f locustfile.py,suite", files={"suite/a.py": _OTHER, "suite/_b.py": "1/0", "suite/c.txt": "x"}),
    Case("-f locustfile.py,suite", files={"suite/_b.py": ""}),
    Case("-f locustfile.py,with.dots.py", files={"with.dots.py": _OTHER}),
    Case("-f locustfile.py,locust.py", files={"locust.py": _OTHER}),
    Case("-f locustfile.py,twin.py", files={"twin.py": _OTHER.replace("Other", "A")}),
    Case("-f locustfile.py,user.py", files={"user.py": "from locustfile import A, B\n" + _OTHER}),
    Case("-f locustfile.py,text.txt", files={"text.txt": _OTHER}),
    Case("-f locustfile.py,broken.py", files={"broken.py": "def (:"}),
    Case("-f locustfile.py,raising.py", files={"raising.py": "1 / 0"}),
    Case("-f locustfile.py,exiting.py", files={"exiting.py": "import sys; sys.exit(9)"}),
    Case("-f other.py --headless -t 1", files={"other.py": "x = 1"}),
    Case(
        "-f locustfile.py,zero.py Zero",
        files={"zero.py": _OTHER.replace("Other(User):", "Zero(User):\n    weight = 0")},
    ),
    Case("-f locustfile.py,alias.py New", files={"alias.py": "from locustfile import A as New"}),
    Case("", {"PROBE_SHAPES": "1"}),
    Case("-u 3 -t 5", {"PROBE_SHAPES": "1"}),
    Case("--class-picker", {"PROBE_SHAPES": "1"}),
    Case("-f locustfile.py,more.py", {"PROBE_SHAPES": "1"}, {"more.py": "from locustfile import First"}),
    Case("First", {"PROBE_SHAPES": "1"}),
    Case("--list", {"PROBE_SHAPES": "1"}, is_output_alike=True),
    Case("--list --class-picker", {"PROBE_SHAPES": "1"}, is_output_alike=True),
    Case("--equal-weights", {"PROBE_AT": "test_start"}),
    Case("--equal-weights", {"PROBE_AT": "spawning_complete"}),
    Case("-T quick", {"PROBE_AT": "test_start"}),
    Case("-T quick -- A", {"PROBE_AT": "spawning_complete"}),
    Case("-u 3", {"PROBE_AT": "spawning_complete"}),
    Case("-u 0", {"PROBE_AT": "test_start"}),
    Case("-t 1 -u 0", {"PROBE_AT": "quitting"}),
]


def all_cases() -> list[Case]:
    """The whole table."""
    return [
        *(Case(line) for line in COMMAND_LINES),
        *(Case(line, is_output_alike=True) for line in ANSWERED),
        *(Case("", {name: value}) for name, values in VARIABLES.items() for value in values),
        *(Case("", files={"locust.conf": text}) for text in CONFIG_TEXTS),
        *(Case("", files={"pyproject.toml": f"[tool.locust]\n{text}\n"}) for text in TOML_TABLES),
        *FILES,
    ]
