"""What every test may rely on."""

import signal

# A shell starts background jobs with SIGINT ignored, and processes inherit that. Tests send it to
# processes of their own: those must find it as a terminal would leave it.
signal.signal(signal.SIGINT, signal.default_int_handler)
