"""How does a process become one in which users are greenlets?

By gevent's monkey patching, done once and before anything imports sockets. No import of this package patches:
only the command (``katydid.__main__``) and programs that call :func:`patch` do.
"""

import os
import sys

_SKIP_MONKEY_PATCH = "LOCUST_SKIP_MONKEY_PATCH"
_SKIP_URLLIB3_PATCH = "LOCUST_SKIP_URLLIB3_PATCH"
_PLAYWRIGHT = "LOCUST_PLAYWRIGHT"


def patch() -> None:
    """Make blocking calls of the standard library cooperative, unless the environment says not to.

    Calling it twice is harmless. ``LOCUST_SKIP_MONKEY_PATCH`` and ``LOCUST_SKIP_URLLIB3_PATCH`` (any
    non-empty value) each leave out their part, as in Locust.
    """
    if os.environ.get(_PLAYWRIGHT):
        _import_trio_first()
    if os.environ.get(_SKIP_MONKEY_PATCH):
        return
    from gevent import monkey

    if not monkey.is_module_patched("socket"):
        monkey.patch_all()
        os.register_at_fork(before=_hear_of_children)
    if not os.environ.get(_SKIP_URLLIB3_PATCH):
        _patch_urllib3_queue()


def _hear_of_children() -> None:
    """Before a fork: gevent begins to listen for the ends of children after the first one, maybe too late."""
    import gevent

    loop = gevent.get_hub().loop
    if loop.default:  # others hear of no children at all
        loop.install_sigchld()


def _patch_urllib3_queue() -> None:
    """Give urllib3's connection pools gevent's queue: the standard one was bound at import."""
    import urllib3.connectionpool
    from gevent.queue import LifoQueue

    urllib3.connectionpool.ConnectionPool.QueueCls = LifoQueue  # type: ignore[assignment]


def _import_trio_first() -> None:
    """trio must see the unpatched modules, so with Playwright it is imported before we patch."""
    try:
        import trio  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        sys.exit(f"katydid: {_PLAYWRIGHT} is set, which needs the package trio: pip install trio")
