"""What every test may rely on."""

import os
import signal

# A shell starts background jobs with SIGINT ignored, and processes inherit that. Tests send it to
# processes of their own: those must find it as a terminal would leave it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The runs of tests are nobody's history, unless a test names a store.
os.environ.setdefault("KATYDID_STORE", "none")
