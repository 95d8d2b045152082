"""`easel metrics`: what is printed is what Grafana and Prometheus take."""

from __future__ import annotations

import json

import pytest
import yaml

from bot.__main__ import main


def printed(what: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["metrics", what]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def test_the_dashboard_is_printed_as_it_is_imported(capsys: pytest.CaptureFixture[str]) -> None:
    board = json.loads(printed("dashboard", capsys))
    rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
    assert rows == [
        "Queue", "Workers", "Delivery", "Discord", "Books", "Process", "Gateway processes",
    ]  # fmt: skip


def test_the_rules_are_printed_as_they_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    [group] = yaml.safe_load(printed("alerts", capsys))["groups"]
    assert {rule["labels"]["severity"] for rule in group["rules"]} == {"page", "ticket"}
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names) > 10


def test_there_is_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["metrics", "everything"])
    assert "dashboard" in capsys.readouterr().err
