"""What does a request cost? Users without a pause; three list requests to one request for an item.

The same mix for every generator: this file for katydid and for Locust, `examples/native` as a Rust scenario.
"""

from locust import FastHttpUser, HttpUser, constant


def list_items(user):
    """Ask for the list: nothing but the request."""
    user.client.get("/items")


def one_item(user):
    """Ask for one item and judge the answer, as suites do."""
    with user.client.get("/items/7", name="/items/[id]", catch_response=True) as response:
        if response.status_code != 200:
            response.failure(f"got {response.status_code}")


class Fast(FastHttpUser):
    """The client that suites use for speed."""

    wait_time = constant(0)
    tasks = {list_items: 3, one_item: 1}


class Plain(HttpUser):
    """The client that most suites use."""

    wait_time = constant(0)
    tasks = {list_items: 3, one_item: 1}
