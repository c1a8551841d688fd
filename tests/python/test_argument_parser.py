"""Options come from the command line, variables and files, in this order of precedence."""

import json
from pathlib import Path

import pytest
from katydid.command.option import Kind
from katydid.command.options import OPTIONS
from katydid.locust import argument_parser
from katydid.locust.argument_parser import (
    default_args_dict,
    get_locustfiles_locally,
    get_parser,
    json_user_config,
    parse_locustfile_option,
    parse_locustfile_paths,
    ui_extra_args_dict,
)


@pytest.fixture(autouse=True)
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without configuration, and no variables from outside."""
    import os

    for name in list(os.environ):
        if name.startswith(("LOCUST_", "KATYDID_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parse(*arguments: str) -> object:
    return get_parser().parse_args(list(arguments))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The message of a command line that ends with code 2."""
    with pytest.raises(SystemExit) as ended:
        parse(*arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


DEFAULTS = {
    "locustfile": "locustfile.py", "config": None, "host": None, "num_users": None, "spawn_rate": None,
    "run_time": None, "list_commands": False, "config_users": None, "web_host": "",
    "web_host_display_name": None, "web_port": 8089, "headless": False, "autostart": False, "autoquit": -1,
    "headful": False, "web_auth": None, "web_login": False, "tls_cert": "", "tls_key": "",
    "class_picker": False, "build_path": "", "legacy_ui": False, "web_base_path": "", "master": False,
    "master_bind_host": "*", "master_bind_port": 5557, "expect_workers": 1, "expect_workers_max_wait": 0,
    "enable_rebalancing": False, "expect_slaves": None, "worker": False, "slave": None, "processes": None,
    "master_host": "127.0.0.1", "master_port": 5557, "tags": None, "exclude_tags": None, "csv_prefix": None,
    "stats_history_enabled": False, "print_stats": False, "only_summary": False, "reset_stats": False,
    "html_file": None, "json": False, "json_file": None, "skip_log_setup": False, "loglevel": "INFO",
    "logfile": None, "show_task_ratio": False, "show_task_ratio_json": False, "exit_code_on_error": 1,
    "stop_timeout": 0, "equal_weights": False, "profile": None, "otel": False, "user_classes": [],
}  # fmt: skip


def test_every_option_of_locust_has_its_attribute_and_default() -> None:
    options = vars(parse())
    ours = {option.attribute for option in OPTIONS if option.is_ours}
    assert all(name.startswith("katydid_") for name in ours)
    assert {name: value for name, value in options.items() if name not in ours} == DEFAULTS


def test_flags_and_variables_are_unique() -> None:
    flags = [flag for option in OPTIONS for flag in option.flags]
    variables = [option.env for option in OPTIONS if option.env]
    assert len(flags) == len(set(flags))
    assert len(variables) == len(set(variables))


def test_every_visible_option_is_explained() -> None:
    help_text = get_parser().format_help()
    for option in OPTIONS:
        if option.help is None:
            assert not option.flags[0].startswith("--") or f" {option.flags[0]} " not in help_text
        elif option.kind is not Kind.HELP:
            assert option.flags[0] in help_text or option.metavar in help_text, option.flags


@pytest.mark.parametrize(
    ("arguments", "attribute", "value"),
    [
        (["-u", "5"], "num_users", 5),
        (["--user", "3"], "num_users", 3),
        (["-u", "0"], "num_users", 0),
        (["-r", "0.5"], "spawn_rate", 0.5),
        (["--run", "1h30m"], "run_time", 5400),
        (["-t", "90"], "run_time", 90),
        (["-s", "2m"], "stop_timeout", 120),
        (["-L", "debug"], "loglevel", "DEBUG"),
        (["--web-host", "*"], "web_host", "*"),
        (["-T", "a", "b"], "tags", ["a", "b"]),
        (["-T", "a", "--", "U"], "user_classes", ["U"]),
        (["-P", "80"], "web_port", 80),
        (["--csv", "x", "--csv-full-history"], "stats_history_enabled", True),
        (["-q"], "katydid_quiet", True),
    ],
)
def test_command_line(arguments: list[str], attribute: str, value: object) -> None:
    assert getattr(parse(*arguments), attribute) == value


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["-t", "3x"], "--run-time"),
        (["-r", "0"], "not above zero"),
        (["-r", "fast"], "'fast' is not a number"),
        (["--expect-workers", "0"], "above zero"),
        (["--loglevel", "LOUD"], "LOUD"),
        (["--slave"], "--worker"),
        (["--hedless"], "Did you mean --headless"),
        (["--config-users", "{"], "--config-users"),
        (["--config-users", "missing.json"], "missing.json"),
    ],
)
def test_refusals_are_one_line_without_usage(
    arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, *arguments)
    assert message.startswith("katydid: error: ")
    assert part in message
    assert "sage" not in message


