"""Messages as they are written, changed and removed, and what everybody hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import ApiError, Sandbox, StoredMessage
from bot.sandbox.rules import mentions, validation
from bot.sandbox.rules.flags import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_NOTIFICATIONS,
)
from bot.sandbox.world.channel import Channel
from bot.sandbox.world.message import Upload
from bot.sandbox.world.messages import Draft
from bot.sandbox.world.pictures import avatar
from tests.kit.components import Json, button, gallery, row, text, v2
from tests.kit.refusals import refusal
from tests.kit.sandbox import clock_of, heard

PNG = avatar(1)
SUPPRESS_EMBEDS = 1 << 2


def uploads(*names: str) -> dict[int, Upload]:
    return {number: Upload(name, None, PNG) for number, name in enumerate(names)}


class Desk:
    """The bot writes in #imagine."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.channel: Channel = sandbox.world.find_channel("imagine")

    def write(self, payload: Json, *names: str, limit: int = 10_000) -> StoredMessage:
        blank = self.sandbox.messages.blank(self.channel, self.sandbox.world.bot)
        draft = Draft(payload, uploads(*names), limit)
        return self.sandbox.messages.create(self.channel, blank, draft)

    def edit(self, message: StoredMessage, payload: Json, *names: str) -> StoredMessage:
        draft = Draft(payload, uploads(*names), allowed_flags=validation.EDIT_FLAGS)
        return self.sandbox.messages.edit(message, draft)

    def stored(self) -> list[StoredMessage]:
        return list(self.sandbox.world.messages[self.channel.id].values())

    def names(self, message: StoredMessage) -> list[str]:
        return [each.filename for each in message.files]


@pytest.fixture
def desk(closed: Sandbox) -> Desk:
    return Desk(closed)


def test_a_message_is_kept_shown_last_and_told(desk: Desk) -> None:
    news = heard(desk.sandbox)
    sent = desk.write({"content": "  a fox  ", "tts": True, "nonce": "n1"})
    assert desk.stored() == [sent]
    assert (sent.content, sent.tts, sent.nonce) == ("a fox", True, "n1")
    assert sent.timestamp == "2026-06-01T12:00:00.000000+00:00"
    assert desk.channel.last_message_id == sent.id
    (told,) = news
    assert (told.name, told.subject) == ("MESSAGE_CREATE", sent)
    assert (told.channel_id, told.guild_id) == (desk.channel.id, desk.sandbox.world.guild.id)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"content": ""},
        {"content": " \n"},
        {"embeds": []},
        {"components": [row(button())]},
        {"flags": SUPPRESS_NOTIFICATIONS},
    ],
    ids=str,
)
def test_a_message_of_nothing_is_none(desk: Desk, payload: Json) -> None:
    with pytest.raises(ApiError) as caught:
        desk.write(payload)
    assert caught.value.code == 50006
    assert desk.stored() == []


@pytest.mark.parametrize(
    ("payload", "names"),
    [({"embeds": [{"title": "t"}]}, ()), ({}, ("a.png",)), (v2(text()), ())],
)
def test_an_embed_a_file_or_a_component_is_enough(
    desk: Desk, payload: Json, names: tuple[str, ...]
) -> None:
    assert desk.write(payload, *names) in desk.stored()


def test_a_refused_message_leaves_neither_file_nor_news(desk: Desk) -> None:
    news = heard(desk.sandbox)
    assert refusal(lambda: desk.write({"content": "x" * 2001}, "a.png"))
    wrong = refusal(lambda: desk.write(v2(gallery("attachment://b.png")), "a.png"))
    assert wrong == {"components": ["UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"]}
    with pytest.raises(ApiError) as caught:
        desk.write({"content": "x"}, "a.png", limit=len(PNG) - 1)
    assert caught.value.code == 40005
    assert (desk.stored(), desk.sandbox.files.entries, news) == ([], {}, [])


# Files


