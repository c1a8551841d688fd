"""What image and compose file start, as processes of this machine: commands, variables, health check."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from commands import target
from nodes import Cluster, Node
from waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "examples" / "shop_agent"
SUITE = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def look(self):
        self.client.get("/health")
"""


@pytest.fixture
def services() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]


@pytest.fixture
def variables() -> dict[str, str]:
    """What the image sets, but for paths within it."""
    line = next(
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("ENV LOCUST_")
    )
    pairs = dict(pair.split("=", 1) for pair in shlex.split(line.removeprefix("ENV ").rstrip("\\")))
    return {name: value for name, value in pairs.items() if name.startswith(("LOCUST_", "KATYDID_"))}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    print(cluster.logs())
    for node in cluster.nodes:
        node.end()


def started(cluster: Cluster, service: dict[str, Any], variables: dict[str, str]) -> Node:
    """A service's command, with places and ports of this machine."""
    words = [word.replace("/mnt/locust", str(SHOP)) for word in service["command"]]
    if "--master" in words:
        ports = ["--master-bind-port", str(cluster.port), "--web-port", cluster.page.rpartition(":")[2]]
    else:
        words[words.index("--master-host") + 1] = "127.0.0.1"
        ports = ["--master-port", str(cluster.port)]
    return cluster.start("katydid", *words, *ports, **variables)


def test_the_compose_file_is_a_cluster(
    cluster: Cluster, services: dict[str, Any], variables: dict[str, str]
) -> None:
    with target("shop") as shop, target("agent") as agent:
        places = {"TARGET_APP_URL": shop, "AI_AGENT_URL": agent, "SPEED": "20"}
        assert places.keys() - {"SPEED"} <= services["worker"]["environment"].keys()
        workers = [started(cluster, services["worker"], {**variables, **places}) for _ in range(2)]
        master = started(cluster, services["master"], {**variables, **places})
        eventually("the health check", lambda: is_healthy(cluster, services["master"]))
        eventually("both workers", lambda: len(cluster.stats()["workers"]) == 2)
        cluster.swarm(12)
        eventually("requests of both", lambda: cluster.users() == [6, 6] and cluster.requests() > 20)
        assert listening(master) == {cluster.port, int(cluster.page.rpartition(":")[2])}
        for node in (master, *workers):  # as `docker stop` does
            node.signal(signal.SIGTERM)
        for node in (master, *workers):
            node.ended(patience=int(services["worker"]["stop_grace_period"].removesuffix("s")))


def test_a_job_of_an_operator_ends_by_itself(cluster: Cluster, variables: dict[str, str]) -> None:
    """Kubernetes calls it done when the master ends with 0; the workers have to end, too."""
    suite = cluster.folder / "test.py"
    suite.write_text(SUITE)
    ours = ["--master-bind-port", str(cluster.port), "--web-port", cluster.page.rpartition(":")[2]]
    with target("shop") as shop:
        seed = [
            "--locustfile",
            str(suite),
            "--host",
            shop,
            "--users",
            "4",
            "--spawn-rate",
            "4",
            "--run-time",
            "2s",
        ]
        added = [f"--master-port={cluster.port}", "--expect-workers=2", "--autostart", "--autoquit", "1"]
        flags = ["--enable-rebalancing", "--only-summary"]
        master = cluster.start("katydid", *seed, "--master", *added, *flags, *ours, **variables)
        there = ["--worker", f"--master-port={cluster.port}", "--master-host=127.0.0.1"]
        workers = [
            cluster.start("katydid", "--locustfile", str(suite), *there, **variables) for _ in range(2)
        ]
        assert [node.ended() for node in (master, *workers)] == [0, 0, 0]
    total = next(line for line in master.lines if "Aggregated" in line)
    assert int(total.split()[1]) > 20


def is_healthy(cluster: Cluster, service: dict[str, Any]) -> bool:
    program = service["healthcheck"]["test"][-1].replace("8089", cluster.page.rpartition(":")[2])
    return subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0


def listening(node: Node) -> set[int]:
    """The ports that it has open to all."""
    connections = psutil.Process(node.process.pid).net_connections("tcp")
    addresses = [connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN]
    return {address.port for address in addresses if address.ip in ("0.0.0.0", "::")}
