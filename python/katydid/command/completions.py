"""How does a shell complete the command's options? By a script made of the table of options.

`katydid completions bash` prints it; so do `zsh` and `fish`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from .option import Kind, Option
from .options import OPTIONS

SUBCOMMANDS = {
    "target": "start a practice server",
    "replay": "send a failed request of a run again",
    "runs": "list the stored runs",
    "history": "serve the pages about stored runs",
    "show": "show a stored run",
    "report": "write the report of a stored run",
    "export": "write a stored run's measurements for other programs",
    "compare": "hold a stored run against another",
    "baseline": "give stored runs names to hold others against",
    "completions": "print a script that completes this command in a shell",
}
"""What the command does besides running locustfiles."""

_EXIT_FINE = 0
_EXIT_USAGE = 2
_PROGRAM = "katydid"
_VALUELESS = (Kind.FLAG, Kind.HELP, Kind.VERSION)
_PATHS = (Kind.FILE, Kind.CONFIG_FILE)


def completions_main(argv: list[str]) -> int:
    """Print the script for the shell that the arguments name. Returns the exit code."""
    make = SCRIPTS.get(argv[0]) if len(argv) == 1 else None
    if make is None:
        usage = f"usage: {_PROGRAM} completions {'|'.join(SCRIPTS)}"
        wants_help = argv in (["-h"], ["--help"])
        print(usage, file=sys.stdout if wants_help else sys.stderr)
        return _EXIT_FINE if wants_help else _EXIT_USAGE
    sys.stdout.write(make())
    return _EXIT_FINE


def _completed() -> list[Option]:
    """The options that are offered: those of the help, without the user classes."""
    return [option for option in OPTIONS if option.help is not None and option.flags[0].startswith("-")]


def bash_script() -> str:
    """The script for bash, to be sourced."""
    options = _completed()
    words = " ".join(flag for option in options for flag in option.flags)
    values = [option for option in options if option.kind not in _VALUELESS]
    paths = "|".join(flag for option in values if option.kind in _PATHS for flag in option.flags)
    others = "|".join(
        flag for option in values if option.kind not in _PATHS and not option.choices for flag in option.flags
    )
    choices = "".join(
        f"    {'|'.join(option.flags)})\n"
        f'      mapfile -t COMPREPLY < <(compgen -W "{" ".join(option.choices)}" -- "$word"); return ;;\n'
        for option in values
        if option.choices
    )
    return f"""# bash completion of {_PROGRAM}
_{_PROGRAM}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words="{words}"
  COMPREPLY=()
  case $before in
{choices}    {paths})
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    {others}) return ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="{" ".join(SUBCOMMANDS)} $words"
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}}
complete -F _{_PROGRAM} {_PROGRAM}
"""


def zsh_script() -> str:
    """The script for zsh, to be stored as `_katydid` in a folder of its `fpath`, or sourced."""
    lines = [_zsh_line(option) for option in _completed()]
    subcommands = " ".join(_quoted(f"{name}:{text}") for name, text in SUBCOMMANDS.items())
    arguments = " \\\n    ".join([*lines, "'1: :->first'", "'*: : '"])
    return f"""#compdef {_PROGRAM}
_{_PROGRAM}() {{
  local state
  local -a subcommands=({subcommands})
  _arguments -s \\
    {arguments}
  [[ $state = first ]] && _describe command subcommands
  return 0
}}
compdef _{_PROGRAM} {_PROGRAM}
"""


def _zsh_line(option: Option) -> str:
    text = (
        (option.help or "").replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
    )
    value = ""
    if option.kind in _PATHS:
        value = ":file:_files"
    elif option.choices:
        value = f":value:({' '.join(option.choices)})"
    elif option.kind not in _VALUELESS:
        value = ":value: "
    description = _quoted(f"[{text}]{value}")
    if len(option.flags) == 1:
        return f"{option.flags[0]}{description}"
    return f"'({' '.join(option.flags)})'{{{','.join(option.flags)}}}{description}"


def fish_script() -> str:
    """The script for fish, to be sourced."""
    lines = [
        f"complete -c {_PROGRAM} -n __fish_use_subcommand -f -a {name} -d {_quoted_for_fish(text)}"
        for name, text in SUBCOMMANDS.items()
    ]
    lines += [_fish_line(option) for option in _completed()]
    return "\n".join([f"# fish completion of {_PROGRAM}", *lines, ""])


def _fish_line(option: Option) -> str:
    words = ["complete", "-c", _PROGRAM]
    for flag in option.flags:
        words += ["-l", flag[2:]] if flag.startswith("--") else ["-s", flag[1:]]
    if option.kind in _PATHS:
        words += ["-r", "-F"]
    elif option.choices:
        words += ["-x", "-a", _quoted_for_fish(" ".join(option.choices))]
    elif option.kind not in _VALUELESS:
        words += ["-x"]
    return " ".join([*words, "-d", _quoted_for_fish(option.help or "")])


def _quoted(text: str) -> str:
    """As one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _quoted_for_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SCRIPTS: dict[str, Callable[[], str]] = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}
"""Who makes the script for a shell."""
