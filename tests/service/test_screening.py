"""Pictures that people send are checked before anything is charged, by every way that leads to a
drawing."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot import imaging
from bot.domain.action import Action
from bot.domain.errors import NotAllowed, RenderFailed, Unable
from bot.domain.job import Job, JobStatus
from bot.domain.safety import Reaction, SafetyPolicy, SafetySetting, Stance
from bot.engine.seam import CAPTIONS, SCORES, Answer, Question
from bot.service.references import Attached, Canvas
from bot.service.rules import Rules
from bot.service.screening import STOPPED
from tests.kit import books
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, HERE, House
from tests.kit.values import GUILD

SPOILER, BLOCK, OFF = Reaction
CHECKED = Stance(SafetyPolicy(SPOILER), checked=True, chosen=False)
BAD, FINE, MASK = (f"https://cdn.discordapp.com/{name}.png" for name in ("bad", "fine", "mask"))
COLOURS = {BAD: "red", FINE: "blue", MASK: "white"}


async def fetched(link: str) -> bytes:
    made = io.BytesIO()
    size = (12, 24) if link == MASK else (24, 24)
    picture = Image.new("RGB", (24, 24), "black" if link == MASK else COLOURS[link])
    picture.paste(COLOURS[link], (0, 0, *size))
    picture.save(made, "PNG")
    return made.getvalue()


async def redness(question: Question) -> Answer:
    """Red pictures are unsafe."""
    if question.kind == CAPTIONS:
        return {"captions": ["a fox"]}
    assert question.kind == SCORES
    pictures = [imaging.decode(each).resize((1, 1)).getpixel((0, 0)) for each in question.pictures]
    return {"scores": [red / 255 if red > green else 0.0 for red, green, _ in pictures]}  # type: ignore[misc]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    rules = Rules(stance=CHECKED)
    async with House(tmp_path, automatic=True, rules=rules, fetch=fetched) as one:
        one.executor.on_ask, one.executor.score = redness, 0.0
        yield one


async def decide(house: House, *decided: object) -> None:
    await house.service.safety.set(ADMIN_ASKS, GUILD, SafetySetting(*decided))  # type: ignore[arg-type]


async def ask(house: House, text: str, **attached: object) -> Job:
    made = Attached(**attached)  # type: ignore[arg-type]
    asked = await house.service.drawing.imagine(ANNA_ASKS, HERE, text, made)
    assert asked.job is not None
    return (await house.end(asked.job)).job


def blobs(house: House) -> list[Path]:
    return [each for each in (house.folder / "blobs").rglob("*") if each.is_file()]


def ways(link: str) -> dict[str, tuple[str, dict[str, object]]]:
    """What is typed, and what is sent with it."""
    return {
        "a link in the prompt": (f"{link} a fox", {}),
        "an upload": ("a fox", {"images": (link,)}),
        "a style": (f"a fox --sref {link}", {}),
        "a blend": ("", {"images": (link, FINE)}),
        "/edit": ("a fox", {"canvas": Canvas(link, MASK)}),
        "/vary": ("", {"images": (link,), "canvas": Canvas(link, varied=True)}),
    }


@pytest.mark.parametrize("way", ways(BAD))
async def test_a_server_that_blocks_lets_none_in_by_any_way(house: House, way: str) -> None:
    await decide(house, BLOCK)
    text, attached = ways(BAD)[way]
    with pytest.raises(NotAllowed, match=STOPPED):
        await ask(house, text, **attached)
    assert books.rows(house.folder, "SELECT * FROM jobs") == []
    assert await house.credits() == (25, 0)
    # What was stopped is not kept, either.
    kept = {imaging.decode(each.read_bytes()).getpixel((2, 2)) for each in blobs(house)}
    assert (254, 0, 0) not in kept
    assert (255, 0, 0) not in kept
    text, attached = ways(FINE)[way]
    assert (await ask(house, text, **attached)).status is JobStatus.SUCCEEDED


@pytest.mark.parametrize("way", sorted(set(ways(BAD)) - {"a style"}))
async def test_elsewhere_what_comes_of_it_is_a_spoiler(house: House, way: str) -> None:
    text, attached = ways(BAD)[way]
    job = await ask(house, text, **attached)
    assert await house.service.owned.covered(job)
    text, attached = ways(FINE)[way]
    job = await ask(house, text, **attached)
    assert not await house.service.owned.covered(job)


async def test_what_is_known_of_a_file_is_not_asked_again(house: House) -> None:
    await ask(house, f"{FINE} a fox")
    asked = len(house.executor.questions)
    assert asked >= 1
    await ask(house, f"{FINE} an owl")
    assert len(house.executor.questions) == asked


async def test_a_button_under_a_file_that_nobody_looked_at_has_it_looked_at(house: House) -> None:
    job = await ask(house, f"{BAD} a fox")
    await house.posted(job)
    connection = house.database
    await connection.transaction(lambda c: c.execute("UPDATE blobs SET score = NULL"))
    await decide(house, BLOCK)
    with pytest.raises(NotAllowed, match=STOPPED):
        await house.press(Action.REROLL, job.tile(0))


async def test_what_was_offered_before_is_checked_when_it_is_wanted(house: House) -> None:
    asked = await house.service.drawing.imagine(ANNA_ASKS, HERE, f"{BAD} a fox --repeat 2")
    assert asked.proposal
    await decide(house, BLOCK)
    with pytest.raises(NotAllowed, match=STOPPED):
        await house.service.drawing.accept(ANNA_ASKS, HERE, asked.proposal)
    assert books.rows(house.folder, "SELECT * FROM jobs") == []
    with pytest.raises(NotAllowed, match=STOPPED):
        await house.service.drawing.imagine(ANNA_ASKS, HERE, f"{BAD} a fox --repeat 2")


@pytest.mark.parametrize("reaction", [SPOILER, BLOCK])
async def test_without_a_worker_that_can_look_nothing_passes(
    house: House, reaction: Reaction
) -> None:
    await decide(house, reaction)

    async def cannot(question: Question) -> Answer:
        raise RenderFailed("model_missing", "The classifier in the box is not installed.")

    house.executor.on_ask = cannot
    with pytest.raises(Unable, match="is not installed"):
        await ask(house, f"{FINE} a fox")
    for worker in house.executor.workers():
        await house.executor.lose(worker.id)
    with pytest.raises(Unable, match="No worker is there"):
        await ask(house, f"{FINE} a fox")
    with pytest.raises(Unable, match="No worker is there"):
        await house.service.describing.describe(ANNA_ASKS, HERE, FINE)
    assert books.rows(house.folder, "SELECT * FROM jobs") == []


async def test_where_nothing_is_done_nothing_is_asked(house: House) -> None:
    adult = replace(HERE, age_restricted=True)
    _, job = await house.service.drawing.ask(ANNA_ASKS, adult, f"{BAD} a fox")
    assert (await house.end(job)).job.status is JobStatus.SUCCEEDED
    assert house.executor.questions == []


async def test_a_file_that_others_use_stays_theirs(house: House) -> None:
    job = await ask(house, f"{BAD} a fox")
    await decide(house, BLOCK)
    with pytest.raises(NotAllowed, match=STOPPED):
        await house.service.drawing.imagine(BERT_ASKS, HERE, f"{BAD} a fox")
    [source] = [each.digest for each in job.request.inputs]
    assert source
    assert await house.parts.blobs.exists(source)
    assert not await house.parts.blobs.used_by(source, BERT_ASKS.user)
    assert await house.parts.blobs.used_by(source, ANNA_ASKS.user)


async def test_a_picture_to_be_described_is_checked_as_well(house: House) -> None:
    describe = house.service.describing.describe
    assert not (await describe(ANNA_ASKS, HERE, FINE)).spoiler
    assert (await describe(ANNA_ASKS, HERE, BAD)).spoiler
    await decide(house, BLOCK)
    with pytest.raises(NotAllowed, match=STOPPED):
        await describe(ANNA_ASKS, HERE, BAD)
    assert not (await describe(ANNA_ASKS, HERE, FINE)).spoiler
