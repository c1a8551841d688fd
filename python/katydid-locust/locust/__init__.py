"""katydid under Locust's name: importing this is importing `katydid.locust`.

As Locust does, and unlike `import katydid`, it makes the standard library cooperative for gevent, unless the
environment variable LOCUST_SKIP_MONKEY_PATCH is set.
"""

import sys

import katydid

katydid.patch()

import katydid.locust  # noqa: E402 - what opens sockets is imported patched

sys.modules[__name__] = katydid.locust
katydid.alias_locust()
