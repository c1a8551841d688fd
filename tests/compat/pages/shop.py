"""A suite for the contract of the page: successes, failures, exceptions and options."""

from locust import User, constant, events, task


@events.init_command_line_parser.add_listener
def add_options(parser):
    parser.add_argument("--flavour", default="vanilla", choices=["vanilla", "mint"], help="Of the ice")
    parser.add_argument("--pin", default="1234", is_secret=True)
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--toppings", nargs="*", default=["nuts"], is_multiple=True)
    parser.add_argument("--hidden", default="x", include_in_web_ui=False)


def record(user, kind, name, milliseconds, error=None):
    user.environment.events.request.fire(
        request_type=kind,
        name=name,
        response_time=milliseconds,
        response_length=3,
        exception=error,
        context={},
    )


class Shopper(User):
    host = "http://127.0.0.1:9"
    wait_time = constant(0.02)

    @task(3)
    def browse(self):
        record(self, "GET", '/item,"quoted" <b>', 5.4)

    @task
    def buy(self):
        record(self, "POST", "/cart", 7.5, OSError("sold <out>"))

    @task
    def trip(self):
        raise ValueError("tripped")


class Visitor(User):
    host = "http://127.0.0.1:9"
    wait_time = constant(0.02)

    @task
    def look(self):
        record(self, "GET", "/", 1)