def test_precedence(quiet_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = quiet_place / "home" / ".locust.conf"
    files = [home, quiet_place / "locust.conf", quiet_place / "pyproject.toml", quiet_place / "given.conf"]
    texts = ["users = 1", "users: 2", "[tool.locust]\nusers = 3", "u 4"]
    for number, (file, text) in enumerate(zip(files, texts, strict=True), start=1):
        file.write_text(text)
        given = ["--config", "given.conf"] if number == 4 else []
        assert parse(*given).num_users == number  # type: ignore[attr-defined]
    monkeypatch.setenv("LOCUST_USERS", "5")
    assert parse("--config", "given.conf").num_users == 5  # type: ignore[attr-defined]
    assert parse("--config", "given.conf", "-u", "6").num_users == 6  # type: ignore[attr-defined]


def test_toml_values(quiet_place: Path) -> None:
    (quiet_place / "pyproject.toml").write_text(
        '[tool.locust]\nheadless = true\nspawn-rate = 2.5\ntags = ["a", "b"]\nrun-time = "1m"\n'
    )
    options = parse()
    values = (options.headless, options.spawn_rate, options.tags, options.run_time)  # type: ignore[attr-defined]
    assert values == (True, 2.5, ["a", "b"], 60)


def test_a_toml_file_without_our_table_says_nothing(quiet_place: Path) -> None:
    (quiet_place / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert parse().num_users is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("locust.conf", "no-such-option = 1"),
        ("pyproject.toml", "[tool.locust"),
        ("locust.conf", "user_classes = U"),
    ],
)
def test_bad_files_end_with_code_2(
    quiet_place: Path, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (quiet_place / name).write_text(text)
    refused(capsys)


@pytest.mark.parametrize(
    ("variable", "value", "attribute", "expected"),
    [
        ("LOCUST_HEADLESS", "yes", "headless", True),
        ("LOCUST_HEADLESS", "off", "headless", False),
        ("LOCUST_TAGS", "[a, b]", "tags", ["a", "b"]),
        ("LOCUST_TAGS", "a b", "tags", ["a b"]),
        ("LOCUST_USER_CLASSES", "A B", "user_classes", ["A", "B"]),
        ("LOCUST_MASTER_NODE_HOST", "master", "master_host", "master"),
        ("KATYDID_QUIET", "1", "katydid_quiet", True),
    ],
)
def test_variables(
    variable: str, value: str, attribute: str, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(parse(), attribute) == expected


def test_user_config_from_text_and_file(quiet_place: Path) -> None:
    entry = {"user_class_name": "U", "weight": 2}
    assert json_user_config(json.dumps(entry)) == [entry]
    (quiet_place / "users.json").write_text(json.dumps([entry, entry]))
    assert json_user_config("users.json") == [entry, entry]


def test_listeners_extend_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    from katydid import locust

    monkeypatch.setattr(locust, "events", locust.Events())

    @locust.events.init_command_line_parser.add_listener
    def extend(parser: argument_parser.LocustArgumentParser) -> None:
        parser.add_argument("--mine", default="m", help="my own", is_required=True)
        parser.add_argument("--hidden", include_in_web_ui=False)
        parser.add_argument("--token", is_secret=True, default="t")
        parser.add_argument("--many", nargs="*", is_multiple=True, choices=["a", "b"])

    assert parse("--mine", "x").mine == "x"  # type: ignore[attr-defined]
    assert set(get_parser().secret_args_included_in_web_ui) == {"token"}
    assert set(get_parser().required_args_included_in_web_ui) == {"mine"}
    assert set(get_parser().multiple_args_included_in_web_ui) == {"many"}
    extra = ui_extra_args_dict(["--mine", "y"])
    assert set(extra) == {"mine", "token", "many"}
    assert extra["mine"] == {
        "default_value": "y",
        "is_secret": False,
        "is_required": True,
        "help_text": "my own",
        "is_multiple": False,
        "choices": None,
    }
    assert extra["many"]["choices"] == ["a", "b"]
    assert "mine" not in default_args_dict()


class TestLocustfiles:
    def test_files_directories_and_lists(self, quiet_place: Path) -> None:
        folder = quiet_place / "tests" / "deep"
        folder.mkdir(parents=True)
        for path in (
            quiet_place / "one.py",
            folder / "two.py",
            folder / "_private.py",
            folder / "readme.txt",
        ):
            path.write_text("")
        assert parse_locustfile_paths(["one.py", " tests "]) == [
            str(quiet_place / "one.py"),
            str(folder / "two.py"),
        ]

    @pytest.mark.parametrize(
        ("argument", "part"),
        [
            ("missing.py", "missing.py"),
            ("readme.txt", "must end in .py"),
            ("empty", "no locustfiles"),
            ("-", "--worker"),
        ],
    )
    def test_refusals_end_with_code_1(
        self, quiet_place: Path, argument: str, part: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (quiet_place / "readme.txt").write_text("")
        (quiet_place / "empty").mkdir()
        with pytest.raises(SystemExit) as ended:
            get_locustfiles_locally(parse_locustfile_option(["-f", argument]))
        assert ended.value.code == 1
        assert part in capsys.readouterr().err

    def test_unknown_options_are_left_for_later(self, quiet_place: Path) -> None:
        (quiet_place / "locustfile.py").write_text("")
        options = parse_locustfile_option(["--added-by-the-file", "1"])
        assert get_locustfiles_locally(options) == [str(quiet_place / "locustfile.py")]
        assert options.master is False

    def test_version_needs_no_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            parse_locustfile_option(["-V"])
        assert ended.value.code == 0
        assert capsys.readouterr().out.startswith("katydid ")
