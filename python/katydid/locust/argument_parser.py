"""How do command line, variables and files become options? By one parser, which locustfiles may extend.

The options themselves are data in `katydid.command.options`.
"""

from __future__ import annotations

import argparse
import ast
import atexit
import contextlib
import difflib
import json
import os
import shutil
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

import configargparse

from katydid import _core
from katydid.command import suite
from katydid.command.option import GROUP_NOTES, Group, Kind, Option
from katydid.command.options import OPTIONS, PREPARSED

from ._version import version
from .log import complain
from .util.directory import get_abspaths_in
from .util.timespan import parse_timespan
from .util.url import is_url

DEFAULT_CONFIG_FILES = ("~/.locust.conf", "locust.conf", "pyproject.toml")
"""Files read for options if they exist, the later ones taking precedence."""

_PROGRAM = "katydid"
_TOML_TABLE = "tool.locust"
_OPTIONS_OF_THE_EMPTY_PARSER = ("locustfile", "config")


class LocustTomlConfigParser(configargparse.ConfigFileParser):
    """Reads options from a table of a TOML file: from the first of `sections` that it has."""

    def __init__(self, sections: Sequence[str] = (_TOML_TABLE,)) -> None:
        super().__init__()
        self.sections = sections

    def get_syntax_description(self) -> str:
        """For the help."""
        return "TOML: options in the table [tool.locust]"

    def parse(self, stream: Any) -> dict[str, Any]:
        """The table's values; lists as they are, all else as text."""
        try:
            document = tomllib.loads(stream.read())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            raise configargparse.ConfigFileParserException(f"{stream.name}: {fault}") from fault
        tables = (_table(document, section) for section in self.sections)
        found: dict[str, Any] = next(filter(None, tables), {})
        return {key: self._value(value) for key, value in found.items()}

    @staticmethod
    def _value(value: Any) -> Any:
        if isinstance(value, list):
            return [str(item) for item in value]
        return str(value).lower() if isinstance(value, bool) else str(value)


def _table(document: Any, section: str) -> dict[str, Any]:
    """The table of that dotted name; an empty one, where the document has none."""
    for key in section.split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


class LocustConfigParser(configargparse.ConfigFileParser):
    """Reads options from TOML or from lines of `option = value`, as the file's name says."""

    def get_syntax_description(self) -> str:
        """For the help."""
        return "lines of `option = value`, or TOML"

    def parse(self, stream: Any) -> dict[str, Any]:
        """The options in a file."""
        if suite.is_suite(str(stream.name)):
            return _options_of_suite(str(stream.name))
        if str(stream.name).endswith(".toml"):
            return LocustTomlConfigParser().parse(stream)
        lines: dict[str, Any] = configargparse.DefaultConfigFileParser().parse(stream)
        return lines


def _options_of_suite(name: str) -> dict[str, Any]:
    try:
        return suite.option_values(Path(name))
    except suite.CannotRead as fault:
        raise configargparse.ConfigFileParserException(str(fault)) from fault


