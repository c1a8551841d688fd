"""The exceptions by which locustfiles steer users, and those that say how Locust's API was misused."""


class LocustError(Exception):
    """The API was used in a way that cannot work."""


class ResponseError(Exception):
    """An answer is not what the test wanted."""


class CatchResponseError(Exception):
    """A response was marked as a failure with a text instead of an exception."""


class MissingWaitTimeError(LocustError):
    """A user has no wait time. Kept for programs that catch it; users always have one now."""


class InterruptTaskSet(Exception):
    """Leaves the current TaskSet and hands control back to its parent.

    With ``reschedule`` the parent runs its next task at once, without it the parent waits first.
    """

    def __init__(self, reschedule: bool = True) -> None:
        self.reschedule = reschedule


class StopTest(Exception):
    """Raised while users are constructed it ends the test; raised in a task it ends that user."""


class StopUser(Exception):
    """Ends the user that raises it."""


class RescheduleTask(Exception):
    """Ends the current task; the user waits, then runs its next one."""


class RescheduleTaskImmediately(Exception):
    """Ends the current task; the user runs its next one without waiting."""


class RPCError(Exception):
    """The connection between master and worker failed."""


class RPCSendError(Exception):
    """A message could not be sent to the other node."""


class RPCReceiveError(Exception):
    """A message from the other node could not be read; ``addr`` says from which."""

    def __init__(self, *args: object, addr: str | None = None) -> None:
        super().__init__(*args)
        self.addr = addr


class RunnerAlreadyExistsError(Exception):
    """An environment has one runner only."""
