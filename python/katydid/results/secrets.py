"""What must nobody read who reads about a run? Fields that are called like secrets, and known values."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from katydid.locust.env import Environment

MASK = "••••••"
"""Stands for a secret."""

_IN_NAME = (
    r"(?:passw|passphrase|pwd|secret|token|(?:api|access|private)[_-]?key|auth(?!or(?!iz))|session|credential"
    r"|signature|jwt)"
)
_WHOLE_NAME = r"(?:key|sig|sid|otp|pin|cvv|cvc)"
_NAME_PART = r"[\w.\-\[\]%]*"
_NAME = rf"(?:{_NAME_PART}{_IN_NAME}{_NAME_PART}|{_WHOLE_NAME})"

_HEADER = re.compile(rf"(?:[\w.-]*{_IN_NAME}[\w.-]*|(?:set-)?cookie2?)$", re.IGNORECASE)
_VARIABLE = re.compile(rf"[\w.-]*{_IN_NAME}[\w.-]*$", re.IGNORECASE)
_COUNT = re.compile(r"\d+$")

_SIGNS = (
    *("passw", "passphrase", "pwd", "secret", "token", "auth", "session", "credential", "signature", "jwt"),
    *("key", "sig", "sid", "otp", "pin", "cvv", "cvc", "bearer", "basic", "eyj", "@"),
)
"""Of which a text with a secret has one at least; most texts have none, and are looked through no further."""

_IN_URL = re.compile(r"(//)[^/@\s\"'<>]+@")
_IN_QUERY = re.compile(rf"([?&;]{_NAME}=)[^&#\s;\"'<>]+", re.IGNORECASE)
_IN_FORM = re.compile(rf"((?:^|&){_NAME}=)[^&\s]+", re.IGNORECASE)
_IN_JSON = re.compile(
    rf"""(?P<before>"{_NAME}"\s*:\s*)(?P<value>"(?:[^"\\]|\\.)*"?|\[[^\]]*\]?|[^\s,"{{\[\]}}]+)""",
    re.IGNORECASE,
)
_IN_REPR = re.compile(
    rf"""(?P<before>'{_NAME}'\s*:\s*)(?P<value>'(?:[^'\\]|\\.)*'?|[^\s,'"{{\[\]}}]+)""", re.IGNORECASE
)
_IN_JSON_IN_JSON = re.compile(
    rf"""(?P<before>\\+"{_NAME}\\+"\s*:\s*)(?P<value>\\+"(?:(?!\\+").)*(?:\\+")?|[^\s,\\"{{\[\]}}]+)""",
    re.IGNORECASE | re.DOTALL,
)
_IN_XML = re.compile(rf"(<(?:[\w.-]+:)?{_NAME}(?:\s[^<>]*)?>)[^<]+", re.IGNORECASE)
_IN_INPUT = re.compile(rf"""(\bname=["']{_NAME}["'][^<>]*?\bvalue=["'])[^"'<>]+""", re.IGNORECASE)
_IN_PARTS = re.compile(
    rf'(\bname="{_NAME}"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n).+?(?=\r?\n--|\Z)', re.IGNORECASE | re.DOTALL
)
_SCHEME = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_WEB_TOKEN = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*")


def masked(text: str) -> str:
    """Text without the values of secret fields, be they JSON, XML, a form, the query of a URL or a header."""
    small = text.lower()
    if not any(sign in small for sign in _SIGNS):
        return text
    text = _IN_JSON.sub(_field, text)
    text = _IN_REPR.sub(lambda found: _field(found, "'"), text)
    text = _IN_JSON_IN_JSON.sub(lambda found: _field(found, '\\"'), text)
    for pattern in (_IN_XML, _IN_INPUT, _IN_PARTS, _IN_FORM):
        text = pattern.sub(rf"\1{MASK}", text)
    text = _WEB_TOKEN.sub(MASK, _SCHEME.sub(rf"\1 {MASK}", text))
    return masked_url(text)


def _field(found: re.Match[str], quote_mark: str = '"') -> str:
    """A field without its value; how many tokens were used is none."""
    before, value = found["before"], found["value"]
    if _COUNT.match(value) and before.lower().rstrip(" :\\\"'").endswith("tokens"):
        return before + value
    return f"{before}{quote_mark}{MASK}{quote_mark}"


def masked_url(url: str) -> str:
    """A URL without a password and without the values of secret parameters."""
    return _IN_QUERY.sub(rf"\1{MASK}", _IN_URL.sub(rf"\1{MASK}@", url))


def masked_header(name: str, value: str, most: int | None = None) -> str:
    """The beginning of a header's value, if it is none that lets others in."""
    if not _HEADER.match(name):
        return masked(value[:most])
    scheme, blank, _ = value.partition(" ")
    return f"{scheme} {MASK}" if blank and scheme.isalpha() else MASK


SHORTEST_OPTION = 4
"""Characters from which on the value of a secret option is looked for in other texts."""

SHORTEST_VARIABLE = 8
"""The same for variables of the environment, of which nobody said that they are secret."""

_secret_options: WeakKeyDictionary[Environment, list[str]] = WeakKeyDictionary()


def known_values(environment: Environment) -> list[str]:
    """What is known to be secret: the page's password, secret options, variables with such names."""
    options = environment.parsed_options
    values = {str(getattr(options, name, None) or "") for name in names_of_options(environment)}
    pair = getattr(options, "web_auth", None) or os.environ.get("LOCUST_BASIC_AUTH", "")
    values.update(pair.partition(":")[2:])
    values.update((getattr(options, "katydid_web_token", None) or "").split(","))
    values = {value for value in values if len(value) >= SHORTEST_OPTION}
    values |= {value for name, value in os.environ.items() if _is_secret_variable(name, value)}
    values |= {quote(value, safe="") for value in values}
    return sorted(values, key=len, reverse=True)


def _is_secret_variable(name: str, value: str) -> bool:
    """Addresses and paths are where secrets are, not secrets."""
    is_place = "://" in value or value.startswith(("/", "."))
    return len(value) >= SHORTEST_VARIABLE and not is_place and _VARIABLE.match(name) is not None


def names_of_options(environment: Environment) -> list[str]:
    """The locustfile's options that are secret. Listeners to init_command_line_parser are asked once."""
    from katydid.locust.argument_parser import get_parser

    if environment.parsed_options is None:
        return []
    names = _secret_options.get(environment)
    if names is None:
        names = list(get_parser().secret_args_included_in_web_ui)
        _secret_options[environment] = names
    return names


def shown(content: Any, environment: Environment) -> Any:
    """A document without what is known to be secret in this environment."""
    texts = "\0".join(_texts_of(content))
    present = [value for value in known_values(environment) if value in texts]
    return without(content, present) if present else content


def _texts_of(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, (dict, list)):
        for item in content.values() if isinstance(content, dict) else content:
            yield from _texts_of(item)


def without(content: Any, values: Iterable[str]) -> Any:
    """A document without these values, wherever its texts contain them."""
    if isinstance(content, str):
        for value in values:
            content = content.replace(value, MASK)
        return content
    if isinstance(content, dict):
        return {key: without(item, values) for key, item in content.items()}
    if isinstance(content, list):
        return [without(item, values) for item in content]
    return content
