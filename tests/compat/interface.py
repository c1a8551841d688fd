"""What is behind each public name? Printed as JSON: kind, parameters, value, and a class's base classes.

Reads full names from standard input; `test_interface.py` runs it with stock Locust and with katydid.
"""

import importlib
import inspect
import json
import sys

if "--katydid" in sys.argv:
    import katydid

    katydid.patch()
    katydid.alias_locust()

PLAIN = (int, float, str, bool, list, tuple, dict, set, type(None))
NO_DEFAULT = "none"


def find(name):
    """The object called `name`, as its holder has it; raises LookupError if there is none."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            found = inspect.getattr_static(found, part, None) if part in dir(found) else nothing(name)
        return found
    return nothing(name)


def nothing(name):
    raise LookupError(name)


def parameters(function):
    """By name: kind and default. None where the function does not tell."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return None
    return {
        name: [parameter.kind.name, shown(parameter.default)]
        for name, parameter in signature.parameters.items()
    }


def shown(value):
    """A value, or what kind of thing it is where its text would tell of addresses and paths."""
    if value is inspect.Parameter.empty:
        return NO_DEFAULT
    if isinstance(value, PLAIN) and "/" not in repr(value):
        return repr(value)
    return type(value).__name__


def full_name(cls):
    return f"{cls.__module__}.{cls.__qualname__}".removeprefix("katydid.")


def describe(value):
    if isinstance(value, (classmethod, staticmethod)):
        value = value.__func__
    if inspect.isclass(value):
        return {
            "kind": "class",
            "bases": [full_name(base) for base in value.__mro__[1:]],
            "parameters": parameters(value.__init__),
        }
    if inspect.isroutine(value):
        return {"kind": "function", "parameters": parameters(value)}
    if isinstance(value, PLAIN):
        return {"kind": "value", "value": shown(value)}
    return {"kind": "value"}


answers = {}
for line in sys.stdin.read().split():
    try:
        answers[line] = describe(find(line))
    except LookupError:
        answers[line] = None
print(json.dumps(answers))
