"""The exceptions: what they derive from and what they carry."""

# /// facts
# args = "-u 1 -t 10s"
# shows = """
# locust.exception.CatchResponseError locust.exception.InterruptTaskSet locust.exception.LocustError
# locust.exception.MissingWaitTimeError locust.exception.RPCError locust.exception.RPCReceiveError
# locust.exception.RPCSendError locust.exception.RescheduleTask locust.exception.RescheduleTaskImmediately
# locust.exception.ResponseError locust.exception.RunnerAlreadyExistsError locust.exception.StopTest
# locust.exception.StopUser
# """
# ///

from locust import User, constant, exception, task
from locust.exception import InterruptTaskSet, RPCReceiveError

NAMES = (
    "CatchResponseError InterruptTaskSet LocustError MissingWaitTimeError RPCError RPCReceiveError"
    " RPCSendError RescheduleTask RescheduleTaskImmediately ResponseError RunnerAlreadyExistsError"
    " StopTest StopUser"
)

for name in NAMES.split():
    kind = getattr(exception, name)
    print("fact", name, [base.__name__ for base in kind.__mro__ if issubclass(base, Exception)])
    print("fact", repr(kind("text")) if name != "InterruptTaskSet" else repr(kind()))

print("fact", InterruptTaskSet().reschedule, InterruptTaskSet(False).reschedule)
print("fact", InterruptTaskSet(reschedule=False).reschedule, RPCReceiveError("text", addr="me").addr)


class Once(User):
    wait_time = constant(10)

    @task
    def once(self):
        self.environment.runner.quit()
