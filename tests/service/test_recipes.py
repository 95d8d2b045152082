"""Recipes drawn again: by which model, for whom, from what, and at which price."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.action import Action
from bot.domain.errors import InvalidRecipe, NotAllowed, NotFound, OutOfCredits, Unable
from bot.domain.job import Job
from bot.domain.people import Account
from bot.domain.quota import Quota
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.service import requests
from bot.service.drawing import Asked
from bot.service.rules import Rules
from tests.kit.app import ANNA_ASKS, BERT_ASKS, ELSEWHERE, HERE, TINY, House
from tests.kit.executor import picture
from tests.kit.values import GUILD

CLOSED = replace(TINY, id="closed", name="Closed", source="closed", allowed=(1,))
WHOLE = replace(TINY, id="whole", name="Whole", source="whole", inpaints=False)
WIDE = replace(TINY, id="wide", name="Wide", source="wide", native=1024)
STIFF = replace(TINY, id="stiff", name="Stiff", source="stiff", samplers=False, variations=False)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True, others=(CLOSED, STIFF, WHOLE, WIDE)) as opened:
        yield opened


async def written(house: House, job: Job) -> bytes:
    data, _ = await house.service.recipes.written(ANNA_ASKS, HERE, job)
    return data


async def submitted(house: House, request: GenerationRequest) -> Job:
    """What somebody had drawn, however they asked for it."""
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox")
    [job] = await house.service.drawing.submit(replace(plan, requests=(request,)))
    return (await house.end(job)).job


async def brought(house: House) -> str:
    """A file that somebody sent."""
    owner = Account(GUILD, ANNA_ASKS.user)
    return await house.parts.blobs.put(picture(3), owner, house.clock.now)


async def drawn(house: House, data: bytes, asker: Any = BERT_ASKS, origin: Any = HERE) -> Asked:
    return await house.service.recipes.draw(asker, origin, data)


def changed(data: bytes, **values: Any) -> bytes:
    """With other values in its request, by somebody who knows how the sum is made."""
    said = json.loads(data)
    said["request"] |= values
    del said["check"]
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return json.dumps({**said, "check": hashlib.sha256(plain.encode()).hexdigest()}).encode()


async def test_the_same_request_becomes_the_senders_job(house: House) -> None:
    job = await house.draw("a fox --chaos 20 --turbo --ar 3:2")
    asked = await drawn(house, await written(house, job))
    assert asked.job is not None
    again = (await house.end(asked.job)).job
    assert (again.user, again.origin, again.cost) == (BERT_ASKS.user, HERE, 1)
    assert again.request.seeds == job.request.seeds
    assert again.request.wire()["meant"] == job.request.wire()["meant"]
    ours, theirs = (dict(each.request.wire(), recipe=None, file=None) for each in (job, again))
    assert ours == theirs
    # Somebody else's hurry is not the sender's, who would pay for it.
    assert "speed" in dict(job.request.extra)
    assert "speed" not in dict(again.request.extra)
    hidden = await house.draw("a fox --stealth")
    asked = await drawn(house, await written(house, hidden), ANNA_ASKS)
    assert asked.job is not None
    assert asked.job.hidden


async def test_a_model_that_is_closed_or_cannot_is_said(house: House) -> None:
    data = await written(house, await house.draw())
    with pytest.raises(NotAllowed, match="`Closed` is kept for"):
        await drawn(house, changed(data, model="closed"))
    sampling = json.loads(data)["request"]["sampling"]
    stiff = changed(data, model="stiff", sampling={**sampling, "sampler": "euler"})
    with pytest.raises(Unable, match="`Stiff` draws by its own sampler only"):
        await drawn(house, stiff)
    with pytest.raises(NotFound, match="for the model `Tiny`, which is not here"):
        await drawn(house, changed(data, model="gone"))
    for size in ([1024, 1024], [20, 16]):
        with pytest.raises(InvalidRecipe, match="`Tiny` does not draw pictures of"):
            await drawn(house, changed(data, size=size))
    assert len(await house.jobs.of_account(Account(GUILD, BERT_ASKS.user))) == 0


async def test_a_large_one_costs_what_large_ones_cost(house: House) -> None:
    job = await house.draw()
    data = changed(await written(house, job), size=[24, 24])
    asked = await drawn(house, data)
    assert asked.job is None
    assert asked.proposal
    assert asked.plan.price == 3
    assert asked.plan.requests[0].size == Size(24, 24)


async def test_who_cannot_pay_draws_nothing(tmp_path: Path) -> None:
    rules = Rules(quota=Quota(1))
    async with House(tmp_path, automatic=True, rules=rules) as house:
        data = await written(house, await house.draw())
        with pytest.raises(OutOfCredits):
            await drawn(house, data, ANNA_ASKS)


async def test_an_upload_is_drawn_from_by_who_brought_it_or_sees_what_came_of_it(
    house: House,
) -> None:
    request = requests.imagine(TINY, "a fox")
    digest = await house.parts.blobs.put(
        picture(3), Account(GUILD, ANNA_ASKS.user), house.clock.now
    )
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox --stealth")
    started = requests.started(TINY, plan.requests[0], digest)
    [job] = await house.service.drawing.submit(replace(plan, requests=(started,)))
    await house.end(job)
    data, limits = await house.service.recipes.written(ANNA_ASKS, HERE, job)
    assert "draws from a picture that is not in it" in limits
    assert digest in data.decode()
    assert not request.inputs
    # Nobody else sees that result, nor has brought that picture.
    with pytest.raises(NotFound, match="not kept here"):
        await drawn(house, data)
    asked = await drawn(house, data, ANNA_ASKS)
    assert asked.job is not None
    assert asked.job.request.inputs == job.request.inputs
    # Who sees a result draws from what it was drawn from, as by 🔄 …
    public = requests.started(TINY, requests.imagine(TINY, "a fox"), digest)
    [seen] = await house.service.drawing.submit(replace(plan, requests=(public,)))
    await house.end(seen)
    theirs = await written(house, seen)
    with pytest.raises(NotFound):
        await drawn(house, theirs, BERT_ASKS, ELSEWHERE)
    assert (await drawn(house, theirs)).job is not None
    # … and no longer when it is gone.
    house.parts.blobs.path(digest).unlink()
    with pytest.raises(NotFound, match="not kept here"):
        await drawn(house, theirs, ANNA_ASKS)


async def test_a_picture_that_became_another_is_not_drawn_from(house: House) -> None:
    grid = await house.draw()
    varied = await house.press(Action.VARY, grid.tile(1))
    await house.end(varied)
    data = await written(house, varied)
    assert (await drawn(house, data)).job is not None
    await house.database.transaction(
        lambda c: c.execute("UPDATE images SET sha256 = ? WHERE job_id = ?", ("0" * 64, grid.id))
    )
    with pytest.raises(NotFound, match="not kept here"):
        await drawn(house, data)


async def test_a_picture_whose_grid_was_deleted_is_drawn_alone(house: House) -> None:
    grid = await house.draw("a fox")
    single = await house.press(Action.UPSCALE, grid.tile(3))
    whole = json.loads(await written(house, single))
    assert (whole["job"], whole["picture"], len(whole["seeds"])) == (grid.id, 3, 4)
    await house.service.owned.delete(ANNA_ASKS, HERE, grid.id)
    alone = json.loads(await written(house, single))
    assert (alone["job"], alone["picture"]) == (single.id, 0)
    assert alone["seeds"] == [grid.request.seed_of(2)]
    asked = await drawn(house, json.dumps(alone).encode())
    assert asked.job is not None
    assert asked.job.request.count == 1


async def test_a_shape_that_cannot_be_met_exactly_is_drawn_again(house: House) -> None:
    job = await house.draw("a fox --ar 11:28 --hd --model wide")
    data, use = await house.service.recipes.written(ANNA_ASKS, HERE, job)
    assert use == "`/imagine prompt:same recipe:` with this file draws the same pixels again."
    assert (await drawn(house, data)).plan.requests[0].size == job.request.size


async def test_what_cannot_be_drawn_again_is_not_promised(house: House) -> None:
    request = requests.imagine(TINY, "a fox")
    sampling = replace(request.sampling, steps=300)
    for odd in (replace(request, sampling=sampling), replace(request, size=Size(20, 16))):
        job = await submitted(house, odd)
        data, use = await house.service.recipes.written(ANNA_ASKS, HERE, job)
        assert use.startswith("This one cannot be drawn again")
        with pytest.raises(InvalidRecipe, match=r"`Tiny` does not draw (pictures of|in 300 steps)"):
            await drawn(house, data)


async def test_a_picture_that_was_upscaled_is_again(house: House) -> None:
    single = await house.press(Action.UPSCALE, (await house.draw("a fox --ar 3:1")).tile(2))
    twice = await house.press(Action.UPSCALE_SUBTLE, single.tile(1))
    await house.end(twice)
    four = await house.press(Action.UPSCALE_CREATIVE, twice.tile(1))
    await house.end(four)
    for job, price in ((twice, 1), (four, 4)):
        plan = (await drawn(house, await written(house, job))).plan
        assert (plan.price, job.cost) == (price, price)
        assert (plan.requests[0].size, plan.requests[0].extra) == (
            job.request.size, job.request.extra,
        )  # fmt: skip
    # No larger than upscaling makes it, and not by fewer times than are paid for.
    wide, high = twice.request.size.sides
    assert (await drawn(house, changed(await written(house, twice), size=[wide - 8, high]))).job
    for job, values in (
        (twice, {"size": [2 * wide, 2 * high]}),
        (twice, {"size": [wide, high + 8]}),
        (twice, {"extra": {"upscale": ["subtle", 4]}}),
        (four, {"extra": {"upscale": ["creative", 2]}}),
    ):
        with pytest.raises(InvalidRecipe, match="which upscaling does not make of"):
            await drawn(house, changed(await written(house, job), **values))
    with pytest.raises(InvalidRecipe, match="does not draw pictures of 8192×8192"):
        await drawn(house, changed(await written(house, four), size=[8192, 8192]))


@pytest.mark.parametrize(
    ("action", "masked"),
    [(Action.EDIT, True), (Action.VARY_STRONG, False), (Action.IMAGINE, False)],
)
@pytest.mark.parametrize("size", [Size(24, 24), Size(16, 8)])
async def test_what_was_done_to_an_upload_is_done_to_it_again_at_its_price(
    house: House, action: Action, masked: bool, size: Size
) -> None:
    digest = await brought(house)
    made = requests.started(TINY, requests.imagine(TINY, "a fox"), digest, digest if masked else "")
    job = await submitted(house, replace(made.shaped(size), action=action))
    asked = await drawn(house, await written(house, job))
    assert asked.job is not None
    assert (asked.job.cost, asked.job.request.size) == (1, size)
    assert asked.job.action is action
    # By a model that draws on the whole of a picture alone no part of one is drawn.
    whole = changed(await written(house, job), model="whole")
    if masked:
        with pytest.raises(Unable, match="`Whole` cannot start from a picture"):
            await drawn(house, whole)
    else:
        assert (await drawn(house, whole)).job
    again = await house.press(Action.REROLL, job.tile(0))
    asked = await drawn(house, await written(house, (await house.end(again)).job))
    assert asked.job
    assert (asked.job.action, asked.job.cost) == (Action.REROLL, 1)
