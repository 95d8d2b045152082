"""An interaction's life: three seconds, one answer, fifteen minutes, and the messages of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox import ApiError, News, Sandbox
from bot.sandbox.rules.flags import COMPONENTS_V2, EPHEMERAL, LOADING
from bot.sandbox.world.answers import Answers
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.interaction import (
    AUTOCOMPLETE,
    CHOICES,
    COMMAND,
    COMPONENT,
    DEFER,
    DEFER_UPDATE,
    MODAL,
    MODAL_SUBMIT,
    REPLY,
    UPDATE,
    Interaction,
    file_limit,
)
from bot.sandbox.world.interactions import TOKEN_SECONDS, Interactions
from bot.sandbox.world.message import StoredMessage, Upload
from bot.sandbox.world.pictures import avatar
from tests.kit.components import Json, button, label, line, modal, row, text
from tests.kit.refusals import Paths, refusal
from tests.kit.sandbox import clock_of, heard

ACK = 3.0
MIB = 1024 * 1024
CAT = {"type": 1, "name": "imagine", "id": "1"}


class Desk:
    """Mia asks, and the test answers in the application's place."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.world = sandbox, sandbox.world
        self.clock = clock_of(sandbox)
        self.mia = sandbox.world.find_user("Mia").id
        self.channel = sandbox.world.find_channel("imagine")
        self.answers = Answers(sandbox.world, sandbox.messages)
        self.listening, self.late = True, False
        self.interactions = Interactions(
            sandbox.world,
            self.answers,
            sandbox.bus,
            ack_seconds=ACK,
            listening=lambda: self.listening,
            late=lambda: self.late,
        )

    def ask(self, kind: int = COMMAND, data: Json | None = None, **more: Any) -> Interaction:
        place = more.pop("channel", self.channel)
        return self.interactions.open(kind, self.mia, place, data or dict(CAT), **more)

    def respond(self, it: Interaction, kind: int, data: Any = None, **files: bytes) -> Json:
        uploads = {n: Upload(name, None, data) for n, (name, data) in enumerate(files.items())}
        return self.interactions.respond(it.id, it.token, {"type": kind, "data": data}, uploads)

    def wrong(self, it: Interaction, kind: object, data: Any = None) -> Paths:
        body = {"type": kind, "data": data}
        return refusal(lambda: self.interactions.respond(it.id, it.token, body, {}))

    def answered(self, kind: int = REPLY, **data: Any) -> Interaction:
        it = self.ask()
        self.respond(it, kind, data or {"content": "here"})
        return it

    def grid(self) -> StoredMessage:
        """A message with a button."""
        payload = {"content": "grid", "components": [row(button())]}
        return self.sandbox.messages.write(self.channel, self.world.bot, payload)


@pytest.fixture
async def desk(closed: Sandbox) -> AsyncIterator[Desk]:
    made = Desk(closed)
    yield made
    await made.interactions.close()


def code_of(act: Any) -> tuple[int, int]:
    """(status, code) with which Discord refuses."""
    with pytest.raises(ApiError) as caught:
        act()
    return caught.value.status, caught.value.code


# Three seconds


async def test_an_interaction_is_told_with_a_token_of_its_own(desk: Desk) -> None:
    news = heard(desk.sandbox)
    first, second = desk.ask(), desk.ask()
    assert [(each.name, each.subject) for each in news] == [
        ("INTERACTION_CREATE", first),
        ("INTERACTION_CREATE", second),
    ]
    assert first.token != second.token
    assert len(first.token) > 100
    assert desk.interactions.of(desk.mia) == [second, first]
    assert desk.interactions.get(first.id) is first
    assert desk.interactions.get("1") is None


async def test_an_answer_is_taken_up_to_the_third_second(desk: Desk) -> None:
    intime, late = desk.ask(), desk.ask()
    desk.clock.advance(ACK)
    assert desk.respond(intime, REPLY, {"content": "just"})["type"] == REPLY
    desk.clock.advance(0.001)
    assert code_of(lambda: desk.respond(late, REPLY, {"content": "over"})) == (404, 10062)
    assert late.callback is None


async def test_the_person_is_told_when_the_time_is_over(desk: Desk) -> None:
    asked, answered = desk.ask(), desk.answered()
    desk.clock.advance(ACK + 1)
    await desk.sandbox.wait_for(lambda: asked.failed, timeout=10)
    assert asked.failed == "The application did not respond"
    assert answered.failed is None


async def test_without_a_bot_it_fails_at_once(desk: Desk) -> None:
    desk.listening = False
    asked = desk.ask()
    assert asked.failed == "The application did not respond"
    assert code_of(lambda: desk.respond(asked, DEFER)) == (404, 10062)


