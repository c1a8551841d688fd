"""Shares of classes and tasks."""

import json

import pytest
from katydid.locust import TaskSet, User, task
from katydid.locust.user.inspectuser import get_ratio, print_both_ratios, print_task_ratio_json


class Inner(TaskSet):
    @task(3)
    def often(self) -> None: ...

    @task
    def seldom(self) -> None: ...


class First(User):
    weight = 3
    tasks = [Inner]

    @task
    def own(self) -> None: ...


class Second(User):
    @task
    def only(self) -> None: ...


def test_within_each_class_and_of_the_whole() -> None:
    counts = {"First": 3, "Second": 1}
    inner = {"often": {"ratio": 0.75}, "seldom": {"ratio": 0.25}}
    assert get_ratio([First, Second], counts, total=False) == {
        "First": {"ratio": 0.75, "tasks": {"Inner": {"ratio": 0.5, "tasks": inner}, "own": {"ratio": 0.5}}},
        "Second": {"ratio": 0.25, "tasks": {"only": {"ratio": 1.0}}},
    }
    whole = get_ratio([First, Second], counts, total=True)
    assert whole["First"]["tasks"]["Inner"]["tasks"]["often"]["ratio"] == 0.75 * 0.5 * 0.75


def test_without_users_all_shares_are_zero() -> None:
    assert get_ratio([Second], {"Second": 0}, total=False)["Second"]["ratio"] == 0.0


def test_fixed_counts_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    class Fixed(Second):
        fixed_count = 2

    print_task_ratio_json([First, Second, Fixed], 10)
    shares = json.loads(capsys.readouterr().out)["per_class"]
    assert {name: entry["ratio"] for name, entry in shares.items()} == {
        "First": 0.6,
        "Second": 0.2,
        "Fixed": 0.2,
    }


def test_table_is_indented_by_level(capsys: pytest.CaptureFixture[str]) -> None:
    print_both_ratios([First], None)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert " 100.0      First" in lines
    assert "   50.0       Inner" in lines
    assert "     75.0       often" in lines
    assert lines.count("-" * 80) == 2
