"""The users' thread's side of the control plane: what it publishes and how it answers commands.

The server itself is native and has threads of its own (`katydid._core.Control`). It shows what was published
last, so it answers while users are busy; what changes a run reaches this package as a command.

Reading order: `recording` (what is published) and `documents` (made of what), `desk` (who takes commands),
`routes` and `start` (what they do), `application` (Flask), `report`.
"""

import katydid.locust  # noqa: F401 - it and katydid.results read each other, and this is the way in
