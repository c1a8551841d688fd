"""The functions and classes of `locust.argument_parser`."""

# /// facts
# args = "-u 3 -t 10s --own value"
# shows = """
# locust.argument_parser.DEFAULT_CONFIG_FILES
# locust.argument_parser.LocustArgumentParser(add_argument args_included_in_web_ui error
# multiple_args_included_in_web_ui required_args_included_in_web_ui secret_args_included_in_web_ui)
# locust.argument_parser.UIExtraArgOptions locust.argument_parser.default_args_dict
# locust.argument_parser.get_empty_argument_parser locust.argument_parser.get_locustfiles_locally
# locust.argument_parser.get_parser locust.argument_parser.json_user_config
# locust.argument_parser.parse_locustfile_option locust.argument_parser.parse_locustfile_paths
# locust.argument_parser.parse_options locust.argument_parser.setup_parser_arguments
# locust.argument_parser.timespan locust.argument_parser.ui_extra_args_dict locust.argument_parser.version
# locust.event.Events(init_command_line_parser)
# """
# ///

import argparse
import os

from locust import User, __version__, constant, events, task
from locust import argument_parser as module
from locust.argument_parser import LocustArgumentParser, UIExtraArgOptions, get_parser


@events.init_command_line_parser.add_listener
def add(parser):
    print("fact listener", isinstance(parser, LocustArgumentParser))
    parser.add_argument("--own", default="none", help="my own")
    parser.add_argument("--many", nargs="*", default=["a"], is_multiple=True, choices=["a", "b"])
    parser.add_argument("--secret", default="s", is_secret=True)
    parser.add_argument("--needed", default="n", is_required=True)
    parser.add_argument("--hidden", default="h", include_in_web_ui=False)


def parsers():
    parser = get_parser(default_config_files=[])
    options = parser.parse_args(["-u", "5", "-r", "2.5", "-t", "1h30m", "--many", "b", "a", "--", "Kind"])
    print("fact", options.num_users, options.spawn_rate, options.run_time, options.many, options.user_classes)
    print("fact", sorted(parser.args_included_in_web_ui)[-4:], sorted(parser.secret_args_included_in_web_ui))
    print(
        "fact",
        sorted(parser.required_args_included_in_web_ui),
        sorted(parser.multiple_args_included_in_web_ui),
    )
    for words in (["--no-such-option"], ["-u", "x"], ["-t", "3x"], ["-r", "0"]):
        try:
            parser.parse_args(words)
        except SystemExit as end:
            print("fact refused", words, end.code)
    empty = module.get_empty_argument_parser(add_help=False, default_config_files=[])
    print(
        "fact",
        isinstance(empty, LocustArgumentParser),
        vars(empty.parse_known_args(["-f", "x.py"])[0])["locustfile"],
    )
    module.setup_parser_arguments(empty)
    print("fact", empty.parse_args(["--users", "4"]).num_users)
    own = LocustArgumentParser()
    print(
        "fact",
        own.add_argument("--x", is_secret=True).is_secret,
        issubclass(LocustArgumentParser, argparse.ArgumentParser),
    )
    try:
        own.error("because")
    except SystemExit as end:
        print("fact error", end.code)


def values():
    print(
        "fact",
        [os.path.basename(file) for file in module.DEFAULT_CONFIG_FILES],
        module.version == __version__,
    )
    print("fact", module.timespan("90"), module.timespan("1h30m"), module.timespan("2m5s"))
    for wrong in ("", "3x", "1.5h", "10s5m"):
        try:
            print("fact", module.timespan(wrong))
        except argparse.ArgumentTypeError:
            print("fact no timespan", wrong)
    print("fact", module.json_user_config('[{"user_class_name": "A", "weight": 2}]'))
    try:
        module.json_user_config("{")
    except (argparse.ArgumentTypeError, ValueError):
        print("fact no JSON")
    defaults = module.default_args_dict()
    print("fact", defaults["num_users"], defaults["web_port"], "own" in defaults)
    extra = module.ui_extra_args_dict()
    print(
        "fact",
        {name: dict(entry) if isinstance(entry, dict) else vars(entry) for name, entry in extra.items()},
    )
    print("fact", sorted(UIExtraArgOptions.__annotations__))
    here = os.path.dirname(os.path.abspath(__file__))
    files = module.get_locustfiles_locally(argparse.Namespace(locustfile=__file__))
    print("fact", [os.path.basename(file) for file in files])
    found = module.parse_locustfile_paths([os.path.join(here, "tags.py"), os.path.join(here, "shape.py")])
    print("fact", [os.path.basename(file) for file in found])
    options = module.parse_locustfile_option(["-f", f"{here}/tags.py,{here}/shape.py"])
    options = options[0] if isinstance(options, tuple) else options
    print("fact", [os.path.basename(file) for file in options.locustfile.split(",")])
    print("fact", module.parse_options(["-u", "7", "-f", __file__]).num_users)


class Once(User):
    wait_time = constant(20)

    @task
    def once(self):
        options = self.environment.parsed_options
        print(
            "fact",
            options.own,
            options.many,
            options.secret,
            options.needed,
            options.hidden,
            options.num_users,
        )
        if self.environment.runner.user_count and not parsed:
            parsed.append(1)
            parsers()
            values()
            self.environment.runner.quit()


parsed = []