class LocustArgumentParser(configargparse.ArgumentParser):
    """The command's parser. Arguments know whether and how a web page should ask for them."""

    def error(self, message: str) -> NoReturn:
        """End the process with code 2 and one line, with advice where an argument looks mistyped."""
        lines = [f"{self.prog}: error: {message}"]
        head, _, unknown = message.partition("unrecognized arguments: ")
        if not head and unknown:
            lines += _advice(unknown.split(), list(self._option_string_actions))
        self.exit(2, "\n".join(lines) + "\n")
        raise AssertionError("exit does not return")

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an argument as argparse does.

        Further keywords: include_in_web_ui (True), is_secret, is_required, is_multiple (False).
        """
        traits = {
            "include_in_web_ui": kwargs.pop("include_in_web_ui", True),
            "is_secret": kwargs.pop("is_secret", False),
            "is_required": kwargs.pop("is_required", False),
            "is_multiple": kwargs.pop("is_multiple", False),
        }
        action: argparse.Action = super().add_argument(*args, **kwargs)
        for name, value in traits.items():
            setattr(action, name, value)
        return action

    def _having(self, trait: str) -> dict[str, argparse.Action]:
        return {
            action.dest: action
            for action in self._actions
            if getattr(action, "include_in_web_ui", False) and getattr(action, trait, False)
        }

    @property
    def args_included_in_web_ui(self) -> dict[str, argparse.Action]:
        """Arguments that a web page may ask for, by attribute."""
        return self._having("include_in_web_ui")

    @property
    def secret_args_included_in_web_ui(self) -> dict[str, argparse.Action]:
        """Those of them whose value must not be shown."""
        return self._having("is_secret")

    @property
    def required_args_included_in_web_ui(self) -> dict[str, argparse.Action]:
        """Those of them that need a value."""
        return self._having("is_required")

    @property
    def multiple_args_included_in_web_ui(self) -> dict[str, argparse.Action]:
        """Those of them that take several values."""
        return self._having("is_multiple")


def _advice(unknown: list[str], known: list[str]) -> list[str]:
    """A line for each unknown option that resembles a known one."""
    lines = []
    for word in unknown:
        if word.startswith("-"):
            similar = difflib.get_close_matches(word.partition("=")[0], known)
            if similar:
                lines.append(f"Did you mean {' or '.join(similar)} instead of {word}?")
    return lines


class UIExtraArgOptions(NamedTuple):
    """What a web page needs to know to ask for one additional argument."""

    default_value: str
    is_secret: bool
    is_required: bool
    help_text: str
    is_multiple: bool
    choices: list[str] | None = None


# Values


def timespan(time_str: str) -> int:
    """Seconds of a text such as 90, 20m or 1h30m."""
    try:
        return parse_timespan(time_str)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault


def positive_integer(string: str) -> int:
    """A whole number above zero."""
    number = _number(int, string)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{string} is not a whole number above zero")
    return int(number)


def gt_zero(t: str) -> float:
    """A number above zero."""
    number = _number(float, t)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{t} is not above zero")
    return number


def _number(kind: type, string: str) -> Any:
    try:
        return kind(string)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{string!r} is not a number") from fault


def json_user_config(string: str) -> list[dict[str, Any]]:
    """Settings of user classes from JSON text or from the JSON file of that name."""
    try:
        if string.endswith(".json"):
            with open(string, encoding="utf-8") as file:
                parsed = json.load(file)
        else:
            parsed = json.loads(string)
    except (OSError, ValueError) as fault:
        raise argparse.ArgumentTypeError(f"{string}: {fault}") from fault
    settings = parsed if isinstance(parsed, list) else [parsed]
    for entry in settings:
        if not isinstance(entry, dict) or "user_class_name" not in entry:
            raise argparse.ArgumentTypeError(f"{string}: each entry needs a user_class_name")
    return settings


def levels(string: str) -> str:
    """Text that lists levels of load."""
    return _checked(_core.check_stages, string)


def threshold(string: str) -> str:
    """Text that is a threshold."""
    return _checked(_core.check_threshold, string)


def rule(string: str) -> str:
    """Text that is a rule of expectations."""
    return _checked(_core.check_rule, string)


def _checked(check: Callable[[str], None], string: str) -> str:
    try:
        check(string)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault
    return string


_CONVERTERS: dict[Kind, Callable[[str], Any]] = {
    Kind.INTEGER: int,
    Kind.TIMESPAN: timespan,
    Kind.RATE: gt_zero,
    Kind.COUNT: positive_integer,
    Kind.RULE: rule,
    Kind.USER_CONFIG: json_user_config,
    Kind.STAGES: levels,
    Kind.THRESHOLD: threshold,
}


# Building the parser


class _Removed(argparse.Action):
    """Refuses an option that does not exist any more."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        parser.error(str(self.const))


def get_empty_argument_parser(
    add_help: bool = True, default_config_files: Any = DEFAULT_CONFIG_FILES
) -> LocustArgumentParser:
    """A parser that knows the options -f and --config alone."""
    parser = LocustArgumentParser(
        prog=_PROGRAM,
        default_config_files=[*default_config_files, *_suite_files(default_config_files)],
        config_file_parser_class=LocustConfigParser,
        add_env_var_help=False,
        add_config_file_help=False,
        add_help=add_help,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=argparse.SUPPRESS,
        description=textwrap.dedent(
            f"""
            Usage: {_PROGRAM} [options] [UserClass ...]
                   {_PROGRAM} target ...         (start a practice server)
                   {_PROGRAM} replay ...         (send a failed request again)
                   {_PROGRAM} completions SHELL  (complete options in bash, zsh or fish)
            """
        ),
        epilog=(
            f"Options may also stand in files: {', '.join(DEFAULT_CONFIG_FILES)},\n"
            f"{suite.FILE} or that of --config.\n"
            "Most have an environment variable, LOCUST_ and the name in capitals."
        ),
    )
    for attribute in _OPTIONS_OF_THE_EMPTY_PARSER:
        _add_option(parser, _option(attribute))
    return parser


