"""What failed on workers can be looked at on the master, and sent again from its stored run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from commands import katydid, target
from nodes import cluster_in

SUITE = """
from locust import HttpUser, constant, runners, task

runners.WORKER_REPORT_INTERVAL = 0.3

class Shopper(HttpUser):
    wait_time = constant(0.02)

    @task
    def look(self):
        self.client.get("/products/1", name="/products/[id]")
"""


@pytest.mark.parametrize("processes", [True, False])
def test_a_master_has_the_exchanges_of_its_workers(tmp_path: Path, processes: bool) -> None:
    store = str(tmp_path / "runs.db")
    load = ("-u", "4", "-r", "100", "-t", "2s", "--only-summary", "--html", "report.json")
    with (
        target("shop", "--fault", "/products/*=status:503@50%") as host,
        cluster_in(tmp_path, SUITE) as cluster,
    ):
        options = ("--headless", *load, "--host", host)
        if processes:
            node = cluster.start(
                "katydid", *options, "--processes", "2", "--master-bind-port", "0", KATYDID_STORE=store
            )
        else:
            node = cluster.headless("katydid", *load, "--host", host, KATYDID_STORE=store)
            cluster.worker("katydid")
        assert node.ended(50) == 1, node.log
        report = json.loads((tmp_path / "report.json").read_text())
        (group,) = report["triage"]["groups"]
        assert (group["cause"], group["name"]) == ("proxy", "/products/[id]")
        kept = [report["samples"][id_] for id_ in group["samples"]]
        assert kept and {sample["status"] for sample in kept} == {503}
        assert all(sample["user_class"] == "Shopper" and sample["response"]["headers"] for sample in kept)
        assert host in kept[0]["curl"]
        replay = [*katydid(), "replay", "last", kept[0]["id"], "--times", "5", "--store", store]
        again = subprocess.run(replay, capture_output=True, text=True, timeout=60, check=False)
    assert "of 5" in again.stdout, again.stdout + again.stderr
