"""Shortening: whose prompts are read, by which worker, and what is said where none can."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from bot.domain.errors import (
    InvalidPrompt,
    NotAllowed,
    RenderFailed,
    Unable,
    UserError,
    WorkerLost,
)
from bot.engine.seam import Answer, Question
from bot.models.cards import EMBEDDED_CARD
from bot.service.answers import Answers
from bot.service.rules import Rules
from bot.service.shortening import Shortening
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, TINY, House

TEXT = "a red fox, sitting in the deep snow --ar 3:2 --seed 7"


async def by_length(question: Question) -> Answer:
    pieces = question.asked["pieces"]
    return {"importance": [len(piece) / max(map(len, pieces)) for piece in pieces]}


async def test_shorter_prompts_keep_pictures_and_parameters(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        house.executor.on_ask = by_length
        linked = f"https://cdn.discordapp.com/a.png {TEXT}"
        shortened = await house.service.shortening.shorten(ANNA_ASKS, HERE, linked)
        [question] = house.executor.questions
        assert question.model == TINY.id
        assert question.asked["pieces"] == [
            "a",
            "red",
            "fox,",
            "sitting",
            "in",
            "the",
            "deep",
            "snow",
        ]
        assert len(shortened.prompts) == len(shortened.analysis.shorter) > 2
        for prompt, text in zip(shortened.prompts, shortened.analysis.shorter, strict=True):
            assert prompt == f"https://cdn.discordapp.com/a.png {text} --ar 3:2 --seed 7"
        assert await house.jobs.unfinished() == []


async def test_own_options_are_read_and_several_prompts_are_not(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        house.executor.on_ask = by_length
        await house.service.preferences.set_option(ANNA_ASKS, "mine", "in the deep snow")
        shortened = await house.service.shortening.shorten(ANNA_ASKS, HERE, "a fox --mine")
        assert "snow" in shortened.analysis.pieces
        with pytest.raises(InvalidPrompt, match="several prompts"):
            await house.service.shortening.shorten(ANNA_ASKS, HERE, "a {red, blue} fox in snow")


async def test_words_that_a_small_model_was_not_taught_go_first(tmp_path: Path) -> None:
    async with House(tmp_path, card=EMBEDDED_CARD) as house:

        async def same(question: Question) -> Answer:
            pieces = question.asked["pieces"]
            return {"importance": [1.0 if piece == "zeppelins" else 0.5 for piece in pieces]}

        house.executor.on_ask = same
        text = "a red fox with zeppelins"
        analysis = (await house.service.shortening.shorten(ANNA_ASKS, HERE, text)).analysis
        assert dict(zip(analysis.pieces, analysis.importance, strict=True)) == {
            "a": 1.0, "red": 1.0, "fox": 1.0, "with": 1.0, "zeppelins": 0.0,
        }  # fmt: skip


async def test_who_has_the_model_in_memory_and_least_to_do_is_asked(tmp_path: Path) -> None:
    async with House(tmp_path, workers=3) as house:
        first, second, third = (worker.id for worker in house.executor.workers())
        house.executor.alter(first, models={})
        house.executor.alter(second, drawing={"job": (("tiny", 256), 4)})
        asked: list[str] = []
        ask = house.executor.ask

        async def noted(worker: str, question: Question) -> Answer:
            asked.append(worker)
            return await ask(worker, question)

        house.executor.ask = noted  # type: ignore[method-assign]
        house.executor.on_ask = by_length
        await house.service.shortening.shorten(ANNA_ASKS, HERE, TEXT)
        house.executor.alter(third, draining=True)
        await house.service.shortening.shorten(ANNA_ASKS, HERE, TEXT)
        house.executor.alter(second, error="It is broken.")
        await house.service.shortening.shorten(ANNA_ASKS, HERE, TEXT)
        assert asked == [third, second, first]
        house.executor.alter(first, error="It is broken.")
        with pytest.raises(Unable, match="No worker is there"):
            await house.service.shortening.shorten(ANNA_ASKS, HERE, TEXT)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RenderFailed("bad_input", "The model Tiny cannot say it."), "The model Tiny cannot say"),
        (RenderFailed("error", "KeyError: 'secret'"), r"failed at reading this .*`[0-9A-F]{6}`"),
        (WorkerLost("w1 died"), r"failed at reading this .*`[0-9A-F]{6}`"),
    ],
)
async def test_trouble_is_one_sentence(
    tmp_path: Path, error: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with House(tmp_path) as house:

        async def fail(question: Question) -> Answer:
            raise error

        house.executor.on_ask = fail
        with pytest.raises(Unable, match=said) as told:
            await house.service.shortening.shorten(ANNA_ASKS, HERE, TEXT)
        assert "secret" not in str(told.value)
        for reference in re.findall(r"`([0-9A-F]{6})`", str(told.value)):
            assert reference in caplog.text


async def test_one_prompt_of_a_person_at_a_time(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        goes_on = asyncio.Event()

        async def wait(question: Question) -> Answer:
            await goes_on.wait()
            return await by_length(question)

        house.executor.on_ask = wait
        shorten = house.service.shortening.shorten
        first = asyncio.create_task(shorten(ANNA_ASKS, HERE, TEXT))
        other = asyncio.create_task(shorten(BERT_ASKS, HERE, TEXT))
        while len(house.executor.questions) < 2:  # noqa: ASYNC110 - nobody could wake us
            await asyncio.sleep(0.005)
        with pytest.raises(Unable, match="still being read"):
            await shorten(ANNA_ASKS, HERE, TEXT)
        goes_on.set()
        assert (await first).prompts == (await other).prompts
        assert (await shorten(ANNA_ASKS, HERE, TEXT)).prompts


async def test_nobody_is_kept_waiting_for_ever(tmp_path: Path) -> None:
    async with House(tmp_path) as house:

        async def never(question: Question) -> Answer:
            await asyncio.Event().wait()
            return {}

        house.executor.on_ask = never
        answers = Answers(house.executor, 0.01)
        habits = house.service.preferences
        shortening = Shortening(answers, house.catalogue, habits, Rules(), house.admission)
        with pytest.raises(Unable, match="too long just now"):
            await shortening.shorten(ANNA_ASKS, HERE, TEXT)


async def test_rules_are_those_of_drawing(tmp_path: Path) -> None:
    async with House(tmp_path, rules=Rules(guilds=frozenset({4}))) as house:
        with pytest.raises(NotAllowed):
            await house.service.shortening.shorten(ANNA_ASKS, HERE, TEXT)
    for number, wrong in enumerate(
        ("a fox", "a red fox in snow --chaos 900", "x --model nope y z w")
    ):
        async with House(tmp_path / str(number)) as house:
            with pytest.raises(UserError):
                await house.service.shortening.shorten(ANNA_ASKS, HERE, wrong)
            assert not house.executor.questions