def _suite_files(default_config_files: Any) -> list[str]:
    """The suite file, where files are read at all. Ends the process with code 2 if it is missing."""
    if not default_config_files:
        return []
    try:
        found = suite.path()
    except suite.CannotRead as fault:
        complain(str(fault))
        sys.exit(2)
    return [] if found is None else [str(found)]


def get_parser(default_config_files: Any = DEFAULT_CONFIG_FILES) -> LocustArgumentParser:
    """The whole parser, with what listeners to init_command_line_parser add to it."""
    from katydid import locust

    parser = get_empty_argument_parser(add_help=False, default_config_files=default_config_files)
    setup_parser_arguments(parser)
    locust.events.init_command_line_parser.fire(parser=parser)
    _add_options_of_ours(parser)
    return parser


def setup_parser_arguments(parser: Any) -> None:
    """Add all of Locust's options except -f and --config, which the parser has."""
    parser._optionals.title = Group.COMMON.value
    for option in OPTIONS:
        if not option.is_ours and option.attribute not in _OPTIONS_OF_THE_EMPTY_PARSER:
            _add_option(_section(parser, option.group), option)


def _add_options_of_ours(parser: Any) -> None:
    """Add what Locust does not have, in the spellings that the locustfile left free."""
    for option in OPTIONS:
        free = tuple(flag for flag in option.flags if flag not in parser._option_string_actions)
        if option.is_ours and free:
            _add_option(_section(parser, option.group), replace(option, flags=free))
        elif option.is_ours:
            parser.set_defaults(**{option.attribute: _default(option)})


def _section(parser: Any, group: Group) -> Any:
    """The part of the help that lists a group's options, made when it is first asked for."""
    if group is Group.COMMON:
        return parser
    for section in parser._action_groups:
        if section.title == group.value:
            return section
    return parser.add_argument_group(group.value, GROUP_NOTES.get(group))


def _option(attribute: str) -> Option:
    return next(option for option in OPTIONS if option.attribute == attribute)


def _add_option(section: Any, option: Option) -> None:
    """Declare one option of the table to argparse."""
    keywords: dict[str, Any] = {"help": argparse.SUPPRESS if option.help is None else option.help}
    if option.flags[0].startswith("-"):
        keywords["dest"] = option.attribute
    if option.env:
        keywords["env_var"] = option.env
    keywords |= _reading(option)
    section.add_argument(*option.flags, **keywords)


def _reading(option: Option) -> dict[str, Any]:
    """argparse's keywords for how the option's value is read."""
    if option.removed:
        nargs = 0 if option.kind is Kind.FLAG else None
        return {"action": _Removed, "const": option.removed, "nargs": nargs, "default": option.default}
    match option.kind:
        case Kind.HELP:
            return {"action": "help"}
        case Kind.VERSION:
            return {"action": "version", "version": version_line()}
        case Kind.FLAG:
            return {"action": "store_true", "default": _default(option)}
    keywords: dict[str, Any] = {"default": _default(option), "metavar": option.metavar}
    converter = option.convert or _CONVERTERS.get(option.kind)
    if converter:
        keywords["type"] = converter
    if option.choices:
        keywords["choices"] = list(option.choices)
    if option.many:
        keywords["nargs"] = "*"
    if option.repeated:
        keywords["action"] = "append"
    if option.kind is Kind.CONFIG_FILE:
        keywords["is_config_file_arg"] = True
    return keywords


def _default(option: Option) -> Any:
    """The default; that of the user classes comes from a variable of its own syntax."""
    if option.kind is Kind.FLAG:
        return bool(option.default)
    if option.attribute == "user_classes":
        return os.environ.get("LOCUST_USER_CLASSES", "").split()
    return option.default


def version_line() -> str:
    """What --version prints."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    folder = os.path.dirname(os.path.abspath(__file__))
    return f"{_PROGRAM} {_core.__version__} (Locust API {version}) from {folder} (Python {python})"


# Reading the options


def parse_options(args: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line, or `args`. Kept for old programs; use `get_parser().parse_args()`."""
    print("warning: parse_options is deprecated, use get_parser().parse_args()", file=sys.stderr)
    options: argparse.Namespace = get_parser().parse_args(args)
    return options


def parse_locustfile_option(args: list[str] | None = None) -> argparse.Namespace:
    """The options that must be known before a locustfile is imported.

    --help and --version are answered here and end the process.
    """
    parser = get_empty_argument_parser(add_help=False)
    for option in OPTIONS:
        if option.attribute in PREPARSED - set(_OPTIONS_OF_THE_EMPTY_PARSER):
            _add_option(parser, _as_plain_flag(option))
    options, _ = parser.parse_known_args(args)
    if options.help or options.version:
        get_parser().parse_args(args)
    return options


