"""The small modules below `locust.util`, logging, and the inspection of task ratios."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.util.cache.memoize locust.util.date.format_duration locust.util.date.format_safe_timestamp
# locust.util.date.format_utc_timestamp locust.util.directory.get_abspaths_in
# locust.util.exception_handler.retry locust.util.load_locustfile.is_shape_class
# locust.util.load_locustfile.is_user_class locust.util.load_locustfile.load_locustfile
# locust.util.rounding.proper_round locust.util.timespan.parse_timespan locust.util.url.is_url
# locust.log.HOSTNAME locust.log.LogReader(logs) locust.log.get_logs locust.log.greenlet_exception_logger
# locust.log.setup_logging locust.log.unhandled_greenlet_exception
# locust.user.inspectuser._get_task_ratio locust.user.inspectuser.get_ratio
# locust.user.inspectuser.print_task_ratio locust.user.inspectuser.print_task_ratio_json
# locust.html.process_html_filename
# """
# ///

import contextlib
import io
import logging
import os
import time
from argparse import Namespace

import gevent
import locust.log
from locust import LoadTestShape, MarkovTaskSet, TaskSet, User, constant, task, transition
from locust.html import process_html_filename
from locust.log import HOSTNAME, LogReader, get_logs, greenlet_exception_logger, setup_logging
from locust.user.inspectuser import (
    _calc_distribution,
    _get_task_ratio,
    get_ratio,
    print_task_ratio,
    print_task_ratio_json,
)
from locust.util.cache import memoize
from locust.util.date import format_duration, format_safe_timestamp, format_utc_timestamp
from locust.util.directory import get_abspaths_in
from locust.util.exception_handler import retry
from locust.util.load_locustfile import is_shape_class, is_user_class, load_locustfile
from locust.util.rounding import proper_round
from locust.util.timespan import parse_timespan
from locust.util.url import is_url


class Once(User):
    wait_time = constant(20)

    @task
    def once(self):
        small()
        caches()
        files()
        logs()
        ratios()
        self.environment.runner.quit()


class Shape(LoadTestShape):
    abstract = True

    def tick(self):
        return None


class Nested(User):
    abstract = True
    weight = 3

    @task(3)
    def three(self):
        pass

    @task
    class nest(TaskSet):
        @task
        def egg(self):
            pass

        @task
        def other(self):
            pass


class Walk(MarkovTaskSet):
    @transition("begin")
    def begin(self):
        pass


class Bare(User):
    abstract = True
    weight = 1.5


class Light(User):
    abstract = True
    weight = 1.2
    tasks = [Walk]


def small():
    print("fact", [proper_round(*pair) for pair in ((1.5, 0), (2.5, 0), (0.125, 2), (1.005, 2), (3, 0))])
    print("fact", [parse_timespan(text) for text in ("90", "1h", "1h30m", "3h30m10s", "0s")])
    for wrong in ("", "3x", "1.5h", "10s5m", "h"):
        try:
            print("fact", parse_timespan(wrong))
        except ValueError:
            print("fact no timespan", wrong)
    print("fact", [is_url(text) for text in ("http://a", "https://a/b?c", "ftp://a", "a.py", "http://", "")])
    print("fact", format_utc_timestamp(0), format_utc_timestamp(1700000000.9))
    print("fact", len(format_safe_timestamp(1700000000)), format_safe_timestamp(1700000000)[:8])
    print("fact", [format_duration(0, end) for end in (0, 1, 59, 60, 63, 3600, 3661, 90061)])
    options = Namespace(html_file="r_{u}_{r}_{t}.html", num_users=3, spawn_rate=2.5, run_time=60)
    process_html_filename(options)
    print("fact", options.html_file)


def caches():
    calls = []

    @memoize(timeout=0.2, dynamic_timeout=False)
    def counted():
        calls.append(1)
        return len(calls)

    seen = [counted(), counted()]
    counted.clear_cache()
    seen.append(counted())
    gevent.sleep(0.3)
    print("fact", [*seen, counted()])
    tries = []

    @retry(delays=(0, 0.01), exception=ValueError)
    def failing():
        tries.append(1)
        if len(tries) < 3:
            raise ValueError
        return "done"

    print("fact", failing(), len(tries))


def files():
    os.makedirs("some/deep", exist_ok=True)
    for name in ("some/a.py", "some/_b.py", "some/deep/c.py", "some/d.txt"):
        with open(name, "w") as file:
            file.write(
                "from locust import User, LoadTestShape\nclass A(User): pass\nclass B(User): abstract = True\n"
            )
    print("fact", sorted(os.path.basename(path) for path in get_abspaths_in("some", extension=".py")))
    print("fact", is_user_class(Once), is_user_class(User), is_user_class(Shape), is_user_class(3))
    print("fact", is_shape_class(Shape), is_shape_class(LoadTestShape), is_shape_class(Once))
    users, shapes = load_locustfile(os.path.abspath("some/a.py"))[-2:]
    print("fact", sorted(users), shapes)


def logs():
    print("fact", bool(HOSTNAME), "." in HOSTNAME)
    reader = LogReader()
    reader.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    reader.emit(logging.LogRecord("n", logging.INFO, "f", 1, "text", None, None))
    print("fact", list(reader.logs), reader.logs.maxlen)
    logging.getLogger("mine").warning("a line to be found")
    print("fact", any("a line to be found" in line for line in get_logs()))
    before = locust.log.unhandled_greenlet_exception
    handled = greenlet_exception_logger(logging.getLogger("mine"))
    greenlet = gevent.spawn(lambda: 1 / 0)
    greenlet.link_exception(handled)
    gevent.sleep(0.1)
    print("fact", before, locust.log.unhandled_greenlet_exception)
    locust.log.unhandled_greenlet_exception = False
    print("fact", callable(setup_logging))


def ratios():
    classes = [Nested, Once]
    print("fact", get_ratio(classes, {"Nested": 3, "Once": 1}, False))
    print("fact", get_ratio(classes, {"Nested": 3, "Once": 1}, True))
    print("fact", _get_task_ratio(Nested.tasks, False, 1.0), _get_task_ratio([Walk, Walk.begin], True, 0.5))
    print("fact", get_ratio([Bare, Light], {}, True))
    for number in (None, 0, 1, 4, 10):
        print("fact", _calc_distribution(classes, number), _calc_distribution([Bare, Light], number))
    for show in (lambda: print_task_ratio(classes, 4, True), lambda: print_task_ratio_json(classes, 4)):
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            show()
        for line in text.getvalue().splitlines():
            print("fact |", line)
    print("fact", time.time() > 0)
