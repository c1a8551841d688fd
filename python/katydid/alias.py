"""How can `import locust` find this package while nothing called locust is installed by us?

Through one finder in ``sys.meta_path``. It resolves ``locust`` and each ``locust.x.y`` to the module object
of ``katydid.locust`` and ``katydid.locust.x.y``: the same object, never a second copy. Metadata of an
installed stock Locust stays what it is, because the finder answers imports only.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_loader
from types import ModuleType

_ALIAS = "locust"
_REAL = "katydid.locust"
_PROGRAM = "locust.__main__"


class _AliasLoader:
    """Hands out a module that is already imported under its real name."""

    def __init__(self, real_name: str) -> None:
        self._real_name = real_name
        self._real_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._real_name)
        self._real_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just put the alias's spec on the module; the real one must stay.
        module.__spec__ = self._real_spec
        _register_imported()


def _register_imported() -> None:
    """Enter under its alias each module that is there under its real name.

    Otherwise its first import by that alias would bind it in its package, over what the package has bound
    to the name since: `locust.user.task` is the decorator, not the module, once `locust.user` is imported.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith(_REAL + "."):
            sys.modules.setdefault(_ALIAS + name[len(_REAL) :], module)


class _AliasFinder:
    """Finds modules below ``locust`` where this package has one of that path."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _ALIAS and not name.startswith(_ALIAS + "."):
            return None
        if name == _PROGRAM:
            return None  # `python -m locust` wants a file's own code, and finds it in the package's folder
        real_name = _REAL + name[len(_ALIAS) :]
        real_spec = find_spec(real_name)
        if real_spec is None:
            return None
        return spec_from_loader(
            name,
            _AliasLoader(real_name),  # type: ignore[arg-type]
            origin=real_spec.origin,
            is_package=real_spec.submodule_search_locations is not None,
        )


def alias_locust() -> None:
    """Let ``import locust`` mean ``katydid.locust`` in this process. Calling it twice is harmless.

    Raises:
        RuntimeError: another package called locust has been imported already.
    """
    imported = sys.modules.get(_ALIAS)
    if imported is not None and imported is not sys.modules.get(_REAL):
        raise RuntimeError(
            f"locust is already imported from {imported.__file__}; call katydid.alias_locust() before that"
        )
    if not any(isinstance(finder, _AliasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AliasFinder())