def test_files_are_named_described_and_ordered_by_the_list(desk: Desk) -> None:
    listed = [
        {"id": 1, "filename": "grid.png", "description": "four foxes"},
        {"id": "0", "is_spoiler": True},
    ]
    sent = desk.write({"attachments": listed}, "a.png", "b.png", "SPOILER_c.png")
    assert desk.names(sent) == ["grid.png", "a.png", "SPOILER_c.png"]
    grid, spoiler, named = sent.files
    assert (grid.description, grid.spoiler) == ("four foxes", False)
    assert (spoiler.description, spoiler.spoiler, named.spoiler) == (None, True, True)
    assert [desk.sandbox.files[each.id] for each in sent.files] == [PNG] * 3
    assert {each.place for each in sent.files} == {f"attachments/{desk.channel.id}"}


@pytest.mark.parametrize(
    ("listed", "wrong"),
    [
        ([{"id": 1}], {"attachments.0.id": ["ATTACHMENT_NOT_FOUND"]}),
        ([{"id": 0}, {"id": 0}], {"attachments.1.id": ["ATTACHMENT_NOT_FOUND"]}),
        ([{}], {"attachments.0.id": ["ATTACHMENT_NOT_FOUND"]}),
        ([{"id": 0, "description": "d" * 1024}], {}),
        (
            [{"id": 0, "description": "d" * 1025}],
            {"attachments.0.description": ["BASE_TYPE_MAX_LENGTH"]},
        ),
    ],
    ids=str,
)
def test_a_list_names_files_that_came_along(
    desk: Desk, listed: list[Json], wrong: dict[str, list[str]]
) -> None:
    assert refusal(lambda: desk.write({"attachments": listed}, "a.png")) == wrong


def test_an_edit_keeps_what_it_lists_and_forgets_the_bytes_of_the_rest(desk: Desk) -> None:
    sent = desk.write({}, "a.png", "b.png")
    first, second = sent.files
    desk.edit(sent, {"attachments": [{"id": second.id}]})
    assert desk.names(sent) == ["b.png"]
    assert first.id not in desk.sandbox.files
    desk.edit(sent, {"content": "words only"})
    assert desk.names(sent) == ["b.png"]
    desk.edit(sent, {"attachments": [{"id": 0}, {"id": int(second.id)}]}, "c.png")
    assert desk.names(sent) == ["c.png", "b.png"]
    desk.edit(sent, {"attachments": []})
    assert desk.names(sent) == []
    assert desk.sandbox.files.entries == {}


def test_a_refused_edit_changes_nothing(desk: Desk) -> None:
    sent = desk.write({"content": "x"}, "a.png")
    before = vars(sent).copy()
    news = heard(desk.sandbox)
    assert refusal(lambda: desk.edit(sent, {"content": "y" * 2001, "attachments": []}))
    assert refusal(lambda: desk.edit(sent, {"content": "y", "attachments": [{"id": 5}]}))
    with pytest.raises(ApiError) as caught:
        desk.edit(sent, {"content": "", "attachments": []})
    assert caught.value.code == 50006
    assert vars(sent) == before
    assert sent.files[0].id in desk.sandbox.files
    assert news == []


def test_ten_files_are_the_most_kept_and_new_ones_together(desk: Desk) -> None:
    sent = desk.write({}, *(f"{number}.png" for number in range(9)))
    kept = [{"id": each.id} for each in sent.files]
    wrong = refusal(lambda: desk.edit(sent, {"attachments": kept}, "x.png", "y.png"))
    assert wrong == {"attachments": ["BASE_TYPE_MAX_LENGTH"]}
    assert len(desk.edit(sent, {"attachments": kept}, "x.png").files) == 10


# Edits


def test_an_edit_changes_what_it_names_and_tells_when(desk: Desk) -> None:
    sent = desk.write({"content": "x", "embeds": [{"title": "t"}], "components": [row(button())]})
    news = heard(desk.sandbox)
    clock_of(desk.sandbox).advance(60)
    assert desk.edit(sent, {"content": "y"}) is sent
    assert (sent.content, sent.embeds, len(sent.components)) == ("y", [{"title": "t"}], 1)
    assert sent.edited_timestamp == "2026-06-01T12:01:00.000000+00:00"
    assert sent.timestamp == "2026-06-01T12:00:00.000000+00:00"
    assert [each.name for each in news] == ["MESSAGE_UPDATE"]
    desk.edit(sent, {"content": None, "components": []})
    assert (sent.content, sent.components) == ("", [])
    desk.edit(sent, {"content": "z", "embeds": None})
    assert sent.embeds == []


