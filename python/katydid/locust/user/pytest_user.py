"""How can functions written for pytest generate load? Each `test_…` function becomes a class of users.

A user of such a class calls its function over and over. What the function asks for by the names of its
parameters it gets once and keeps: `session` (an `HttpSession`), `fastsession` (a `FastHttpSession`), `user`,
or what a fixture of the file, or of a conftest.py beside it, returns or yields. pytest itself is not needed.
"""

from __future__ import annotations

import importlib.util
import inspect
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from requests.exceptions import RequestException

from katydid.http.fastfailure import ConnectionError as FastConnectionError

from ..clients import HttpSession
from ..exception import CatchResponseError
from .users import User

logger = logging.getLogger("locust.user.users")

Fixtures = dict[str, Callable[..., Any]]
"""Functions that make what tests ask for, by the name they are asked for."""

_CONFTEST = "conftest"
_FUNCTION_PREFIX = "test_"
_CLASS_PREFIX = "Test"


class PytestUser(User):
    """A user that calls test functions in turn, without a pause; `load_locustfile_pytest` makes them."""

    abstract = True

    functions: list[Callable[..., Any]] = []
    """The test functions."""

    fixture_functions: Fixtures = {}
    """What the functions may ask for beside the built-in fixtures."""

    def on_start(self) -> None:
        """Make the fixtures that the functions ask for, once."""
        self._teardown = ExitStack()
        self._made: dict[str, Any] = {}
        self.fixtures = [
            {name: self._fixture(name) for name in _parameters(function)} for function in self.functions
        ]

    def on_stop(self) -> None:
        """Let fixtures that yielded clean up."""
        self._teardown.close()

    def _run_tests(self) -> None:
        for function, arguments in zip(self.functions, self.fixtures, strict=True):
            try:
                function(**arguments)
            except (RequestException, CatchResponseError, FastConnectionError) as fault:
                if isinstance(fault, ValueError):  # a mistake in the call, no answer of the server
                    raise
                logger.debug("%s ended with %r", type(self).__name__, fault)

    tasks = [_run_tests]

    def _fixture(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Any:
        if name in self.fixture_functions:
            function = self.fixture_functions[name]
            made = function(**{needed: self._fixture(needed) for needed in _parameters(function)})
            return self._teardown.enter_context(_one_of(made)) if inspect.isgenerator(made) else made
        return _BUILT_IN[name](self)


def _session(user: PytestUser) -> HttpSession:
    session = HttpSession(user.host, user.environment.events.request, user)
    session.trust_env = False
    return session


def _fast_session(user: PytestUser) -> Any:
    from ..contrib.fasthttp import FastHttpSession

    return FastHttpSession(base_url=user.host, request_event=user.environment.events.request, user=user)


_BUILT_IN: dict[str, Callable[[PytestUser], Any]] = {
    "session": _session,
    "fastsession": _fast_session,
    "user": lambda user: user,
}


@contextmanager
def _one_of(fixture: Iterator[Any]) -> Iterator[Any]:
    """What a generator yields first, for a while; then the rest of the generator runs."""
    yield next(fixture)
    next(fixture, None)


def _parameters(function: Callable[..., Any]) -> list[str]:
    """The names that a function asks for; those with a default it does not need."""
    parameters = inspect.signature(function).parameters.values()
    return [parameter.name for parameter in parameters if parameter.default is parameter.empty]


def load_locustfile_pytest(path: str) -> dict[str, type[User]]:
    """Make a user class of each test function in the file at `path`.

    Returns:
        The classes by the functions' names; functions of one name make one class.

    Raises:
        ValueError: a function asks for a fixture that is not there.
    """
    module = _module(path)
    fixtures = _fixtures(path, module)
    functions: dict[str, list[Callable[..., Any]]] = {}
    for name, function in _test_functions(module):
        _require_fixtures(name, function, fixtures)
        functions.setdefault(name, []).append(function)
    return {
        name: type(
            name,
            (PytestUser,),
            {"functions": found, "fixture_functions": fixtures, "__module__": module.__name__},
        )
        for name, found in functions.items()
    }


def _module(path: str) -> ModuleType:
    """The module of a file, which may have been imported already."""
    path = os.path.abspath(path)
    name = os.path.splitext(os.path.basename(path))[0]
    for known in (name, "locustfile"):
        module = sys.modules.get(known)
        if module is not None and getattr(module, "__file__", None) == path:
            return module
    return _imported(name, path)


def _imported(name: str, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _fixtures(path: str, module: ModuleType) -> Fixtures:
    """The fixtures of a module, and of the conftest.py beside it."""
    beside = os.path.join(os.path.dirname(os.path.abspath(path)), f"{_CONFTEST}.py")
    modules = [_imported(_CONFTEST, beside)] if os.path.exists(beside) else []
    found: Fixtures = {}
    for source in (*modules, module):
        for name, member in vars(source).items():
            function = _fixture_function(member)
            if function is not None:
                found[getattr(member, "name", None) or name] = function
    return found


def _fixture_function(member: Any) -> Callable[..., Any] | None:
    """The function that `pytest.fixture` decorated, if it did."""
    if type(member).__name__ != "FixtureFunctionDefinition":
        return None
    function: Callable[..., Any] = member._get_wrapped_function()
    return function


def _test_functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Test functions of a module in order, and methods of its test classes, each class made once."""
    for name, member in vars(module).items():
        if name.startswith(_FUNCTION_PREFIX) and inspect.isfunction(member):
            yield name, member
        elif name.startswith(_CLASS_PREFIX) and inspect.isclass(member):
            instance = member()
            for method in vars(member):
                if method.startswith(_FUNCTION_PREFIX):
                    yield method, getattr(instance, method)


def _require_fixtures(name: str, function: Callable[..., Any], fixtures: Fixtures) -> None:
    """Check that all that a function needs, and its fixtures need, can be made."""
    for needed in _parameters(function):
        if needed in fixtures:
            _require_fixtures(needed, fixtures[needed], {k: v for k, v in fixtures.items() if k != needed})
        elif needed not in _BUILT_IN:
            raise ValueError(
                f"{name} asks for {needed!r}, which is no fixture here: there are "
                + ", ".join(sorted({*_BUILT_IN, *fixtures}))
            )
