"""Linked pictures on their way to a job: fetched once, looked at elsewhere, kept by content."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot import imaging
from bot.domain.action import Action, Press
from bot.domain.errors import InvalidLink, NotAllowed
from bot.domain.inputs import SOURCE
from bot.domain.request import PALETTE
from bot.service import sight
from bot.service.planning import LOST
from bot.service.references import Attached
from tests.kit.app import ANNA_ASKS, HERE, TINY, House, screening_of
from tests.kit.beside import ERRANDS
from tests.kit.values import wish

CAT, DOG = "https://cdn.discordapp.com/a/1/cat.png?hm=secret", "https://cdn.discordapp.com/dog.jpg"


def file(
    colour: object, size: tuple[int, int] = (40, 24), kind: str = "PNG", **more: object
) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, kind, **more)  # type: ignore[arg-type]
    return made.getvalue()


class Web:
    """What lies behind links."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {CAT: file("red"), DOG: file("blue", kind="JPEG")}
        self.asked: list[str] = []

    async def fetch(self, link: str) -> bytes:
        self.asked.append(link)
        if link not in self.files:
            raise InvalidLink(f"nothing is at {link}.")
        return self.files[link]


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
async def place(tmp_path: Path, web: Web) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True, fetch=web.fetch) as one:
        yield one


async def test_a_picture_is_fetched_once_and_outlives_a_restart(place: House, web: Web) -> None:
    plan, job = await place.service.drawing.ask(ANNA_ASKS, HERE, f"{CAT} a fox --repeat 1 --iw 2")
    assert "starts from the picture" in plan.warnings[0]
    await place.end(job)
    (source,) = job.request.inputs
    assert (source.role, job.request.sampling.strength) == (SOURCE, 0.5)
    data = await place.parts.blobs.read(str(source.digest))
    assert data is not None
    picture = imaging.decode(data)
    assert picture.size == (job.request.size.width, job.request.size.height)
    assert picture.getpixel((3, 3)) == (255, 0, 0)
    await place.restart()
    again = await place.end(await place.press(Action.REROLL, job.tile(0)))
    assert again.job.request.inputs == job.request.inputs
    assert web.asked == [CAT]


async def test_all_grids_of_a_command_share_their_pictures(place: House, web: Web) -> None:
    text = f"{CAT} {DOG}::3 a {{fox, cat}} --sref {DOG} --repeat 3"
    plan = await place.service.drawing.plan(ANNA_ASKS, HERE, text)
    assert sorted(web.asked) == sorted([CAT, DOG])
    assert len(plan.requests) == 6
    assert len({request.inputs for request in plan.requests}) == 1
    assert len({request.seed for request in plan.requests}) == 6
    blend = await place.parts.blobs.read(str(plan.requests[0].inputs[0].digest))
    assert blend is not None
    red, _, blue = imaging.decode(blend).getpixel((3, 3))  # type: ignore[misc]
    assert (round(red / 64), round(blue / 64)) == (1, 3)
    palette = plan.requests[0].meant[PALETTE]
    assert [round(each, 1) for each in palette[:3]] == [0.0, 0.0, 1.0]
    assert len(plan.warnings) == 2


async def test_random_looks_differ_between_grids(place: House) -> None:
    plan = await place.service.drawing.plan(ANNA_ASKS, HERE, "a fox --sref random --repeat 3")
    numbers = [request.prompt.get("sref")[0] for request in plan.requests]
    assert len(set(numbers)) == 3
    assert [f"drew {number}:" in said for number, said in zip(numbers, plan.warnings, strict=True)]


async def test_what_is_attached_is_fetched_like_a_link(place: House, web: Web) -> None:
    attached = Attached((CAT,), style=DOG)
    _, job = await place.service.drawing.ask(ANNA_ASKS, HERE, "a fox", attached=attached)
    assert sorted(web.asked) == sorted([CAT, DOG])
    assert str(job.request.prompt) == f"{CAT} a fox --sref {DOG}"
    assert PALETTE in job.request.meant


async def test_what_is_no_picture_is_refused_in_a_sentence(place: House, web: Web) -> None:
    web.files[CAT] = b"<html>no picture</html>"
    with pytest.raises(InvalidLink) as refused:
        await place.imagine(f"{CAT} a fox")
    said = "`cdn.discordapp.com/…/cat.png`: This is no picture that can be read"
    assert str(refused.value) == f"{said}: use PNG, JPEG or WebP."
    assert await place.service.drawing.unfinished() == []
    assert await place.credits() == (25, 0)


@pytest.mark.parametrize("seeing", [False, True])
async def test_what_is_not_kept_any_more_is_done_without(
    tmp_path: Path, web: Web, seeing: bool
) -> None:
    card = replace(TINY, image_prompts=seeing)
    async with House(tmp_path, automatic=True, card=card, fetch=web.fetch) as house:
        job = await house.draw(f"a fox --sref {DOG}" if seeing else f"{CAT} a fox")
        await house.parts.blobs.forget(wish(ANNA_ASKS.user))
        actions = (Action.REROLL, Action.VARY) if seeing else (Action.REROLL,)
        for action in actions:
            press = Press(action, job.tile(0 if action is Action.REROLL else 1))
            plan = await house.service.drawing.plan(ANNA_ASKS, HERE, press)
            assert plan.warnings == (LOST,)
            assert all(each.tile for each in plan.requests[0].inputs)
            assert await house.service.drawing.submit(plan)


async def test_a_file_that_ends_its_process_is_refused(
    place: House, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sight, "PATIENCE_S", 0.0)
    with pytest.raises(InvalidLink, match=r"`cdn.discordapp.com/…/cat.png` could not be read"):
        await place.imagine(f"{CAT} a fox")


async def test_a_command_takes_a_few_pictures_only(place: House, web: Web) -> None:
    links = " ".join(f"https://cdn.discordapp.com/{number}.png" for number in range(11))
    with pytest.raises(InvalidLink, match="at most 10 pictures"):
        await place.imagine(f"{links} a fox")
    assert web.asked == []


async def test_a_picture_that_cannot_be_had_stops_the_others(place: House, web: Web) -> None:
    stopped = asyncio.Event()

    async def fetch(link: str) -> bytes:
        if link == CAT:
            raise InvalidLink("gone.")
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()
        return b""

    view = sight.Sight(fetch, place.parts.blobs, place.clock, screening_of(place), ERRANDS).of(
        ANNA_ASKS, HERE
    )
    with pytest.raises(InvalidLink, match="gone"):
        await view.look([DOG, CAT])
    await asyncio.wait_for(stopped.wait(), 5)


async def test_nobody_fetches_for_a_model_they_may_not_use(tmp_path: Path, web: Web) -> None:
    async with House(tmp_path, card=replace(TINY, allowed=(1,)), fetch=web.fetch) as house:
        with pytest.raises(NotAllowed):
            await house.imagine(f"{CAT} a fox")
    assert web.asked == []


async def test_a_bot_without_a_net_says_so(house: House) -> None:
    with pytest.raises(InvalidLink, match="cannot be fetched here"):
        await house.imagine(f"{CAT} a fox")
