"""User classes made at run time, one for each entry of a list."""

from locust import HttpUser, constant, task

PAGES = {"health": 1, "products": 3}


def visit(user):
    user.client.get(f"/{user.page}")


for page, weight in PAGES.items():
    name = f"{page.capitalize()}Visitor"
    globals()[name] = type(
        name,
        (HttpUser,),
        {"page": page, "weight": weight, "wait_time": constant(0.1), "tasks": [task(visit)]},
    )
