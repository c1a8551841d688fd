"""Requests at the same time, as a browser sends them: a pool of greenlets inside one task."""

from gevent.pool import Pool
from locust import FastHttpUser, constant, task


class Browser(FastHttpUser):
    wait_time = constant(0.1)
    concurrency = 3

    @task
    def open_page(self):
        pool = Pool(3)
        for path in ("/health", "/products", "/orders"):
            pool.spawn(self.client.get, path)
        pool.join()