async def test_a_late_one_has_failed_before_the_bot_hears_of_it(desk: Desk) -> None:
    desk.late = True
    failed: list[str | None] = []

    def hear(news: News) -> None:
        assert isinstance(news.subject, Interaction)
        failed.append(news.subject.failed)

    desk.sandbox.bus.subscribe(hear)
    desk.ask()
    assert failed == ["The application did not respond"]


async def test_closing_ends_every_watch(desk: Desk) -> None:
    asked = desk.ask()
    await desk.interactions.close()
    desk.clock.advance(ACK + 1)
    await asyncio.sleep(0)
    assert asked.failed is None


# One answer


@pytest.mark.parametrize("kind", [REPLY, DEFER, MODAL])
async def test_there_is_one_answer(desk: Desk, kind: int) -> None:
    it = desk.ask()
    good = modal(label(line())) if kind == MODAL else {"content": "x"} if kind == REPLY else None
    desk.respond(it, kind, good)
    for again in (REPLY, DEFER, MODAL):
        assert code_of(lambda again=again: desk.respond(it, again)) == (400, 40060)


async def test_a_second_answer_is_told_so_even_when_the_time_is_over(desk: Desk) -> None:
    it = desk.answered()
    desk.clock.advance(ACK + 1)
    assert code_of(lambda: desk.respond(it, REPLY, {"content": "x"})) == (400, 40060)


async def test_a_wrong_answer_may_be_followed_by_a_right_one(desk: Desk) -> None:
    it = desk.ask()
    assert desk.wrong(it, REPLY, {"content": "x" * 2001}) == {
        "data.content": ["BASE_TYPE_MAX_LENGTH"]
    }
    assert it.original is None
    assert desk.respond(it, REPLY, {"content": "x"})["data"] == {"content": "x"}


async def test_another_token_or_an_unknown_id_is_no_interaction(desk: Desk) -> None:
    first, second = desk.ask(), desk.ask()
    body = {"type": REPLY, "data": {"content": "x"}}
    respond = desk.interactions.respond
    assert code_of(lambda: respond(first.id, second.token, body, {})) == (404, 10062)
    assert code_of(lambda: respond("1", first.token, body, {})) == (404, 10062)


FITTING = {
    COMMAND: {REPLY, DEFER, MODAL},
    COMPONENT: {REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    MODAL_SUBMIT: {REPLY, DEFER},
}
DATA: dict[int, Any] = {
    REPLY: {"content": "x"},
    UPDATE: {"content": "x"},
    MODAL: modal(label(line())),
    CHOICES: {"choices": []},
}


@pytest.mark.parametrize("asked", FITTING)
@pytest.mark.parametrize("kind", [REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL, 1, 99, "4"])
async def test_which_answer_fits_which_question(desk: Desk, asked: int, kind: Any) -> None:
    message = desk.grid() if asked == COMPONENT else None
    wrong = desk.wrong(desk.ask(asked, message=message), kind, DATA.get(kind))
    assert wrong == ({} if kind in FITTING[asked] else {"type": ["BASE_TYPE_CHOICES"]})


@pytest.mark.parametrize("kind", [REPLY, DEFER, DEFER_UPDATE, UPDATE, MODAL])
async def test_a_form_from_a_button_may_change_the_message_but_open_no_form(
    desk: Desk, kind: int
) -> None:
    opener = desk.ask(COMPONENT, message=desk.grid())
    desk.respond(opener, MODAL, modal(label(line())))
    sent = desk.ask(MODAL_SUBMIT, message=opener.message, parent=opener)
    wrong = desk.wrong(sent, kind, DATA.get(kind))
    assert wrong == ({"type": ["BASE_TYPE_CHOICES"]} if kind == MODAL else {})


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ({"choices": [{"name": "n" * 100, "value": "v" * 100}] * 25}, {}),
        ({"choices": [{"name": "one", "value": 1}, {"name": "half", "value": 0.5}]}, {}),
        (
            {"choices": [{"name": "n", "value": "v"}] * 26},
            {"data.choices": ["BASE_TYPE_MAX_LENGTH"]},
        ),
        (
            {"choices": [{"name": "", "value": "v"}]},
            {"data.choices.0.name": ["BASE_TYPE_BAD_LENGTH"]},
        ),
        (
            {"choices": [{"name": "n" * 101, "value": "v"}]},
            {"data.choices.0.name": ["BASE_TYPE_BAD_LENGTH"]},
        ),
        (
            {"choices": [{"name": "n", "value": "v" * 101}]},
            {"data.choices.0.value": ["BASE_TYPE_MAX_LENGTH"]},
        ),
        ({}, {"data.choices": ["BASE_TYPE_REQUIRED"]}),
        (None, {"data.choices": ["BASE_TYPE_REQUIRED"]}),
    ],
)
async def test_choices_while_typing(desk: Desk, data: Any, wrong: Paths) -> None:
    assert desk.wrong(desk.ask(AUTOCOMPLETE), CHOICES, data) == wrong


