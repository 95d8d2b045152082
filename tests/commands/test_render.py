"""`easel render`, with workers that draw by themselves."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot import imaging
from bot.commands.render import render
from bot.commands.subject import Order, Subject
from bot.domain.errors import EaselError, InvalidPrompt, RenderFailed, Unable
from bot.engine.seam import Loaded
from bot.models.cards import EMBEDDED_CARD
from bot.service.choice import Choice
from bot.settings import Settings
from tests.kit.executor import FakeExecutor, Run


class Confirming(FakeExecutor):
    """Its workers read in the model's files that it draws 192 pixels in 3 steps."""

    async def prepare(self, worker_id: str, models, pin: bool = False) -> None:
        card = {"native": 192, "steps": 3}
        self.alter(worker_id, models={model: Loaded(card) for model in models})


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> FakeExecutor:
    one = Confirming(1, automatic=True, models=())
    monkeypatch.setattr("bot.commands.render.local_executor", lambda *_: one)
    return one


async def test_the_card_that_the_models_files_confirm_is_what_is_asked_for(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    settings = Settings(model="some/hub-model")
    assert await render(settings, Order("a red fox --seed 7", out=tmp_path / "out")) == 0
    [run] = executor.runs
    assert (run.attempt.request["width"], run.attempt.request["steps"]) == (192, 3)
    names = [path.name for path in sorted((tmp_path / "out").iterdir())]
    assert names == [*(f"0000{number}.png" for number in range(4)), "grid-00000.png"]


async def test_the_operators_own_values_win(executor: FakeExecutor, tmp_path: Path) -> None:
    await render(Settings(model="some/hub-model", model_steps=5), Order("a red fox", out=tmp_path))
    assert executor.runs[0].attempt.request["steps"] == 5


async def test_the_built_in_looks_are_there_without_a_server(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    await render(Settings(), Order("a red fox --style neon", out=tmp_path))
    assert executor.runs[0].attempt.request["text"] == "neon art of a red fox"
    with pytest.raises(InvalidPrompt, match="did you mean `--style photo`"):
        await render(Settings(), Order("a red fox --style phot", out=tmp_path))


async def test_a_wrong_prompt_is_said_before_anything_is_loaded(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    with pytest.raises(InvalidPrompt, match="did you mean `--ar`"):
        await render(Settings(), Order("a red fox --arr 3:2", out=tmp_path))
    assert not executor.workers()[0].models


async def test_what_is_no_model_is_said_before_anything_is_loaded(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    (tmp_path / "page.ckpt").write_bytes(b"<!DOCTYPE html>")
    settings = Settings(models_dir=tmp_path)
    with pytest.raises(EaselError, match=r"page\.ckpt is a web page"):
        await render(settings, Order("a red fox", model="page", out=tmp_path))
    assert not executor.workers()[0].models


async def test_nothing_but_the_pictures_is_told_where_nobody_watches(
    executor: FakeExecutor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await render(Settings(), Order("a red fox --seed 7", out=tmp_path, grid=False))
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{tmp_path / name}.png" for name in ("00000", "00001", "00002", "00003")
    ]
    assert err.startswith("192×192, seed 7, ")


async def test_what_cannot_be_drawn_is_a_sentence(executor: FakeExecutor, tmp_path: Path) -> None:
    def fail(run: Run) -> None:
        run.put(RenderFailed("out_of_memory", "The memory does not suffice."))

    executor.on_start = fail
    with pytest.raises(EaselError, match="could not draw this: The memory does not suffice"):
        await render(Settings(), Order("a red fox", out=tmp_path))


async def test_loras_and_pictures_as_prompts_reach_the_worker(
    executor: FakeExecutor, tmp_path: Path
) -> None:
    Image.new("RGB", (900, 600), (0, 0, 200)).save(tmp_path / "blue.png")
    choice = Choice(loras={"detail": 0.7})
    images = [(tmp_path / "blue.png", 0.5)]
    order = Order("a red fox", out=tmp_path / "out", choice=choice, images=images)
    await render(Settings(), order)
    attempt = executor.runs[0].attempt
    assert attempt.request["loras"] == {"detail": 0.7}
    [[digest, weight]] = attempt.request["images"]
    assert weight == 0.5
    assert imaging.decode(attempt.inputs[digest]).size == (512, 341)
    again = Order(recipe=tmp_path / "out" / "00000.png", out=tmp_path / "again")
    with pytest.raises(Unable, match="with a picture as a prompt: name one by"):
        (await Subject.of(again, Settings())).wish(EMBEDDED_CARD)
    wish = (await Subject.of(replace(again, images=images), Settings())).wish(EMBEDDED_CARD)
    assert wish.request.wire()["images"] == attempt.request["images"]
    assert wish.request.loras == {"detail": 0.7}
    assert wish.inputs == attempt.inputs


@pytest.mark.parametrize(("score", "warned"), [(0.93, True), (0.1, False), (None, False)])
async def test_what_the_picture_check_finds_is_said_and_kept(
    executor: FakeExecutor, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    score: float | None, warned: bool,
) -> None:  # fmt: skip
    executor.score = score
    await render(Settings(), Order("a red fox", out=tmp_path))
    said = capsys.readouterr().err
    assert ("The picture check finds picture 4 unsafe (93% sure)." in said) is warned
    assert len(os.listdir(tmp_path)) == 5
