"""Options of one's own, with a variable and choices, and options of the run that decide what is sent."""

from locust import HttpUser, constant, events, task


@events.init_command_line_parser.add_listener
def add_options(parser):
    parser.add_argument("--page", choices=["health", "products"], default="health", help="What to visit")
    parser.add_argument("--tenant", env_var="LOCUST_TENANT", default="nobody", include_in_web_ui=False)
    parser.add_argument("--key", is_secret=True, default="a secret")
    parser.add_argument("--twice", action="store_true", help="Visit twice")


@events.test_start.add_listener
def tell(environment, **kwargs):
    options = environment.parsed_options
    print("fact options", options.page, options.tenant, options.key, options.twice)


class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        for _ in range(1 + self.environment.parsed_options.twice):
            self.client.get(f"/{self.environment.parsed_options.page}")