def _as_plain_flag(option: Option) -> Option:
    """Help and version as mere flags: it is the full parser that answers them."""
    if option.kind not in (Kind.HELP, Kind.VERSION):
        return option
    return Option(option.flags, option.group, option.help, Kind.FLAG)


def get_locustfiles_locally(options: Any) -> list[str]:
    """Absolute paths of the files that -f names. Ends the process with code 1 if one cannot be had."""
    if options.locustfile == "-":
        if not options.worker:
            _refuse("-f - takes the locustfile from a master, which only --worker does")
        return _locustfiles_of_master(options)
    return parse_locustfile_paths(options.locustfile.split(","))


def parse_locustfile_paths(paths: list[str]) -> list[str]:
    """Absolute paths for files, directories and URLs."""
    return [found for path in paths for found in _resolve(path.strip())]


def _resolve(path: str) -> list[str]:
    if is_url(path):
        return [download_locustfile_from_url(path)]
    if os.path.isdir(path):
        found = get_abspaths_in(path, extension=".py")
        if not found:
            _refuse(f"no locustfiles (*.py) in the directory {path}")
        return found
    if not os.path.exists(path):
        _refuse(f"locustfile {path!r} does not exist; name it with -f, --help shows how")
    if not path.endswith(".py"):
        _refuse(f"locustfile {path!r} is not a Python file: its name must end in .py")
    return [os.path.abspath(path)]


def download_locustfile_from_url(url: str) -> str:
    """Fetch a locustfile into the folder for temporary files, where it is removed at exit.

    Returns:
        Its path.
    """
    import requests

    try:
        answer = requests.get(url, timeout=60)
        answer.raise_for_status()
    except requests.RequestException as fault:
        _refuse(f"locustfile {url}: {fault}")
    try:
        ast.parse(answer.text)
    except (SyntaxError, ValueError) as fault:
        _refuse(f"locustfile {url} is not valid Python: {fault}")
    return _keep_file(os.path.basename(urlsplit(url).path) or "locustfile.py", answer.text)


def _keep_file(name: str, text: str) -> str:
    """Write a file of that name which lasts as long as the process. Returns its path."""
    folder = tempfile.mkdtemp(prefix="katydid-")  # of its own: two runs may fetch files of one name
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    atexit.register(_remove_folder, folder, os.getpid())
    return path


def _remove_folder(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # and not a process that was forked from it
        shutil.rmtree(folder, ignore_errors=True)


def _locustfiles_of_master(options: Any) -> list[str]:
    """The locustfiles that the master sends. Ends the process if it sends none."""
    # Imported here, because it needs the runners, which read this module's options.
    from katydid.command.cluster import NoRunner, base_name, fetch_locustfiles

    try:
        return [
            download_locustfile_from_url(sent)
            if isinstance(sent, str)
            else _keep_file(base_name(sent["filename"]), sent["contents"])
            for sent in fetch_locustfiles(options)
        ]
    except (NoRunner, OSError, ValueError, KeyError, TypeError) as fault:
        complain(f"-f -: {fault}")
        sys.exit(getattr(fault, "code", 1))


def exit_handler(filename: str) -> None:
    """Remove a downloaded file."""
    with contextlib.suppress(OSError):
        os.remove(filename)


def _refuse(message: str) -> NoReturn:
    complain(message)
    sys.exit(1)


# What a web page asks for


def default_args_dict() -> dict[str, Any]:
    """The command's options with their defaults, without those that a locustfile added."""
    parser = get_empty_argument_parser(add_help=False, default_config_files=())
    setup_parser_arguments(parser)
    _add_options_of_ours(parser)
    return vars(parser.parse_known_args([])[0])


def ui_extra_args_dict(args: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """The arguments that a locustfile added and a web page may ask for, with their present values."""
    known = default_args_dict()
    parser = get_parser()
    values = vars(parser.parse_args(args))
    return {
        name: UIExtraArgOptions(
            default_value=values[name],
            is_secret=action.is_secret,  # type: ignore[attr-defined]
            is_required=action.is_required,  # type: ignore[attr-defined]
            help_text=action.help,  # type: ignore[arg-type] # None without a help, as on Locust
            is_multiple=action.is_multiple,  # type: ignore[attr-defined]
            choices=list(action.choices) if action.choices else None,
        )._asdict()
        for name, action in parser.args_included_in_web_ui.items()
        if name in values and name not in known
    }
