"""The dashboard is one that Grafana takes, and asks for what there is.

`dashboard.schema.json` is made of Grafana's own published types (see its `$comment`). No Grafana is
to be had here, so nobody has seen it drawn; each query is run against a real Prometheus in
`tests/e2e/test_prometheus.py`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.domain.measures import Spread, Tally
from bot.domain.snapshots import Front, Standing
from bot.engine.seam import Loaded
from bot.ops.faults import Faults
from bot.ops.metrics.counts import Counts
from bot.ops.metrics.page import Page, Sources
from bot.ops.supervision import Supervisor
from tests.kit.executor import FakeExecutor
from tests.kit.values import MORNING
from tests.ops.metrics.test_page import census, stored

FILES = resources.files("bot.ops.metrics")
BOARD: dict[str, Any] = json.loads(FILES.joinpath("dashboard.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load(FILES.joinpath("alerts.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads(Path(__file__).with_name("dashboard.schema.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
_NAME = re.compile(r"\b(?:easel|process)_[a-z_]+")
WIDTH = 24


def queries() -> Iterator[str]:
    for panel in PANELS:
        yield from (target["expr"] for target in panel["targets"])
    for rule in RULES["groups"][0]["rules"]:
        yield rule["expr"]


def test_grafana_takes_it() -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(BOARD)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("options", "tooltip", "mode"), "none of these"),
        (("fieldConfig", "defaults", "custom", "drawStyle"), "drawing"),
        (("gridPos", "x"), "left"),
        (("targets", 0, "expr"), 7),
        (("options", "footnotes"), True),
    ],
)
def test_the_schema_finds_mistakes(place: tuple[str | int, ...], wrong: object) -> None:
    board = copy.deepcopy(BOARD)
    at: Any = next(panel for panel in board["panels"] if panel["type"] == "timeseries")
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = wrong
    assert not jsonschema.Draft7Validator(SCHEMA).is_valid(board)


def test_panels_lie_beside_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in BOARD["panels"]:
        grid = panel["gridPos"]
        assert grid["x"] + grid["w"] <= WIDTH, panel["title"]
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_each_panel_says_what_it_shows_and_is_of_the_chosen_bots() -> None:
    for panel in PANELS:
        assert panel["title"], panel["id"]
        assert panel["description"].endswith("."), panel["title"]
        for target in panel["targets"]:
            assert 'job=~"$job"' in target["expr"], panel["title"]
            assert 'instance=~"$instance"' in target["expr"], panel["title"]
            assert target["legendFormat"] or target.get("format") == "table", panel["title"]


async def names() -> set[str]:
    """Every metric that there can be, with those of whom nothing was counted yet."""
    executor = FakeExecutor(0)
    executor.join(models={"tiny": Loaded()}, rooms={("tiny", 1): 1})
    front = Front(3, 3, 1, {0: 1}, Spread())
    sources = Sources(
        version="1", counts=Counts(), executor=executor, supervisor=Supervisor(), census=census,
        stored=stored, commit_seconds=Spread(), commit_sizes=Spread(), refusals=Tally(),
        faults=Faults(),
        standing=lambda: Standing(1, frozenset({0}), {0: 0.1}, 1, 0, 0.0, front),
    )  # fmt: skip
    body, _ = await Page(sources, lambda: MORNING).render()
    found: set[str] = set()
    for line in body.decode().splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            endings = {"counter": [""], "histogram": ["_bucket", "_sum", "_count"]}
            found |= {name + ending for ending in endings.get(kind, [""])}
    return found


async def test_what_is_asked_for_is_there() -> None:
    there = await names()
    asked = {name for query in queries() for name in _NAME.findall(query)}
    assert asked - there == set()


async def test_what_is_there_is_asked_for() -> None:
    """A number that nobody looks at is not worth its price."""
    asked = {name for query in queries() for name in _NAME.findall(query)}
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    unseen = {re.sub(r"_(bucket|sum|count)$", "", name) for name in await names()} - bare
    assert unseen == {
        "easel_worker_memory_bytes",  # beside the room that it makes
        "easel_worker_slots_free",
        "easel_deliveries_in_progress",
        "process_virtual_memory_bytes",
    }


async def test_the_readme_names_what_is_there() -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(easel_[a-z_]+)`", text))
    assert len(named) > 40
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in await names()}
    assert named - bare == set()
