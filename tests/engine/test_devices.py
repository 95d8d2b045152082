"""bot.engine.devices: one worker for each card, and each sees its own alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.engine.devices import Device, device, devices
from bot.engine.local import LocalExecutor
from tests.kit.workers import wait_until


@pytest.mark.parametrize(
    ("wanted", "visible", "found"),
    [
        ("cpu", None, ["cpu"]),
        ("cuda:1, cuda:0", None, ["cuda:1", "cuda:0"]),
        ("auto", "0,1,2", ["cuda:0", "cuda:1", "cuda:2"]),
        ("auto", "GPU-5b2c,GPU-77aa", ["cuda:0", "cuda:1"]),
        ("auto", "3", ["auto"]),
        ("auto", "", ["auto"]),
        ("auto", "0,-1,1", ["auto"]),
    ],
)
def test_devices_of_a_setting(wanted: str, visible: str | None, found: list[str]) -> None:
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert devices(wanted, environ) == found


def test_cards_are_counted_where_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: x)'\necho 'GPU 1: B (UUID: y)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert devices("auto", {}) == ["cuda:0", "cuda:1"]


@pytest.mark.parametrize(
    ("name", "visible", "card"),
    [
        ("cuda:2", None, "2"),
        ("cuda:1", "3,5", "5"),
        ("cuda:0", "GPU-5b2c, GPU-77aa", "GPU-5b2c"),
        ("cuda:1", "GPU-5b2c, GPU-77aa", "GPU-77aa"),
    ],
)
def test_a_card_is_the_only_one_that_its_process_sees(
    name: str, visible: str | None, card: str
) -> None:
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert device(name, environ) == Device(name, "cuda", {"CUDA_VISIBLE_DEVICES": card})


@pytest.mark.parametrize("name", ["auto", "cpu", "mps", "cuda"])
def test_other_devices_are_left_alone(name: str) -> None:
    assert device(name, {"CUDA_VISIBLE_DEVICES": "1"}) == Device(name, name)


def test_a_card_that_is_not_visible_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"DEVICE names cuda:2, but .* leaves 2 cards visible"):
        device("cuda:2", {"CUDA_VISIBLE_DEVICES": "0,1"})


async def test_workers_see_only_their_own_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    executor = LocalExecutor(["cuda:0", "cuda:1"], "tests.engine.fakes:on_one_card")
    await executor.start()
    try:
        await wait_until(executor, lambda: sum(w.slots_free > 0 for w in executor.workers()) == 2)
        seen = [(worker.device, worker.vram_mb) for worker in executor.workers()]
        assert seen == [("cuda:0", 3), ("cuda:1", 5)]
    finally:
        await executor.close()