def test_a_message_that_is_thinking_is_filled_and_not_called_edited(desk: Desk) -> None:
    blank = desk.sandbox.messages.blank(desk.channel, desk.sandbox.world.bot)
    blank.flags = LOADING | EPHEMERAL
    desk.sandbox.messages.post(desk.channel, blank)
    assert blank.loading
    desk.edit(blank, {"content": "done"})
    assert (blank.loading, blank.flags, blank.edited_timestamp) == (False, EPHEMERAL, None)
    desk.edit(blank, {"content": "done again"})
    assert blank.edited_timestamp is not None


def test_components_v2_stay_and_replace_the_legacy_fields(desk: Desk) -> None:
    sent = desk.write({"content": "x"})
    turn: dict[str, Any] = {"flags": COMPONENTS_V2, "components": [text("t")]}
    wrong = refusal(lambda: desk.edit(sent, turn))
    assert wrong == {"content": ["MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"]}
    desk.edit(sent, turn | {"content": None})
    assert sent.flags & COMPONENTS_V2
    desk.edit(sent, {"flags": 0, "components": [text("u")]})
    assert sent.flags & COMPONENTS_V2
    assert refusal(lambda: desk.edit(sent, {"content": "x"}))
    assert refusal(lambda: desk.edit(sent, {"components": []}))


def test_embeds_are_hidden_and_shown_again_by_a_flag(desk: Desk) -> None:
    sent = desk.write({"content": "x", "flags": SUPPRESS_NOTIFICATIONS})
    desk.edit(sent, {"flags": SUPPRESS_EMBEDS})
    assert sent.flags == SUPPRESS_NOTIFICATIONS | SUPPRESS_EMBEDS
    desk.edit(sent, {"content": "y"})
    assert sent.flags == SUPPRESS_NOTIFICATIONS | SUPPRESS_EMBEDS
    desk.edit(sent, {"flags": 0})
    assert sent.flags == SUPPRESS_NOTIFICATIONS


def test_a_file_shown_by_a_component_may_be_kept_or_new(desk: Desk) -> None:
    sent = desk.write(v2(gallery("attachment://a.png")), "a.png")
    both = [gallery("attachment://a.png", "attachment://b.png")]
    kept = [{"id": sent.files[0].id}]
    desk.edit(sent, {"components": both, "attachments": [*kept, {"id": 0}]}, "b.png")
    assert desk.names(sent) == ["a.png", "b.png"]
    assert refusal(lambda: desk.edit(sent, {"components": [gallery("attachment://c.png")]}))


def test_a_file_that_an_edit_takes_away_cannot_be_shown_by_it(desk: Desk) -> None:
    sent = desk.write(v2(gallery("attachment://a.png")), "a.png")
    again = {"components": [gallery("attachment://a.png")], "attachments": []}
    wrong = refusal(lambda: desk.edit(sent, again))
    assert wrong == {"components": ["UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"]}


# Mentions and pings


def pinged(desk: Desk, payload: Json) -> set[str]:
    """Names of those whom a message pings."""
    desk.sandbox.world.pings.clear()
    sent = desk.write(payload)
    users = desk.sandbox.world.users
    assert {each.message_id for each in desk.sandbox.world.pings} <= {sent.id}
    return {users[each.user_id].global_name for each in desk.sandbox.world.pings}


def test_who_is_pinged(desk: Desk) -> None:
    world = desk.sandbox.world
    mia, patron = world.find_user("Mia").id, world.find_role("Patron").id
    everybody = {"Ada", "Mia", "Noah"}
    assert pinged(desk, {"content": f"<@{mia}>"}) == {"Mia"}
    assert pinged(desk, {"content": f"<@&{patron}>"}) == {"Noah"}
    assert pinged(desk, {"content": f"<@{mia}> <@&{patron}>"}) == {"Mia", "Noah"}
    assert pinged(desk, {"content": "@everyone"}) == everybody
    assert pinged(desk, {"content": "@here", "allowed_mentions": {"parse": []}}) == set()
    assert pinged(desk, {"content": f"<@{world.bot.id}> <@1> <@&1>"}) == set()
    assert pinged(desk, v2(text(f"<@{mia}>"))) == {"Mia"}
    silent = {"content": "@everyone", "flags": SUPPRESS_NOTIFICATIONS}
    assert pinged(desk, silent) == set()


