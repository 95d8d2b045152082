"""What a finished job looks like in a channel."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.chat import wording
from bot.chat.pace import Pace
from bot.chat.posting import Poster
from bot.chat.results import Results
from bot.domain.action import Action
from bot.domain.delivery import ENVELOPE, MIB, UPLOAD_LIMIT, Delivery
from bot.domain.job import Job
from tests.kit.app import HERE, House
from tests.kit.channels import FakeDiscord, FakeMessage, FakeWebhook, refusal
from tests.kit.values import ANNA, CHANNEL, GUILD


def results(house: House, chat: FakeDiscord, **limits: Any) -> Results:
    poster = Poster(cast(Any, chat), house.service, Pace(1e6))
    return Results(cast(Any, chat), house.service, poster, clock=house.clock, **limits)


async def post(house: House, chat: FakeDiscord, job: Job) -> FakeMessage:
    number = await results(house, chat).post(await row(house, job), job)
    return chat.messages[number]


async def row(house: House, job: Job) -> Delivery:
    found = await house.service.outbox.of_job(job.id)
    assert found is not None
    return found


async def test_a_result_is_its_picture_its_headline_and_its_buttons(
    house: House, chat: FakeDiscord
) -> None:
    job = await house.draw()
    posted = await post(house, chat, job)
    assert posted.content == f"**a red fox** - <@{ANNA}>"
    assert job.id in posted.attachments[0].filename
    labels = [getattr(each, "label", None) for row in posted.components for each in row.children]
    said = [f"{kind}{n}" for kind in "UV" for n in range(1, 5)]
    assert [each for each in labels if each] == [*said, "⋯"]
    assert posted.said["suppress_embeds"] is True
    assert posted.said["reference"] is None


async def test_what_was_sent_is_in_memory_no_longer(house: House, chat: FakeDiscord) -> None:
    job = await house.draw()
    posted = await post(house, chat, job)
    assert posted.said["file"].fp.closed


@pytest.mark.parametrize(("waited", "called"), [(0, False), (59, False), (60, True), (900, True)])
async def test_only_who_waited_a_minute_is_called(
    house: House, chat: FakeDiscord, waited: float, called: bool
) -> None:
    job = await house.draw()
    house.clock.now = job.created_at + waited
    posted = await post(house, chat, job)
    users = [str(ANNA)] if called else []
    mentions = posted.said["allowed_mentions"].to_dict()
    assert [str(each) for each in mentions.get("users", [])] == users
    assert mentions["parse"] == []
    assert posted.said["mention_author"] is False


async def test_who_was_shown_nothing_is_called_at_once(house: House, chat: FakeDiscord) -> None:
    job = await house.draw()
    number = await results(house, chat).post(await row(house, job), job, call=True)
    mentions = chat.messages[number].said["allowed_mentions"].to_dict()
    assert (mentions["users"], mentions["parse"]) == ([ANNA], [])


async def test_nobody_is_called_for_a_picture_that_was_taken_out(
    house: House, chat: FakeDiscord
) -> None:
    grid = await house.draw()
    single = await house.press(Action.UPSCALE, grid.tile(1))
    house.clock.now += 900
    posted = await post(house, chat, single)
    assert "users" not in posted.said["allowed_mentions"].to_dict()


async def test_what_came_of_a_button_answers_the_message_under_which_it_stands(
    house: House, chat: FakeDiscord
) -> None:
    grid = await house.draw()
    single = await house.press(
        Action.UPSCALE, grid.tile(1), origin=replace(HERE, parent_message=77)
    )
    reference = (await post(house, chat, single)).said["reference"]
    assert (reference.message_id, reference.channel_id) == (77, CHANNEL)
    assert reference.fail_if_not_exists is False


@pytest.mark.parametrize(
    ("guild", "limit", "bytes_"),
    [
        (0, 0, UPLOAD_LIMIT),
        (GUILD + 5, 0, UPLOAD_LIMIT),
        (GUILD, 10 * MIB, 10 * MIB - ENVELOPE),
        (GUILD, 50 * MIB, 25 * MIB - ENVELOPE),
    ],
)
async def test_a_file_may_be_as_large_as_its_server_allows(
    house: House, chat: FakeDiscord, guild: int, limit: int, bytes_: int
) -> None:
    chat.guilds[GUILD] = SimpleNamespace(filesize_limit=limit)
    assert results(house, chat).upload_limit(guild) == bytes_


async def test_a_large_file_that_is_refused_is_made_smaller_until_it_passes(
    house: House, chat: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await house.draw()
    asked: list[int] = []
    make = house.service.pictures.picture

    async def picture(job: Job, limit: int) -> Any:
        asked.append(limit)
        return replace(await make(job, UPLOAD_LIMIT), bytes=min(limit, 4 * MIB))

    monkeypatch.setattr(house.service.pictures, "picture", picture)
    chat.refuse = [refusal(413, 40005), refusal(400, 50045)]
    await results(house, chat, smallest=1).post(await row(house, job), job)
    assert asked == [UPLOAD_LIMIT, 2 * MIB, MIB]
    assert len(chat.messages) == 1


@pytest.mark.parametrize("code", [50013, 50035])
async def test_other_refusals_are_not_answered_with_smaller_files(
    house: House, chat: FakeDiscord, code: int
) -> None:
    job = await house.draw()
    chat.refuse = [refusal(403, code)]
    with pytest.raises(Exception, match=str(code)):
        await post(house, chat, job)
    assert len(chat.calls) == 1


async def test_an_interaction_posts_it_in_the_bots_place(house: House, chat: FakeDiscord) -> None:
    job, hook = await house.draw(), FakeWebhook(chat, CHANNEL)
    number = await results(house, chat).hand_over(job, cast(Any, hook))
    assert chat.calls == [("hook send", CHANNEL)]
    assert chat.messages[number].attachments != []


@pytest.mark.parametrize(
    ("error", "there"), [(None, True), (refusal(403, 50001), True), (refusal(404, 10008), False)]
)
async def test_only_a_deleted_message_is_not_there(
    house: House, chat: FakeDiscord, error: Exception | None, there: bool
) -> None:
    job = await house.draw()
    posted = await post(house, chat, job)
    chat.refuse = [error]
    delivery = replace(await row(house, job), message=posted.id)
    link = await results(house, chat).still_there(job, delivery)
    assert link == (wording.link(GUILD, CHANNEL, posted.id) if there else "")


async def test_what_is_hidden_is_posted_in_direct_messages(house: House, chat: FakeDiscord) -> None:
    job = await house.draw("a red fox --stealth", origin=replace(HERE, parent_message=77))
    posted = await post(house, chat, job)
    assert chat.of_kind("send") == [ANNA]
    assert posted.content == f"**a red fox --stealth** - <@{ANNA}> (stealth)"
    assert posted.said["reference"] is None
    delivery = replace(await row(house, job), message=posted.id)
    link = await results(house, chat).still_there(job, delivery)
    assert link == wording.link(0, ANNA, posted.id)
    await house.posted(job, 0)
    house.clock.now += 900
    await post(house, chat, job)  # what may have arrived is looked for where it was sent
    assert chat.of_kind("history") in ([], [ANNA])
