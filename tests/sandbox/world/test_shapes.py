"""What the bot and people are shown: links, mentions, and content the bot may not read."""

from __future__ import annotations

import itertools

import pytest

from bot.sandbox import Sandbox, StoredMessage
from bot.sandbox.rules.flags import LOADING
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.message import Upload
from bot.sandbox.world.messages import Draft
from bot.sandbox.world.pictures import avatar
from bot.sandbox.world.shapes import emoji_json, readable
from tests.kit.components import Json, button, gallery, row, v2
from tests.kit.sandbox import clock_of

PNG = avatar(1)
HIDDEN: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


def written(sandbox: Sandbox, payload: Json, *names: str, by: str = "Easel") -> StoredMessage:
    """A message in #imagine with files of these names."""
    channel, author = sandbox.world.find_channel("imagine"), sandbox.world.find_user(by)
    uploads = {number: Upload(name, None, PNG) for number, name in enumerate(names)}
    blank = sandbox.messages.blank(channel, author)
    return sandbox.messages.create(channel, blank, Draft(payload, uploads))


def test_links_are_signed_anew_each_time_a_message_is_shown(closed: Sandbox) -> None:
    sent = written(closed, {}, "a.png")
    first = closed.renderer.message(sent)["attachments"][0]
    assert first["url"] == first["proxy_url"]
    clock_of(closed).advance(3600)
    second = closed.renderer.message(sent)["attachments"][0]
    assert second["url"] != first["url"]
    assert second["url"].split("?")[0] == first["url"].split("?")[0]