async def test_a_deferred_answer_takes_one_flag(desk: Desk) -> None:
    for flags in (COMPONENTS_V2, COMPONENTS_V2 | EPHEMERAL, LOADING):
        wrong = desk.wrong(desk.ask(), DEFER, {"flags": flags})
        assert wrong == {"data.flags": ["MESSAGE_FLAGS_INVALID"]}
    open_to_all, private = desk.ask(), desk.ask()
    desk.respond(open_to_all, DEFER)
    desk.respond(private, DEFER, {"flags": EPHEMERAL})
    assert open_to_all.original is not None
    assert private.original is not None
    assert (open_to_all.original.flags, open_to_all.original.audience) == (LOADING, None)
    assert private.original.flags == LOADING | EPHEMERAL
    assert private.original.audience == desk.mia


# Messages of the answer


async def test_the_answer_is_a_message_of_the_bot_that_tells_its_command(desk: Desk) -> None:
    it = desk.ask(name="quota show")
    desk.respond(it, REPLY, {"content": f"<@{desk.mia}> @everyone"})
    sent = it.original
    assert sent is not None
    assert (sent.type, sent.author.id, sent.webhook_id) == (20, BOT_ID, BOT_ID)
    assert sent.metadata is not None
    assert (sent.metadata["id"], sent.metadata["name"]) == (it.id, "quota show")
    assert (sent.mentions, sent.mention_everyone) == ([desk.mia], False)


@pytest.mark.parametrize(("kind", "made"), [(1, 20), (2, 23), (3, 23)])
async def test_answers_of_commands_and_context_menus_have_types(
    desk: Desk, kind: int, made: int
) -> None:
    it = desk.ask(data={"type": kind, "name": "x", "id": "1", "target_id": "9"})
    desk.respond(it, REPLY, {"content": "x"})
    assert it.original is not None
    assert it.original.type == made
    assert ("target_message_id" in (it.original.metadata or {})) is (kind == 3)


async def test_an_answer_to_a_button_refers_to_its_message(desk: Desk) -> None:
    grid = desk.grid()
    it = desk.ask(COMPONENT, message=grid)
    desk.respond(it, REPLY, {"content": "x"})
    assert it.original is not None
    assert (it.original.type, it.original.reference) == (
        19,
        {"type": 0, "channel_id": desk.channel.id, "message_id": grid.id}
        | {"guild_id": desk.world.guild.id},
    )
    assert (it.original.metadata or {})["interacted_message_id"] == grid.id


async def test_a_form_tells_what_it_was_opened_from(desk: Desk) -> None:
    opener = desk.ask(name="remix")
    desk.respond(opener, MODAL, modal(label(line())))
    assert opener.modal is not None
    assert opener.original is None
    sent = desk.ask(MODAL_SUBMIT, {"custom_id": "remix"}, parent=opener)
    above = sent.metadata()["triggering_interaction_metadata"]
    assert (above["id"], above["name"], above["type"]) == (opener.id, "remix", COMMAND)


async def test_an_update_changes_the_message_of_the_button(desk: Desk) -> None:
    grid = desk.grid()
    it = desk.ask(COMPONENT, message=grid)
    desk.respond(it, UPDATE, {"content": "redrawn", "components": []})
    assert (grid.content, grid.components) == ("redrawn", [])
    assert it.original is grid
    quiet = desk.ask(COMPONENT, message=grid)
    desk.respond(quiet, DEFER_UPDATE)
    assert desk.answers.message(quiet, "@original") is grid
    desk.answers.edit(quiet, "@original", {"content": "later"}, {})
    assert grid.content == "later"


async def test_a_message_that_is_gone_cannot_be_updated(desk: Desk) -> None:
    grid = desk.grid()
    it = desk.ask(COMPONENT, message=grid)
    desk.sandbox.messages.delete(grid)
    assert code_of(lambda: desk.respond(it, UPDATE, {"content": "x"})) == (404, 10008)
    desk.respond(it, REPLY, {"content": "gone"})


async def test_the_first_follow_up_fills_what_is_thinking_and_the_next_is_another(
    desk: Desk,
) -> None:
    it = desk.answered(DEFER, flags=0)
    filled = desk.answers.follow_up(it, {"content": "one"}, {})
    assert filled is it.original
    assert (filled.content, filled.loading) == ("one", False)
    another = desk.answers.follow_up(it, {"content": "two"}, {})
    assert another is not filled
    assert (another.type, (another.reference or {})["message_id"]) == (19, filled.id)
    assert (another.metadata or {})["original_response_message_id"] == filled.id
    assert it.replies == [another]


