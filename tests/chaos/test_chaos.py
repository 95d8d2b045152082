"""Jobs of dozens of people through faults, with a bot that is really killed: nothing is lost,
nothing is there twice, nobody spends what they do not have."""

from __future__ import annotations

import pytest

from tests.chaos.faults import table
from tests.chaos.report import document
from tests.chaos.run import Result, play

SHORT = "bot killed, worker killed, rest answers lost, gateway dropped, database read only"


def well(result: Result, jobs: int) -> None:
    assert not result.violations, document([result])
    assert result.accepted >= jobs
    assert result.states["succeeded"] > 0.8 * jobs
    assert set(result.states) <= {"succeeded", "failed", "cancelled"}


async def test_a_handful_of_faults() -> None:
    faults = table("local", SHORT)
    del faults["bot killed twice"]
    result = await play("local", seed=7, jobs=60, every=12, faults=faults)
    well(result, 60)
    assert {each.fault for each in result.windows} == set(faults)
    assert result.notes["starts of the bot"] == 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [21, 22])
async def test_every_fault(seed: int) -> None:
    well(await play("local", seed, jobs=900, every=14, faults=table("local")), 900)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_every_fault_of_a_cluster() -> None:
    well(await play("ray", seed=23, jobs=500, every=10, faults=table("ray")), 500)
