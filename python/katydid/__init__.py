"""katydid: runs Locust test suites, unmodified, on a fast and honest engine.

The ``katydid`` command prepares its process by itself. A program that uses the classes as a library says
so, before it imports anything that opens sockets::

    import katydid

    katydid.patch()         # gevent's cooperative sockets, sleeps and locks
    katydid.alias_locust()  # optional: `import locust` now means `katydid.locust`

    from katydid.locust import HttpUser, task
    from katydid.locust.env import Environment

Importing ``katydid`` or ``katydid.locust`` changes nothing in the process.
"""

from .alias import alias_locust
from .substrate import patch
from .verdict import Check, check

__all__ = ["Check", "alias_locust", "check", "patch"]