async def test_follow_ups_are_private_if_they_say_so(desk: Desk) -> None:
    it = desk.answered()
    private = desk.answers.follow_up(it, {"content": "only you", "flags": EPHEMERAL}, {})
    public = desk.answers.follow_up(it, {"content": "all of you"}, {})
    assert (private.audience, public.audience) == (desk.mia, None)
    noah = desk.world.find_user("Noah").id
    assert [desk.world.rights.sees(noah, each) for each in (private, public)] == [False, True]


async def test_whether_an_answer_is_private_is_settled_when_it_begins(desk: Desk) -> None:
    it = desk.answered(DEFER, flags=EPHEMERAL)
    filled = desk.answers.follow_up(it, {"content": "still private"}, {})
    assert (filled.audience, filled.flags) == (desk.mia, EPHEMERAL)
    public = desk.answered()
    desk.answers.edit(public, "@original", {"content": "x", "flags": EPHEMERAL}, {})
    assert public.original is not None
    assert (public.original.audience, public.original.flags & EPHEMERAL) == (None, 0)


async def test_a_refused_follow_up_is_none(desk: Desk) -> None:
    it = desk.answered()
    assert refusal(lambda: desk.answers.follow_up(it, {"content": "x" * 2001}, {}))
    assert it.replies == []


async def test_a_token_reaches_its_own_messages_only(desk: Desk) -> None:
    it, other = desk.answered(), desk.answered()
    follow = desk.answers.follow_up(it, {"content": "more"}, {})
    assert it.original is not None
    assert other.original is not None
    assert desk.answers.message(it, "@original") is it.original
    assert desk.answers.message(it, it.original.id) is it.original
    assert desk.answers.message(it, follow.id) is follow
    for which in (other.original.id, desk.grid().id, "1"):
        assert code_of(lambda which=which: desk.answers.message(it, which)) == (404, 10008)
    desk.answers.delete(it, follow.id)
    assert code_of(lambda: desk.answers.message(it, follow.id)) == (404, 10008)
    desk.answers.delete(it, "@original")
    assert code_of(lambda: desk.answers.edit(it, "@original", {"content": "x"}, {})) == (404, 10008)
    after = desk.answers.follow_up(it, {"content": "on its own"}, {})
    assert after.reference is None


# Fifteen minutes


async def test_a_token_lives_for_fifteen_minutes(desk: Desk) -> None:
    it = desk.answered()
    desk.clock.advance(TOKEN_SECONDS - 0.001)
    assert desk.interactions.by_token(BOT_ID, it.token) is it
    desk.clock.advance(0.001)
    assert code_of(lambda: desk.interactions.by_token(BOT_ID, it.token)) == (401, 50027)


async def test_a_token_of_nobody_and_one_that_has_no_answer_yet(desk: Desk) -> None:
    it = desk.ask()
    by_token = desk.interactions.by_token
    assert code_of(lambda: by_token(BOT_ID, "never given")) == (401, 50027)
    assert code_of(lambda: by_token(BOT_ID, it.token)) == (404, 10015)
    desk.respond(it, DEFER)
    assert by_token(BOT_ID, it.token) is it
    assert code_of(lambda: by_token("1", it.token)) == (404, 10015)


# How large a file may be


@pytest.mark.parametrize(
    ("tier", "own", "really", "announced", "taken"),
    [
        (0, 10, None, 10, 10),
        (2, 10, None, 50, 50),
        (3, 10, None, 100, 100),
        (0, 500, None, 500, 500),
        (2, 500, None, 500, 500),
        (2, 10, 8, 50, 8),
    ],
)
async def test_the_limit_is_the_larger_of_the_servers_and_the_persons(
    desk: Desk, tier: int, own: int, really: int | None, announced: int, taken: int
) -> None:
    """A server that takes less than its boost promises says so only when it refuses."""
    desk.world.guild.premium_tier = tier
    desk.world.guild.upload_limit = None if really is None else really * MIB
    desk.world.users[desk.mia].upload_limit = own * MIB
    it = desk.ask()
    assert file_limit(desk.world, it) == announced * MIB
    assert file_limit(desk.world, it, announced=False) == taken * MIB


async def test_in_direct_messages_the_limit_is_the_persons(desk: Desk) -> None:
    desk.world.guild.premium_tier = 3
    it = desk.ask(channel=desk.world.dm_of(desk.mia))
    assert file_limit(desk.world, it) == file_limit(desk.world, it, announced=False) == 10 * MIB


async def test_a_file_over_the_limit_is_refused_before_anything_is_kept(desk: Desk) -> None:
    desk.world.guild.upload_limit = 100
    it = desk.ask()
    assert code_of(lambda: desk.respond(it, REPLY, {}, big_png=avatar(1))) == (413, 40005)
    assert desk.sandbox.files.entries == {}
    told = {"flags": COMPONENTS_V2, "components": [text("The picture is too large.")]}
    desk.respond(it, REPLY, told)
    assert it.original is not None
    assert it.original.flags == COMPONENTS_V2
