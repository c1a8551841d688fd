"""Functions written for pytest: a locustfile as it is, and under `pytest --host …` an ordinary test."""


def test_health(session):
    response = session.get("/health")
    response.raise_for_status()
    assert response.json()["status"] == "ok"


def test_products(fastsession):
    with fastsession.get("/products", catch_response=True) as response:
        if not response.json():
            response.failure("no products")
