"""Pieces of bot.cluster that need no cluster: what errors mean, whose names are whose, old logs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    ActorUnschedulableError,
    RayError,
)

from bot.cluster import fleet
from bot.cluster.berth import end_of
from bot.cluster.fleet import CARD, Fleet
from bot.cluster.node import _sweep

MISSING = "ModuleNotFoundError: No module named 'bot'"


@pytest.mark.parametrize(
    ("error", "how", "innocent"),
    [
        (ActorDiedError(), "died", False),
        (ActorUnschedulableError("it does not exist any more"), "was lost with its machine", True),
        (ActorUnavailableError("away", b"0" * 16), "did not answer", True),
        (RayError(f"an error raised in its creation task, x\n  File\n{MISSING}"),
         f"could not be started on its machine ({MISSING})", False),
        (RayError("The actor died because its node has died."), "was lost with its machine", True),
    ],
)  # fmt: skip
def test_an_error_tells_how_it_ended_and_who_is_to_blame(
    error: RayError, how: str, innocent: bool
) -> None:
    end = end_of(error)
    assert (str(end), end.innocent) == (how, innocent)


def node(id: str, name: str = "box", **resources: float) -> dict[str, Any]:
    return {
        "NodeID": id * 8, "Alive": True, "NodeName": name, "NodeManagerHostname": "host",
        "NodeManagerAddress": "10.0.0.1", "NodeManagerPort": 7, "Resources": resources,
    }  # fmt: skip


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(ray, "nodes", lambda: found)
    monkeypatch.setattr(fleet, "_draining", dict)
    return found


def test_every_card_is_a_place(
    nodes: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes += [node("a", GPU=2.0, CPU=8.0, **{CARD: 1.0}), node("b", "other"), node("c", CPU=1)]
    nodes[2]["Alive"] = False
    monkeypatch.setattr(fleet, "_draining", lambda: {"a" * 8: 1})
    places = Fleet().places()
    assert [(one.node, one.device, one.engine) for one in places] == [
        ("box", "cuda:0", "cuda"), ("box", "cuda:1", "cuda"), ("box", "card:0", "cpu"),
    ]  # fmt: skip
    assert all(one.draining for one in places)
    assert places[0].resources == {"num_cpus": 0, "num_gpus": 1}
    assert places[2].resources == {"num_cpus": 0, "resources": {CARD: 1}}
    assert len({one.actor for one in places}) == 3
    assert places[0].plain().keys() == {"id", "node_id", "node", "device", "engine", "draining"}


def test_machines_of_one_name_are_told_apart_and_keep_their_names(
    nodes: list[dict[str, Any]],
) -> None:
    machines = Fleet()
    nodes += [node("a", **{CARD: 1.0}), node("b", **{CARD: 1.0})]
    assert [one.node for one in machines.places()] == ["box", "box-bbbb"]
    nodes.pop(0)
    assert [one.node for one in machines.places()] == ["box-bbbb"]
    nodes.append(node("c", "10.0.0.1", **{CARD: 1.0}))  # Ray says the address where nobody named it
    assert [one.node for one in machines.places()] == ["box-bbbb", "host"]


def test_logs_of_what_has_ended_are_swept_away(tmp_path: Path) -> None:
    gone, here, other = (
        tmp_path / name for name in ("session_x_1_4194304", f"session_x_1_{os.getpid()}", "mine")
    )
    for folder in (gone, here, other):
        folder.mkdir()
    _sweep(tmp_path)
    assert not gone.exists()
    assert here.exists()
    assert other.exists()
