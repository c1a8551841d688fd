"""What `catch_response` makes of success, failure and exceptions, for both clients."""

# /// facts
# args = "-u 1 -t 30s"
# exit = 1
# failures = [
#     "GET plain failure: CatchResponseError('not liked')",
#     "GET fast failure: CatchResponseError('not liked')",
#     "GET plain failure of an exception: ValueError('odd')",
#     "GET fast failure of an exception: ValueError('odd')",
#     "GET plain the last counts: CatchResponseError('second')",
#     "GET fast the last counts: CatchResponseError('second')",
#     "GET plain failure, then exception: CatchResponseError('first')",
#     "GET fast failure, then exception: CatchResponseError('first')",
#     "GET plain a ResponseError: ResponseError('from the block')",
#     "GET fast a ResponseError: ResponseError('from the block')",
#     "GET plain nothing, 404: HTTPError('404 Client Error: Not Found for url: plain nothing, 404')",
#     "GET fast nothing, 404: LocustBadStatusCode(code=404)",
#     "GET plain failure after raise_for_status: CatchResponseError('said')",
#     "GET fast failure after raise_for_status: CatchResponseError('said')",
# ]
# shows = """
# locust.clients.ResponseContextManager(failure raise_for_status request_meta success)
# locust.contrib.fasthttp.ResponseContextManager(failure raise_for_status request_meta success error)
# locust.exception.CatchResponseError locust.exception.ResponseError locust.exception.LocustError
# locust.exception.InterruptTaskSet locust.exception.RescheduleTask
# """
# ///

from locust import FastHttpUser, HttpUser, constant, events, task
from locust.clients import ResponseContextManager
from locust.contrib import fasthttp
from locust.exception import CatchResponseError, InterruptTaskSet, LocustError, RescheduleTask, ResponseError


@events.request.add_listener
def hear(name, context, exception, **kwargs):
    print("fact heard", name, context, type(exception).__name__)


def rename(answer):
    answer.request_meta["name"] = "renamed"
    answer.request_meta["context"]["extra"] = 1


def raiser(fault, before=lambda answer: None):
    def block(answer):
        before(answer)
        raise fault

    return block


def told(answer):
    try:
        answer.raise_for_status()
        print("fact no complaint")
    except Exception as fault:
        print("fact complaint", type(fault).__name__)
    answer.failure("said")


BLOCKS = {
    "success": (200, lambda answer: answer.success()),
    "success of 404": (404, lambda answer: answer.success()),
    "failure": (200, lambda answer: answer.failure("not liked")),
    "failure of an exception": (200, lambda answer: answer.failure(ValueError("odd"))),
    "the last counts": (
        200,
        lambda answer: (answer.success(), answer.failure("first"), answer.failure("second")),
    ),
    "failure, then exception": (200, raiser(KeyError("mine"), lambda answer: answer.failure("first"))),
    "success, then exception": (200, raiser(KeyError("mine"), lambda answer: answer.success())),
    "exception": (200, raiser(KeyError("mine"))),
    "a CatchResponseError": (200, raiser(CatchResponseError("caught"))),
    "a ResponseError": (200, raiser(ResponseError("from the block"))),
    "RescheduleTask": (200, raiser(RescheduleTask())),
    "InterruptTaskSet": (200, raiser(InterruptTaskSet())),
    "nothing": (200, lambda answer: None),
    "nothing, 404": (404, lambda answer: None),
    "rename": (200, rename),
    "failure after raise_for_status": (500, told),
}


class Both(HttpUser):
    wait_time = constant(20)

    @task
    def try_out(self):
        class Fast(FastHttpUser):
            abstract = True
            host = self.host

        self.go_through("plain", self.client)
        self.go_through("fast", Fast(self.environment).client)
        self.environment.runner.quit()

    def go_through(self, kind, client):
        for name, (code, block) in BLOCKS.items():
            try:
                with client.get(f"/status/{code}", name=f"{kind} {name}", catch_response=True) as answer:
                    own = ResponseContextManager if kind == "plain" else fasthttp.ResponseContextManager
                    print("fact", type(answer) is own, getattr(answer, "error", None))
                    block(answer)
                print("fact", kind, name, "goes on")
            except Exception as fault:
                print("fact", kind, name, "raises", type(fault).__name__)
        client.get("/", name=f"{kind} never entered", catch_response=True)
        for method in ("success", "failure"):
            answer = client.get("/", name=f"{kind} not caught")
            try:
                getattr(answer, method)(*["x"] * (method == "failure"))
            except LocustError:
                print("fact", kind, method, "refused")
        if kind == "plain":
            try:
                with client.get("/", name="plain entered, not caught"):
                    print("fact entered")
            except LocustError:
                print("fact plain refused to be entered")
        outside = client.get("/", name=f"{kind} outside", catch_response=True)
        try:
            outside.success()
        except LocustError:
            print("fact", kind, "outside refused")
