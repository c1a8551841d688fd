"""What a run measured, for Python: views of the native statistics under Locust's names.

`katydid.locust.stats` is where users find these classes. Its constants are settings that a locustfile may
assign, so the modules here read them there, where they are used; it is imported first because of that.
"""

import katydid.locust.stats as _settings  # noqa: F401
