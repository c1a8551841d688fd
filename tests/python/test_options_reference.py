"""The page of options and the shells' scripts are made of the one table, and say all of it."""

import re
import subprocess
from pathlib import Path

import pytest
from katydid.command.completions import SCRIPTS, completions_main
from katydid.command.option import Group, Kind, Option
from katydid.command.options import OPTIONS
from katydid.command.reference import options_page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "options.md"

VISIBLE = [option for option in OPTIONS if option.help is not None and option.group is not Group.CLASSES]


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == options_page(), (
        "write it anew with: python -m katydid.command.reference docs/reference/options.md"
    )


@pytest.mark.parametrize("option", VISIBLE, ids=lambda option: option.attribute)
def test_the_page_tells_of_every_option(option: Option) -> None:
    [row] = re.findall(rf"^\| `{re.escape(option.flags[0])}`[ ,].*\|$", options_page(), re.MULTILINE)
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
    assert len(cells) == 5
    assert all(f"`{flag}`" in cells[0] for flag in option.flags)
    assert cells[1] == (f"`{option.env}`" if option.env else "-")


def test_each_row_of_the_page_is_a_row() -> None:
    rows = [line for line in options_page().splitlines() if line.startswith("| `-")]
    assert len(rows) == len(VISIBLE) + len([option for option in OPTIONS if option.removed])


def completed(line: str, tmp_path: Path) -> list[str]:
    """What bash offers at the end of `line`."""
    words = line.split(" ")
    script = f"""
        source <(cat)
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
        _katydid
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script],
        input=SCRIPTS["bash"](),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("katydid --run", ["--run-time"]),
        ("katydid --json", ["--json", "--json-file"]),
        ("katydid tar", ["target"]),
        ("katydid -u 1 tar", []),
        ("katydid -L W", ["WARNING"]),
        ("katydid --loglevel ", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
        ("katydid -f loc", ["locustfile.py"]),
        ("katydid --host --", []),
        ("katydid --headless --no-such", []),
    ],
)
def test_bash_completes(line: str, offered: list[str], tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text("")
    assert completed(line, tmp_path) == offered


def test_zsh_and_fish_know_every_option() -> None:
    zsh, fish = SCRIPTS["zsh"](), SCRIPTS["fish"]()
    for option in VISIBLE:
        for flag in option.flags:
            assert re.search(rf"[ {{,(]{re.escape(flag)}[ }},)'\[]", zsh), flag
            assert re.search(rf" {'-l ' + flag[2:] if flag[:2] == '--' else '-s ' + flag[1:]} ", fish), flag


def test_values_are_asked_for_where_there_are_any() -> None:
    """In fish -r and -x say that an option takes a value, in zsh a colon after the description."""
    fish, zsh = SCRIPTS["fish"]().splitlines(), SCRIPTS["zsh"]().splitlines()
    for option in VISIBLE:
        takes_value = option.kind not in (Kind.FLAG, Kind.HELP, Kind.VERSION)
        word = "-l " + next(flag for flag in option.flags if flag.startswith("--"))[2:] + " "
        [line] = [line for line in fish if word in line]
        assert takes_value == bool(re.search(r" -[rx] ", line)), line
        [line] = [line for line in zsh if re.match(rf"    ('\()?{re.escape(option.flags[0])}[ '\[]", line)]
        assert takes_value == bool(re.search(r"(?<!\\)\]:", line)), line


@pytest.mark.parametrize(
    ("arguments", "code"), [(["bash"], 0), (["--help"], 0), ([], 2), (["tcsh"], 2), (["bash", "zsh"], 2)]
)
def test_the_command(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert completions_main(arguments) == code
    said = capsys.readouterr()
    assert bool(said.out) == (code == 0)
    assert bool(said.err) == (code == 2)
