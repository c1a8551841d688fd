"""Dockerfile, compose file and chart, as far as they can be checked without Docker and Kubernetes.

What no test here shows: that the image builds and starts, that Compose accepts the file, that a cluster
accepts what the chart renders. The Dockerfile is linted and its sources make a whole workspace, options and
variables are the command's, Helm renders the chart, and what it renders fits together.
"""

import os
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python as helm
import pytest
import yaml
from katydid.command.options import OPTIONS
from katydid.locust.argument_parser import get_parser

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "katydid"
COMMANDS = {"katydid", "locust"}
VARIABLES = {option.env for option in OPTIONS if option.env}
NOT_OURS = {"PATH", "PYTHONUNBUFFERED", "XDG_DATA_HOME"}


def parsed(arguments: list[str]) -> Any:
    """What the command makes of them; it ends with an error if it does not know one."""
    return get_parser(default_config_files=[]).parse_args(arguments)


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(word, rest) for word, rest in pairs]


@pytest.fixture(scope="module")
def sources(instructions: list[tuple[str, str]]) -> set[str]:
    copied = [rest.split() for word, rest in instructions if word == "COPY" and "--from" not in rest]
    return {source for words in copied for source in words[:-1]}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())


class TestDockerfile:
    def test_the_linter_has_nothing_to_say(self) -> None:
        hadolint = Path(sys.executable).with_name("hadolint")
        done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")

    def test_the_user_is_a_number_and_not_root(self, instructions: list[tuple[str, str]]) -> None:
        user = [rest for word, rest in instructions if word == "USER"][-1]
        assert int(user) > 0

    def test_it_starts_as_locusts_image_does(self, instructions: list[tuple[str, str]]) -> None:
        last = dict(instructions)
        scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
        other = tomllib.loads((ROOT / "python/katydid-locust/pyproject.toml").read_text())["project"][
            "scripts"
        ]
        assert scripts.keys() | other.keys() == COMMANDS
        assert (last["ENTRYPOINT"], last["WORKDIR"]) == ('["locust"]', "/home/locust")
        assert last["EXPOSE"].split() == ["8089", "5557"]

    def test_variables_are_the_commands(self, instructions: list[tuple[str, str]]) -> None:
        last = [rest for word, rest in instructions if word == "ENV"][-1]
        variables = dict(pair.split("=", 1) for pair in shlex.split(last))
        assert variables.keys() - VARIABLES == NOT_OURS
        assert (variables["LOCUST_MASTER_BIND_HOST"], variables["LOCUST_WEB_HOST"]) == ("*", "*")

    def test_what_is_copied_is_what_dockerignore_lets_through(self, sources: set[str]) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        assert {line[1:] for line in lines if line.startswith("!")} == sources
        assert all((ROOT / source).exists() for source in sources)

    def test_what_is_copied_is_a_whole_workspace(self, sources: set[str], tmp_path: Path) -> None:
        for source in sources - {"web", "scripts/page"}:
            place = tmp_path / source
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(ROOT / source)
        command = ["cargo", "metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "katydid-py" in done.stdout
        build = tomllib.loads((tmp_path / "pyproject.toml").read_text())
        assert (tmp_path / build["tool"]["maturin"]["manifest-path"]).is_file()
        assert (tmp_path / build["project"]["readme"]).is_file()


class TestCompose:
    def test_master_and_workers_find_each_other(self, compose: dict[str, Any]) -> None:
        services = compose["services"]
        master, worker = (parsed(services[name]["command"]) for name in ("master", "worker"))
        assert master.master and not master.worker
        assert worker.worker and services[worker.master_host] is services["master"]
        assert master.locustfile == worker.locustfile
        assert services["worker"]["depends_on"] == ["master"]

    def test_variables_are_the_commands_or_the_examples(self, compose: dict[str, Any]) -> None:
        text = "".join(path.read_text() for path in (ROOT / "examples" / "shop_agent").glob("*.py"))
        for service in compose["services"].values():
            for name, value in service.get("environment", {}).items():
                assert name in VARIABLES or (name in text and "target" in value), name

    def test_what_is_mounted_is_there(self, compose: dict[str, Any]) -> None:
        for service in compose["services"].values():
            for volume in service.get("volumes", []):
                source = volume.replace("${SUITE:-", "").replace("}", "").split(":")[0]
                is_there = (ROOT / "deploy" / source / "locustfile.py").is_file()
                assert is_there or source in compose["volumes"], volume

    def test_only_this_machine_sees_the_page(self, compose: dict[str, Any]) -> None:
        ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
        assert ports == ["127.0.0.1:8089:8089"]

    def test_the_practice_servers_start(self, compose: dict[str, Any]) -> None:
        target = compose["services"]["target"]
        command = [*target["entrypoint"], *target["command"], "--help"]
        assert command[0] in COMMANDS
        done = subprocess.run(
            [*shlex.split(os.environ.get("KATYDID", "katydid")), *command[1:]], capture_output=True, text=True
        )
        assert done.returncode == 0 and "--host" in done.stdout

    def test_the_health_check_is_a_program(self, compose: dict[str, Any]) -> None:
        how, python, option, program = compose["services"]["master"]["healthcheck"]["test"]
        assert (how, python, option) == ("CMD", "python", "-c")
        compile(program, "healthcheck", "exec")


class TestChart:
    def rendered(self, values: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
        """The objects by kind and component."""
        with helm.Chart.load(str(CHART)) as chart:
            files = chart.render(values or {}, name="load", namespace="tests")
        texts = (text for name, text in files.items() if name.endswith(".yaml"))
        objects = [thing for text in texts for thing in yaml.safe_load_all(text) if thing]
        return {f"{thing['kind']} {thing['metadata']['name']}": thing for thing in objects}

    def containers(self, objects: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for kind in ("master", "worker"):
            yield from objects[f"Deployment load-katydid-{kind}"]["spec"]["template"]["spec"]["containers"]

    def test_helm_finds_no_fault(self) -> None:
        found = helm.lint(str(CHART))
        assert not found["errors"]
        assert [message["error"] for message in found["messages"]] == ["icon is recommended"]

    def test_the_versions_are_the_packages(self) -> None:
        version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        assert (chart["version"], chart["appVersion"]) == (version, version)

    def test_workers_find_the_master(self) -> None:
        objects = self.rendered()
        master, worker = self.containers(objects)
        assert parsed(master["args"]).master
        options = parsed(worker["args"])
        service = objects[f"Service {options.master_host}"]["spec"]
        ports = {port["name"]: port["containerPort"] for port in master["ports"]}
        assert {port["port"]: ports[port["targetPort"]] for port in service["ports"]} == {
            8089: 8089,
            5557: 5557,
        }
        template = objects["Deployment load-katydid-master"]["spec"]["template"]
        assert service["selector"].items() <= template["metadata"]["labels"].items()

    def test_selectors_fit_their_pods_and_no_others(self) -> None:
        objects = self.rendered()
        deployments = [thing["spec"] for name, thing in objects.items() if name.startswith("Deployment")]
        labels = [spec["template"]["metadata"]["labels"] for spec in deployments]
        for spec in deployments:
            chosen = [label for label in labels if spec["selector"]["matchLabels"].items() <= label.items()]
            assert chosen == [spec["template"]["metadata"]["labels"]]

    def test_the_suite_is_where_the_options_say(self) -> None:
        objects = self.rendered()
        for kind in ("master", "worker"):
            pod = objects[f"Deployment load-katydid-{kind}"]["spec"]["template"]["spec"]
            [container] = pod["containers"]
            volumes = {volume["name"]: volume for volume in pod["volumes"]}
            mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
            assert len(mounts) == len(volumes)
            folder, file = parsed(container["args"]).locustfile.rsplit("/", 1)
            suite = objects[f"ConfigMap {mounts[folder]['configMap']['name']}"]
            compile(suite["data"][file], file, "exec")

    def test_a_map_of_ones_own_replaces_the_suite(self) -> None:
        objects = self.rendered({"suite": {"existingConfigMap": "mine", "locustfile": "main.py"}})
        assert not any(name.startswith("ConfigMap") for name in objects)
        master, worker = self.containers(objects)
        assert parsed(master["args"]).locustfile == parsed(worker["args"]).locustfile == "/mnt/locust/main.py"

    @pytest.mark.parametrize("is_own", [True, False])
    def test_every_node_gets_the_key(self, is_own: bool) -> None:
        key = {"existingSecret": "mine"} if is_own else {"value": "sixteen letters or more"}
        objects = self.rendered({"clusterKey": key})
        secrets = [thing for name, thing in objects.items() if name.startswith("Secret")]
        for container in self.containers(objects):
            variable = next(entry for entry in container["env"] if entry["name"] == "KATYDID_CLUSTER_KEY")
            reference = variable["valueFrom"]["secretKeyRef"]
            if is_own:
                assert (reference, secrets) == ({"name": "mine", "key": "key"}, [])
            else:
                assert reference["name"] == secrets[0]["metadata"]["name"]
                assert secrets[0]["stringData"] == {reference["key"]: key["value"]}

    def test_variables_are_the_commands(self) -> None:
        values = {
            "host": "http://shop",
            "clusterKey": {"existingSecret": "k"},
            "web": {"allowedHosts": ["a.b", "c.d"]},
        }
        for container in self.containers(self.rendered(values)):
            assert {entry["name"] for entry in container["env"]} <= VARIABLES

    def test_pods_need_no_rights(self) -> None:
        for container in self.containers(self.rendered()):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
            assert security["capabilities"] == {"drop": ["ALL"]}

    def test_an_autoscaler_owns_the_number_of_workers(self) -> None:
        plain = self.rendered({"worker": {"replicas": 7}})
        assert plain["Deployment load-katydid-worker"]["spec"]["replicas"] == 7
        objects = self.rendered({"worker": {"autoscaling": {"enabled": True}}})
        scaler = objects["HorizontalPodAutoscaler load-katydid-worker"]["spec"]
        worker = objects[f"{scaler['scaleTargetRef']['kind']} {scaler['scaleTargetRef']['name']}"]
        assert "replicas" not in worker["spec"]
        [metric] = scaler["metrics"]
        [container] = worker["spec"]["template"]["spec"]["containers"]
        assert metric["resource"]["name"] in container["resources"]["requests"]

    def test_history_can_be_kept(self) -> None:
        objects = self.rendered({"history": {"enabled": True, "storageClassName": "fast"}})
        volumes = objects["Deployment load-katydid-master"]["spec"]["template"]["spec"]["volumes"]
        claim = next(volume for volume in volumes if volume["name"] == "history")["persistentVolumeClaim"][
            "claimName"
        ]
        assert objects[f"PersistentVolumeClaim {claim}"]["spec"]["storageClassName"] == "fast"

    def test_without_a_page_nobody_probes_it(self) -> None:
        master, _ = self.containers(self.rendered())
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= master.keys()
        master, _ = self.containers(self.rendered({"master": {"args": ["--headless", "-u", "5"]}}))
        assert not any("Probe" in key for key in master)

    @pytest.mark.parametrize(
        "values",
        [
            {"wroker": {}},
            {"worker": {"replcas": 3}},
            {"clusterKey": {"value": "short"}},
            {"master": {"args": [1]}},
            {"image": {"pullPolicy": "Sometimes"}},
        ],
    )
    def test_a_mistake_in_the_values_is_refused(self, values: dict[str, Any]) -> None:
        with helm.Chart.load(str(CHART)) as chart, pytest.raises(helm.HelmValuesError):
            chart.validate_schema(values)


# What others start Locust's image with. The operators are locustio/k8s-operator and
# AbdelrhmanHamouda/locust-k8s-operator, the chart is Delivery Hero's.
STARTED_BY_OTHERS = {
    "Locust's operator, master": "--master",
    "Locust's operator, worker": "--worker --master-host load-master",
    "the other operator, master": """
        --locustfile /lotest/src/test.py --host http://shop --users 5 --spawn-rate 1 --run-time 3m
        --master --master-port=5557 --expect-workers=3 --autostart --autoquit 60 --enable-rebalancing
        --only-summary""",
    "the other operator, worker": """
        --locustfile /lotest/src/test.py --worker --master-port=5557 --master-host=load-master""",
    "the chart, master": "--master --locustfile=/mnt/locust/main.py --host=http://shop --loglevel=INFO",
    "the chart, worker": """
        --worker --locustfile=/mnt/locust/main.py --host=http://shop --master-host=load --loglevel=INFO""",
    "Locust's compose file": "-f /mnt/locust/locustfile.py --master -H http://master:8089",
}


@pytest.mark.parametrize("line", STARTED_BY_OTHERS.values(), ids=STARTED_BY_OTHERS.keys())
def test_what_starts_locusts_image_starts_ours(line: str) -> None:
    options = parsed(line.split())
    assert options.master != options.worker