def test_a_message_has_one_link_to_a_file_whenever_the_second_ends(
    closed: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = {"title": "t", "image": {"url": "attachment://a.png"}}
    sent = written(closed, {"embeds": [embed]}, "a.png")
    seconds = itertools.count(1_700_000_000)
    monkeypatch.setattr(closed.files, "_clock", lambda: next(seconds))
    shape = closed.renderer.message(sent)
    assert shape["embeds"][0]["image"]["url"] == shape["attachments"][0]["url"]


def test_an_attachment_tells_what_is_known_and_no_more(closed: Sandbox) -> None:
    listed = [{"id": 0, "description": "a fox", "is_spoiler": True}]
    sent = written(closed, {"attachments": listed}, "a.png", "b.txt")
    picture, words = closed.renderer.message(sent)["attachments"]
    assert (picture["description"], picture["spoiler"]) == ("a fox", True)
    assert (picture["size"], picture["content_type"]) == (len(PNG), "image/png")
    assert "ephemeral" not in picture
    assert not {"description", "spoiler"} & set(words)


def test_a_components_media_become_links_to_the_attachment(closed: Sandbox) -> None:
    file = {"type": 13, "file": {"url": "attachment://recipe.json"}}
    shown = [gallery("attachment://a.png", "https://x.y/b.png"), file]
    sent = written(closed, v2(*shown), "a.png", "recipe.json")
    shape = closed.renderer.message(sent)
    first, second = (item["media"] for item in shape["components"][0]["items"])
    assert first["url"] == shape["attachments"][0]["url"]
    assert first["attachment_id"] == shape["attachments"][0]["id"]
    assert (first["width"], first["height"], first["content_type"]) == (64, 64, "image/png")
    assert second == {"url": "https://x.y/b.png", "proxy_url": "https://x.y/b.png"}
    assert shape["components"][1]["name"] == "recipe.json"
    assert shape["components"][1]["size"] == len(PNG)
    assert sent.components[0]["items"][0]["media"] == {"url": "attachment://a.png"}


def test_an_embeds_pictures_become_links_too(closed: Sandbox) -> None:
    embed = {
        "title": "t",
        "image": {"url": "attachment://a.png"},
        "thumbnail": {"url": "https://x.y/b.png"},
        "footer": {"text": "f", "icon_url": "attachment://a.png"},
    }
    sent = written(closed, {"embeds": [embed]}, "a.png")
    shape = closed.renderer.message(sent)
    (shown,), link = shape["embeds"], shape["attachments"][0]["url"]
    assert shown["type"] == "rich"
    assert shown["image"] == {"url": link, "proxy_url": link, "width": 64, "height": 64}
    assert shown["thumbnail"] == {"url": "https://x.y/b.png"}
    assert shown["footer"] == {"text": "f", "icon_url": link, "proxy_icon_url": link}
    assert sent.embeds == [embed]


# What the bot reads


def test_the_bot_reads_its_own_words_and_those_that_mention_it(closed: Sandbox) -> None:
    own = written(closed, {"content": "mine"}, "a.png")
    others = written(closed, {"content": "theirs"}, "a.png", by="Mia")
    called = written(closed, {"content": f"<@{BOT_ID}> draw"}, by="Mia")
    mia = closed.world.find_user("Mia")
    direct = closed.messages.write(closed.world.dm_of(mia.id), mia, {"content": "hello"})
    assert [readable(each) for each in (own, others, called, direct)] == [True, False, True, True]
    assert closed.renderer.for_bot(others).items() >= HIDDEN.items()
    assert closed.renderer.for_bot(called)["content"] == f"<@{BOT_ID}> draw"
    assert closed.renderer.for_bot(direct)["content"] == "hello"
    shown = closed.renderer.for_person(others, mia.id)
    assert (shown["content"], len(shown["attachments"])) == ("theirs", 1)


def test_an_event_tells_the_guild_and_the_author_as_a_member(closed: Sandbox) -> None:
    sent = written(closed, {"content": "x"}, by="Noah")
    event = closed.renderer.event(sent)
    assert event["guild_id"] == closed.world.guild.id
    assert event["member"]["roles"] == [closed.world.find_role("Patron").id]
    assert "user" not in event["member"]
    noah = closed.world.find_user("Noah")
    direct = closed.messages.write(closed.world.dm_of(noah.id), noah, {"content": "x"})
    assert not {"guild_id", "member"} & set(closed.renderer.event(direct))


def test_a_reply_shows_what_it_answers_but_not_what_that_answered(closed: Sandbox) -> None:
    first, second, third = (written(closed, {"content": each}) for each in ("1", "2", "3"))
    for message, answered in ((second, first), (third, second)):
        message.type = 19
        message.reference = {"type": 0, "message_id": answered.id}
    shape = closed.renderer.message(third)
    assert shape["referenced_message"]["content"] == "2"
    assert "referenced_message" not in shape["referenced_message"]
    assert shape["referenced_message"]["message_reference"]["message_id"] == first.id
    closed.messages.delete(second)
    assert closed.renderer.message(third)["referenced_message"] is None
    assert "referenced_message" not in closed.renderer.message(first)


def test_mentions_are_whole_users_with_their_membership(closed: Sandbox) -> None:
    mia = closed.world.find_user("Mia").id
    (shown,) = closed.renderer.message(written(closed, {"content": f"<@{mia}>"}))["mentions"]
    assert (shown["id"], shown["global_name"]) == (mia, "Mia")
    assert "roles" in shown["member"]


def test_reactions_are_counted_and_one_knows_ones_own(closed: Sandbox) -> None:
    sent = written(closed, {"content": "x"})
    mia, noah = closed.world.find_user("Mia").id, closed.world.find_user("Noah").id
    for user_id in (mia, BOT_ID):
        closed.messages.react(sent, user_id, "❤")
    closed.messages.react(sent, noah, "fox:77")
    heart, fox = closed.renderer.message(sent)["reactions"]
    assert (heart["count"], heart["me"], heart["emoji"]) == (2, True, {"id": None, "name": "❤"})
    assert (fox["count"], fox["me"], fox["emoji"]) == (1, False, {"id": "77", "name": "fox"})
    (_, again) = closed.renderer.for_person(sent, noah)["reactions"]
    assert again["me"] is True


def test_a_person_is_shown_that_the_bot_is_thinking(closed: Sandbox) -> None:
    sent = written(closed, {"content": "x", "allowed_mentions": {"parse": []}})
    shown = closed.renderer.for_person(sent, "1")
    assert "loading" not in shown
    assert shown["allowed_mentions"] == {"parse": []}
    sent.flags |= LOADING
    assert closed.renderer.for_person(sent, "1")["loading"] is True
    assert "loading" not in closed.renderer.message(sent)


def test_who_asked_is_told_on_the_answer(closed: Sandbox) -> None:
    mia = closed.world.find_user("Mia")
    sent = written(closed, {"content": "x"})
    sent.webhook_id = BOT_ID
    opened = {"id": "6", "type": 2, "user": mia.id, "name": "imagine"}
    sent.metadata = {
        "id": "7",
        "type": 5,
        "user": mia.id,
        "triggering_interaction_metadata": opened,
    }
    shape = closed.renderer.message(sent)
    assert (shape["webhook_id"], shape["application_id"]) == (BOT_ID, BOT_ID)
    told = shape["interaction_metadata"]
    assert told["user"]["username"] == "mia"
    assert told["triggering_interaction_metadata"]["user"]["username"] == "mia"
    assert "interaction" not in shape
    sent.metadata = opened
    shape = closed.renderer.message(sent)
    assert (shape["interaction"]["name"], shape["interaction"]["user"]["id"]) == ("imagine", mia.id)


def test_showing_a_message_leaves_it_as_it_is(closed: Sandbox) -> None:
    sent = written(closed, {"content": "x", "components": [row(button())]})
    before = vars(sent).copy()
    closed.renderer.message(sent)["components"][0]["components"][0]["label"] = "changed"
    closed.renderer.message(sent)["embeds"].append({})
    assert vars(sent) == before
    assert closed.renderer.message(sent)["components"][0]["components"][0]["label"] == "V1"


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("🔄", {"id": None, "name": "🔄"}),
        ("fox:77", {"id": "77", "name": "fox"}),
        ("", {"id": None, "name": ""}),
    ],
)
def test_emoji(key: str, shape: Json) -> None:
    assert emoji_json(key) == shape
