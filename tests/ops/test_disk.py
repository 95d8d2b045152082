"""The floor below which a disk is too full for anything new."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bot.ops.disk import GIB, Floor

HERE, THERE = Path("here"), Path("there")


class Disks:
    """Free bytes of folders; one that is not known cannot be asked."""

    def __init__(self) -> None:
        self.free = {HERE: 10 * GIB, THERE: 20 * GIB}

    def __call__(self, folder: Path) -> int:
        if folder not in self.free:
            raise FileNotFoundError(folder)
        return self.free[folder]


@pytest.fixture
def disks() -> Disks:
    return Disks()


def test_the_fullest_disk_counts(disks: Disks, caplog: pytest.LogCaptureFixture) -> None:
    floor = Floor([HERE, THERE, HERE], GIB, disks)
    assert floor.look() == "10.00 GiB free in here"
    disks.free[THERE] = GIB // 2
    assert floor.look() == "low: 0.50 GiB free in there"
    assert floor.low
    floor.look()
    assert caplog.text.count("less than DISK_FLOOR_GB") == 1


def test_a_little_more_than_the_floor_ends_it(
    disks: Disks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    floor = Floor([HERE], GIB, disks)
    for free, low in ((GIB - 1, True), (GIB, True), (int(1.2 * GIB), False), (GIB, False)):
        disks.free[HERE] = free
        floor.look()
        assert floor.low is low
    assert "new jobs are taken again" in caplog.text


def test_no_floor_is_never_reached(disks: Disks) -> None:
    floor = Floor([HERE], 0, disks)
    disks.free[HERE] = 0
    floor.look()
    assert not floor.low


def test_a_disk_that_cannot_be_asked_counts_as_having_room(disks: Disks) -> None:
    floor = Floor([HERE, Path("gone")], GIB, disks)
    floor.look()
    assert not floor.low


def test_a_real_folder_has_room(tmp_path: Path) -> None:
    assert "GiB free in" in Floor([tmp_path], 1).look()
