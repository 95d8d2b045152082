"""Describing: who is asked about what, what is made of the answer, and what is said where there is
none."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from bot.domain.errors import InvalidLink, NotAllowed, RenderFailed, Unable, WorkerLost
from bot.engine.seam import CAPTIONS, Answer, Question
from bot.service.answers import Answers
from bot.service.describing import Describing
from bot.service.rules import Rules
from bot.service.sight import Sight
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, House, screening_of
from tests.kit.beside import ERRANDS

LINK = "https://cdn.discordapp.com/fox.png"


def picture(size: tuple[int, int] = (90, 60)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "orange").save(made, "PNG")
    return made.getvalue()


async def fetched(link: str) -> bytes:
    return b"no picture" if "text" in link else picture()


def kept(folder: Path) -> list[Path]:
    return list(folder.rglob("*.webp"))


async def four(question: Question) -> Answer:
    assert question.asked["count"] == 4
    return {"captions": ["a fox", "a red fox, asleep", "a fox --repeat 9", "{fox}"]}


async def test_a_worker_is_asked_about_the_picture_and_nothing_is_kept(tmp_path: Path) -> None:
    async with House(tmp_path, fetch=fetched) as house:
        house.executor.on_ask = four
        found = await house.service.describing.describe(ANNA_ASKS, HERE, LINK)
        assert found.prompts == [
            f"{each} --ar 3:2" for each in ("a fox", "a red fox, asleep", "a fox repeat 9", "fox")
        ]
        [question] = house.executor.questions
        assert (question.kind, question.model) == (CAPTIONS, "")
        assert question.pictures == (found.picture.data,)
        with Image.open(io.BytesIO(found.picture.data)) as seen:
            assert seen.size == (90, 60)
        assert await house.jobs.unfinished() == []
    assert kept(tmp_path) == []


async def test_others_are_other_ones(tmp_path: Path) -> None:
    async with House(tmp_path, fetch=fetched) as house:
        house.executor.on_ask = four
        describe = house.service.describing.describe
        found = await describe(ANNA_ASKS, HERE, LINK, ["a fox --ar 3:2", "fox --ar 3:2"])
        assert house.executor.questions[0].asked["besides"] == ["a fox", "fox"]
        assert [each.split(" --")[0] for each in found.prompts] == [
            "a red fox, asleep", "a fox repeat 9",
        ]  # fmt: skip

        async def nothing(question: Question) -> Answer:
            return {"captions": ["  ", "a fox"]}

        house.executor.on_ask = nothing
        with pytest.raises(Unable, match="no other words"):
            await describe(ANNA_ASKS, HERE, LINK, ["a fox --ar 3:2"])


async def test_what_is_no_picture_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    async with House(tmp_path, fetch=fetched) as house:
        with pytest.raises(InvalidLink, match=r"text\.png"):
            await house.service.describing.describe(ANNA_ASKS, HERE, LINK.replace("fox", "text"))
        assert house.executor.questions == []
    async with House(tmp_path, rules=Rules(guilds=frozenset({4})), fetch=fetched) as house:
        with pytest.raises(NotAllowed):
            await house.service.describing.describe(ANNA_ASKS, HERE, LINK)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RenderFailed("model_missing", "The model for `/describe` is cut off."), "is cut off"),
        (RenderFailed("bad_input", "The picture cannot be read."), "cannot be read"),
        (RenderFailed("error", "KeyError: 'secret'"), r"failed at reading .*`[0-9A-F]{6}`"),
        (WorkerLost("w1 died"), r"failed at reading .*`[0-9A-F]{6}`"),
    ],
)
async def test_trouble_is_one_sentence(tmp_path: Path, error: Exception, said: str) -> None:
    async with House(tmp_path, fetch=fetched) as house:

        async def fail(question: Question) -> Answer:
            raise error

        house.executor.on_ask = fail
        with pytest.raises(Unable, match=said) as told:
            await house.service.describing.describe(ANNA_ASKS, HERE, LINK)
        assert "secret" not in str(told.value)


async def test_one_picture_of_a_person_at_a_time(tmp_path: Path) -> None:
    async with House(tmp_path, fetch=fetched) as house:
        goes_on = asyncio.Event()
        given_up: list[bool] = []

        async def wait(question: Question) -> Answer:
            try:
                await goes_on.wait()
            except asyncio.CancelledError:
                given_up.append(True)
                raise
            return await four(question)

        house.executor.on_ask = wait
        describe = house.service.describing.describe
        first = asyncio.create_task(describe(ANNA_ASKS, HERE, LINK))
        other = asyncio.create_task(describe(BERT_ASKS, HERE, LINK))
        while len(house.executor.questions) < 2:  # noqa: ASYNC110 - nobody could wake us
            await asyncio.sleep(0.005)
        with pytest.raises(Unable, match="picture is still being read"):
            await describe(ANNA_ASKS, HERE, LINK)
        other.cancel()
        goes_on.set()
        assert len((await first).prompts) == 4
        with pytest.raises(asyncio.CancelledError):
            await other
        assert given_up == [True]
        assert len((await describe(ANNA_ASKS, HERE, LINK)).prompts) == 4


async def test_nobody_is_kept_waiting_for_ever(tmp_path: Path) -> None:
    async with House(tmp_path, fetch=fetched) as house:

        async def never(question: Question) -> Answer:
            await asyncio.Event().wait()
            return {}

        house.executor.on_ask = never
        screening = screening_of(house)
        sight = Sight(fetched, house.parts.blobs, house.clock, screening, ERRANDS)
        describing = Describing(Answers(house.executor, 0.01), sight, house.admission)
        with pytest.raises(Unable, match="too long just now"):
            await describing.describe(ANNA_ASKS, HERE, LINK)
        house.executor.on_ask = four
        assert len((await describing.describe(ANNA_ASKS, HERE, LINK)).prompts) == 4
