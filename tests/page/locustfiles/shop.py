"""A shop with something to see in every tab: two classes, options, failures, an exception."""

from locust import FastHttpUser, constant, events, task


@events.init_command_line_parser.add_listener
def options(parser):
    parser.add_argument("--tenant", default="acme", help="whose shop is tested")
    parser.add_argument("--api-key", default="hunter2", is_secret=True)


class Shopper(FastHttpUser):
    weight = 3
    wait_time = constant(0.1)

    @task
    def browse(self):
        tenant = self.environment.parsed_options.tenant
        self.client.get(f"/products?tenant={tenant}", name=f"/products of {tenant}")

    @task
    def order(self):
        self.client.get("/nowhere", headers={"Authorization": "Bearer hunter2"}, name="<b>nowhere</b>")


class Robot(FastHttpUser):
    wait_time = constant(0.5)

    @task
    def crawl(self):
        raise ValueError("a robot that cannot read")