def test_neither_the_bot_nor_the_author_is_pinged(desk: Desk) -> None:
    world = desk.sandbox.world
    mia, noah = world.find_user("Mia"), world.find_user("Noah")
    content = " ".join(f"<@{each}>" for each in (mia.id, noah.id, world.bot.id))
    sent = desk.sandbox.messages.write(desk.channel, mia, {"content": content})
    assert sent.mentions == [mia.id, noah.id, world.bot.id]
    assert [each.user_id for each in world.pings] == [noah.id]


def test_mentions_of_nobody_are_left_out(desk: Desk) -> None:
    sent = desk.write({"content": "<@1> <@&2> @everyone"})
    assert (sent.mentions, sent.mention_roles, sent.mention_everyone) == ([], [], True)


def test_an_edit_reads_mentions_again_and_pings_nobody(desk: Desk) -> None:
    mia = desk.sandbox.world.find_user("Mia").id
    sent = desk.write({"content": f"<@{mia}>", "allowed_mentions": {"parse": []}})
    assert sent.mentions == []
    desk.edit(sent, {"embeds": [{"title": "t"}]})
    assert sent.mentions == []
    desk.edit(sent, {"content": f"<@{mia}>"})
    assert sent.mentions == [mia]
    assert desk.sandbox.world.pings == []
    desk.edit(sent, {"allowed_mentions": {"parse": []}})
    assert sent.mentions == []


def test_answers_to_interactions_mention_users_only(desk: Desk) -> None:
    mia = desk.sandbox.world.find_user("Mia").id
    payload = {"content": f"<@{mia}> @everyone"}
    blank = desk.sandbox.messages.blank(desk.channel, desk.sandbox.world.bot)
    draft = Draft(payload, mention_default=mentions.USERS_ONLY)
    sent = desk.sandbox.messages.create(desk.channel, blank, draft)
    assert (sent.mentions, sent.mention_everyone) == ([mia], False)


def test_direct_messages_know_no_roles_and_no_everyone(desk: Desk) -> None:
    world = desk.sandbox.world
    mia, noah = world.find_user("Mia"), world.find_user("Noah")
    patron = world.find_role("Patron").id
    content = f"@everyone <@&{patron}> <@{noah.id}>"
    sent = desk.sandbox.messages.write(world.dm_of(mia.id), world.bot, {"content": content})
    assert (sent.mention_everyone, sent.mention_roles) == (False, [])
    assert sent.mentions == [noah.id]


# Reactions and the end


def test_a_reaction_counts_once_a_person_and_leaves_no_trace(desk: Desk) -> None:
    sent = desk.write({"content": "x"})
    news = heard(desk.sandbox)
    for user_id in ("7", "7", "8"):
        desk.sandbox.messages.react(sent, user_id, "❤")
    assert sent.reactions == {"❤": ["7", "8"]}
    desk.sandbox.messages.unreact(sent, "7", "🔄")
    for user_id in ("7", "7", "8"):
        desk.sandbox.messages.unreact(sent, user_id, "❤")
    assert sent.reactions == {}
    added, removed = "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"
    told = [(each.name, each.user_id, each.emoji) for each in news]
    assert told == [(added, "7", "❤"), (added, "8", "❤"), (removed, "7", "❤"), (removed, "8", "❤")]


def test_a_deleted_message_takes_its_files_along(desk: Desk) -> None:
    sent, other = desk.write({}, "a.png"), desk.write({}, "b.png")
    news = heard(desk.sandbox)
    desk.sandbox.messages.delete(sent)
    assert desk.stored() == [other]
    assert list(desk.sandbox.files.entries) == [other.files[0].id]
    assert [(each.name, each.subject) for each in news] == [("MESSAGE_DELETE", sent)]
    assert desk.sandbox.world.message(sent.id) is None
