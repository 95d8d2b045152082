"""The REST rules for messages: each with Discord's own status and code."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox import MovableClock, Sandbox
from bot.sandbox.world.first import BOT_ID
from bot.sandbox.world.pictures import avatar
from tests.kit.components import V2, button, container, menu, row, rows, text, v2
from tests.kit.robots import Api

PNG = avatar(1)


async def test_what_discord_accepts(api: Api, imagine: str) -> None:
    path = imagine + "/messages"
    grid = [row(*(button(custom_id=f"{line}:{n}") for n in range(5))) for line in range(5)]
    link = {"type": 2, "style": 5, "label": "Open", "url": "https://example.org"}
    gallery = {"type": 12, "items": [{"media": {"url": "https://example.org/a.png"}}]}
    section = {"type": 9, "components": [text("a")], "accessory": button()}
    for body in (
        {"content": "x" * 2000},
        {"embeds": [{"title": "t", "description": "d" * 4096}]},
        rows(*grid),
        rows(row(link), row(menu())),
        rows(row({"type": 5, "custom_id": "user"})),
        v2(container(text("a"), gallery, section, row(button(custom_id="b"))), text("b" * 3000)),
    ):
        answer = await api("POST", path, body)
        assert answer.status == 200, answer.body
    assert answer.body["flags"] == V2
    assert answer.body["components"][0]["id"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": 7}, "content"),
        ({"content": "x", "flags": 64}, "flags"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"embeds": [{"title": "t"}] * 11}, "embeds"),
        ({"embeds": [{"title": "t" * 257}]}, "embeds.0.title"),
        ({"embeds": [{"description": "d" * 4097}]}, "embeds.0.description"),
        ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds.0.fields"),
        ({"embeds": [{"fields": [{"name": "", "value": "v"}]}]}, "embeds.0.fields.0.name"),
        ({"embeds": [{"description": "d" * 3500}] * 2}, "embeds"),
        ({"embeds": [{"image": {"url": "file:///etc"}}]}, "embeds.0.image.url"),
        (rows(*[row(button(custom_id=str(n))) for n in range(6)]), "components"),
        (rows(row(*(button(custom_id=str(n)) for n in range(6)))), "components.0.components"),
        (rows(row()), "components.0.components"),
        (rows(button()), "components.0.type"),
        (rows(row(menu(), button())), "components.0.components"),
        (rows(row(button(), button())), "components.0.components.1.custom_id"),
        (rows(row(button(custom_id="i" * 101))), "components.0.components.0.custom_id"),
        (rows(row(button(custom_id=""))), "components.0.components.0.custom_id"),
        (rows(row(button(label="l" * 81))), "components.0.components.0.label"),
        (rows(row(button(label=None))), "components.0.components.0"),
        (rows(row(button(style=9))), "components.0.components.0.style"),
        (rows(row(button(style=5, url="https://x.y"))), "components.0.components.0"),
        (rows(row(button(style=5, custom_id=None))), "components.0.components.0.url"),
        (rows(row(button(url="https://x.y"))), "components.0.components.0.url"),
        (rows(row(menu(options=[]))), "components.0.components.0.options"),
        (
            rows(row(menu(options=[{"label": str(n), "value": str(n)} for n in range(26)]))),
            "components.0.components.0.options",
        ),
        (rows(row(menu(placeholder="p" * 151))), "components.0.components.0.placeholder"),
        (rows(row(menu(min_values=2))), "components.0.components.0.min_values"),
        (rows(row(menu(max_values=3))), "components.0.components.0.max_values"),
        (rows(text("no flag")), "components.0.type"),
        (v2(text("t"), content="both"), "content"),
        (v2(text("t"), embeds=[{"title": "both"}]), "embeds"),
        (v2(*[text("t") for _ in range(41)]), "components"),
        (v2(container(*[text("t") for _ in range(40)])), "components"),
        (v2(text("t" * 2001), text("t" * 2000)), "components"),
        (v2(container(container(text("t")))), "components.0.components.0.type"),
        (v2({"type": 9, "components": [text("a")]}), "components.0.accessory"),
        (v2({"type": 12, "items": []}), "components.0.items"),
        (v2({"type": 13, "file": {"url": "https://x.y/a"}}), "components.0.file.url"),
        (v2({"type": 13, "file": {"url": "attachment://a.txt"}}), "components"),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse.0"),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            "allowed_mentions",
        ),
        ({"content": "x", "attachments": [{"id": 4}]}, "attachments.0.id"),
        ({"content": "x", "message_reference": {"message_id": "1"}}, "message_reference"),
    ],
)
async def test_what_discord_refuses(
    api: Api, imagine: str, body: dict[str, Any], path: str
) -> None:
    answer = await api("POST", imagine + "/messages", body)
    assert answer.error == (400, 50035)
    assert answer.body["message"] == "Invalid Form Body"
    node = answer.body["errors"]
    for part in path.split("."):
        node = node[part]
    assert node["_errors"][0]["message"]
    assert (await api("GET", imagine + "/messages")).body == []


async def test_empty_messages_and_broken_json(api: Api, imagine: str) -> None:
    path = imagine + "/messages"
    assert (await api("POST", path, {})).error == (400, 50006)
    assert (await api("POST", path, {"content": "  "})).error == (400, 50006)
    assert (await api("POST", path, {"components": [row(button())]})).error == (400, 50006)
    assert (await api("POST", path, data="{")).error == (400, 50109)
    sent = (await api("POST", path, {"content": "x"})).body
    one = f"{path}/{sent['id']}"
    assert (await api("PATCH", one, {"content": ""})).error == (400, 50006)
    assert (await api("GET", one)).body["content"] == "x"


async def test_unknown_things_and_bad_tokens(api: Api, imagine: str) -> None:
    assert (await api("GET", "/channels/1")).error == (404, 10003)
    assert (await api("POST", "/channels/1/messages", {"content": "x"})).error == (404, 10003)
    assert (await api("GET", imagine + "/messages/1")).error == (404, 10008)
    assert (await api("GET", "/guilds/1")).error == (404, 10004)
    assert (await api("GET", "/users/1")).error == (404, 10013)
    assert (await api("GET", "/no/such/route")).error == (404, 0)
    assert (await api("DELETE", imagine)).error == (405, 0)
    wrong = {"Authorization": "Bot wrong"}
    assert (await api("GET", "/users/@me", headers=wrong)).error == (401, 0)


async def test_edits_keep_the_files_they_list_and_no_others(
    sandbox: Sandbox, api: Api, imagine: str
) -> None:
    path = imagine + "/messages"
    body = {"content": "x", "attachments": [{"id": 0, "description": "a fox"}, {"id": "1"}]}
    sent = (await api.upload("POST", path, body, a_png=PNG, b_txt=b"text")).body
    one = f"{path}/{sent['id']}"
    picture, note = sent["attachments"]
    assert (picture["filename"], picture["description"], picture["width"]) == ("a.png", "a fox", 64)
    assert note["content_type"] == "text/plain"
    assert len((await api("PATCH", one, {"content": "y"})).body["attachments"]) == 2
    kept = {"attachments": [{"id": int(note["id"])}, {"id": 0}]}
    after = (await api.upload("PATCH", one, kept, c_png=PNG)).body["attachments"]
    assert [each["filename"] for each in after] == ["b.txt", "c.png"]
    assert picture["id"] not in sandbox.files
    wrong = await api("PATCH", one, {"attachments": [{"id": picture["id"]}]})
    assert wrong.error == (400, 50035)
    assert (await api("PATCH", one, {"attachments": []})).body["attachments"] == []


async def test_file_limits(sandbox: Sandbox, api: Api, imagine: str) -> None:
    path = imagine + "/messages"
    files = {f"f{n}_txt": b"x" for n in range(11)}
    assert (await api.upload("POST", path, {}, **files)).error == (400, 50035)
    sandbox.world.guild.upload_limit = 1000
    assert (await api.upload("POST", path, {}, a_bin=b"x" * 1001)).error == (413, 40005)
    assert (await api.upload("POST", path, {}, a_bin=b"x" * 1000)).status == 200
    sandbox.world.guild.upload_limit = None
    assert (await api.upload("POST", path, {}, a_bin=b"x" * (10 * 2**20 + 1))).error == (413, 40005)
    sandbox.world.guild.premium_tier = 2
    assert (await api.upload("POST", path, {}, a_bin=b"x" * (10 * 2**20 + 1))).status == 200
    assert (await api.upload("POST", path, {}, a_bin=b"x" * (26 * 2**20))).error == (413, 40005)


async def test_components_v2_show_their_attachments_and_the_flag_stays(
    api: Api, imagine: str
) -> None:
    path = imagine + "/messages"
    gallery = {"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}
    sent = (await api.upload("POST", path, v2(gallery), a_png=PNG)).body
    media = sent["components"][0]["items"][0]["media"]
    assert media["url"].startswith("http://127.0.0.1")
    assert media["width"] == 64
    one = f"{path}/{sent['id']}"
    assert (await api("PATCH", one, {"content": "legacy"})).error == (400, 50035)
    edited = (await api("PATCH", one, {"components": [text("t")], "flags": 0})).body
    assert edited["flags"] & V2
    legacy = (await api("POST", path, {"content": "x"})).body
    turn = {"flags": V2, "components": [text("t")]}
    other = f"{path}/{legacy['id']}"
    assert (await api("PATCH", other, turn)).error == (400, 50035)
    assert (await api("PATCH", other, turn | {"content": None})).status == 200


async def test_embeds_show_attachments(api: Api, imagine: str) -> None:
    body = {"embeds": [{"image": {"url": "attachment://a.png"}}]}
    sent = (await api.upload("POST", imagine + "/messages", body, a_png=PNG)).body
    assert sent["embeds"][0]["image"]["width"] == 64


async def test_the_same_nonce_makes_one_message(
    api: Api, imagine: str, clock: MovableClock
) -> None:
    path = imagine + "/messages"
    body = {"content": "x", "nonce": "job-7", "enforce_nonce": True}
    first, again = (await api("POST", path, body)).body, (await api("POST", path, body)).body
    assert first["id"] == again["id"]
    assert first["nonce"] == "job-7"
    careless = (await api("POST", path, body | {"enforce_nonce": False})).body
    assert careless["id"] != first["id"]
    clock.advance(600)
    assert (await api("POST", path, body)).body["id"] not in (first["id"], careless["id"])


async def test_replies(sandbox: Sandbox, api: Api, imagine: str) -> None:
    mia = sandbox.person("Mia")
    said = await mia.say("imagine", "draw me a fox")
    path = imagine + "/messages"
    reference = {"message_id": said["id"], "fail_if_not_exists": False}
    body = {"content": "here", "message_reference": reference}
    sent = (await api("POST", path, body)).body
    assert sent["type"] == 19
    assert sent["referenced_message"]["id"] == said["id"]
    assert [each["id"] for each in sent["mentions"]] == [mia.id]
    quiet = body | {"allowed_mentions": {"parse": []}}
    assert (await api("POST", path, quiet)).body["mentions"] == []
    gone = body | {"message_reference": reference | {"message_id": "1"}}
    orphan = (await api("POST", path, gone)).body
    assert (orphan["type"], "message_reference" in orphan) == (0, False)
    sandbox.world.deny_bot("imagine", "READ_MESSAGE_HISTORY")
    assert (await api("POST", path, body)).error == (400, 160002)


async def test_mentions_follow_allowed_mentions(sandbox: Sandbox, api: Api, imagine: str) -> None:
    mia, noah = sandbox.person("Mia"), sandbox.person("Noah")
    patron = sandbox.world.find_role("Patron")
    body: dict[str, Any] = {"content": f"{mia.mention} {noah.mention} <@&{patron.id}> @everyone"}
    path = imagine + "/messages"
    loud = (await api("POST", path, body)).body
    assert loud["mention_everyone"] is True
    assert loud["mention_roles"] == [patron.id]
    assert {each.user_id for each in sandbox.world.pings} >= {mia.id, noah.id}
    sandbox.world.pings.clear()
    only = (await api("POST", path, body | {"allowed_mentions": {"users": [mia.id]}})).body
    assert [each["id"] for each in only["mentions"]] == [mia.id]
    assert only["mention_everyone"] is False
    assert [each.user_id for each in sandbox.world.pings] == [mia.id]
    shown = mia.messages("imagine")[-1]
    assert shown["allowed_mentions"] == {"users": [mia.id]}
    silent = (await api("POST", path, body | {"allowed_mentions": {"parse": []}})).body
    assert (silent["mentions"], silent["mention_roles"]) == ([], [])
    edited = (await api("PATCH", f"{path}/{silent['id']}", body)).body
    assert edited["mention_everyone"] is True
    assert len(sandbox.world.pings) == 1


async def test_the_bot_needs_permissions(sandbox: Sandbox, api: Api, imagine: str) -> None:
    path = imagine + "/messages"
    own = (await api("POST", path, {"content": "mine"})).body
    said = await sandbox.person("Mia").say("imagine", "hers")
    hers = f"{path}/{said['id']}"
    assert (await api("PATCH", hers, {"content": "x"})).error == (403, 50005)
    assert (await api("DELETE", hers)).error == (403, 50013)
    assert (await api("DELETE", hers + "/reactions/%F0%9F%91%8D/1")).error == (403, 50013)
    world = sandbox.world
    world.deny_bot("imagine", "ATTACH_FILES")
    assert (await api.upload("POST", path, {}, a_png=PNG)).error == (403, 50013)
    assert (await api.upload("PATCH", f"{path}/{own['id']}", {}, a_png=PNG)).error == (403, 50013)
    world.deny_bot("imagine", "EMBED_LINKS", "ADD_REACTIONS")
    assert (await api("POST", path, {"embeds": [{"title": "t"}]})).error == (403, 50013)
    assert (await api("PUT", hers + "/reactions/%F0%9F%91%8D/@me")).error == (403, 50013)
    world.deny_bot("imagine", "READ_MESSAGE_HISTORY")
    assert (await api("GET", path)).body == []
    assert (await api("GET", hers)).error == (403, 50001)
    world.deny_bot("imagine", "SEND_MESSAGES")
    assert (await api("POST", path, {"content": "x"})).error == (403, 50013)
    assert (await api("POST", imagine + "/typing")).error == (403, 50013)
    world.deny_bot("imagine", "VIEW_CHANNEL")
    assert (await api("GET", imagine)).error == (403, 50001)
    assert (await api("POST", path, {"content": "x"})).error == (403, 50001)
    world.allow_bot("imagine", "VIEW_CHANNEL", "SEND_MESSAGES", "MANAGE_MESSAGES")
    assert (await api("POST", path, {"content": "x"})).status == 200
    assert (await api("DELETE", hers)).status == 204


async def test_direct_messages(sandbox: Sandbox, api: Api) -> None:
    mia = sandbox.person("Mia")
    opened = (await api("POST", "/users/@me/channels", {"recipient_id": mia.id})).body
    assert (opened["id"], opened["type"]) == (mia.dm, 1)
    path = f"/channels/{mia.dm}/messages"
    assert (await api("POST", path, {"content": "hello"})).status == 200
    said = await mia.say(mia.dm, "hi")
    assert (await api("DELETE", f"{path}/{said['id']}")).error == (403, 50003)
    mia.close_dms()
    assert (await api("POST", path, {"content": "again"})).error == (403, 50007)
    mia.open_dms()
    assert (await api("POST", path, {"content": "again"})).status == 200
    assert [each["content"] for each in mia.messages("dm")] == ["hello", "hi", "again"]
    assert (await api("POST", "/users/@me/channels", {"recipient_id": "1"})).error == (404, 10013)


async def test_history_windows(sandbox: Sandbox, api: Api, imagine: str) -> None:
    path = imagine + "/messages"
    ids = [(await api("POST", path, {"content": str(n)})).body["id"] for n in range(7)]

    async def contents(query: str) -> str:
        return "".join(each["content"] for each in (await api("GET", f"{path}?{query}")).body)

    assert await contents("") == "6543210"
    assert await contents("limit=2") == "65"
    assert await contents(f"before={ids[3]}&limit=2") == "21"
    assert await contents(f"after={ids[3]}&limit=2") == "54"
    assert await contents(f"around={ids[3]}&limit=3") == "432"
    assert (await api("GET", f"{path}?limit=101")).error == (400, 50035)


async def test_reactions(sandbox: Sandbox, api: Api, imagine: str) -> None:
    mia = sandbox.person("Mia")
    said = await mia.say("imagine", "nice")
    one = f"{imagine}/messages/{said['id']}/reactions"
    assert (await api("PUT", one + "/%E2%9D%A4/@me")).status == 204
    assert [each["id"] for each in (await api("GET", one + "/%E2%9D%A4")).body] == [BOT_ID]
    assert (await api("PUT", one + "/nice/@me")).error == (404, 10014)
    await mia.react(said, "❤")
    shown = (await api("GET", f"{imagine}/messages/{said['id']}")).body["reactions"][0]
    assert (shown["count"], shown["me"]) == (2, True)
    assert (await api("DELETE", one + "/%E2%9D%A4/@me")).status == 204
    assert [each["id"] for each in (await api("GET", one + "/%E2%9D%A4")).body] == [mia.id]


async def test_guild_routes(sandbox: Sandbox, api: Api) -> None:
    guild = f"/guilds/{sandbox.world.guild.id}"
    mia = sandbox.person("Mia")
    assert (await api("GET", guild)).body["name"] == "Easel Studio"
    assert (await api("GET", f"{guild}/members/{mia.id}")).body["user"]["username"] == "mia"
    assert (await api("GET", f"{guild}/members/1")).error == (404, 10013)
    assert len((await api("GET", f"{guild}/roles")).body) == 4
    assert len((await api("GET", f"{guild}/channels")).body) == 3
    assert (await api("GET", f"/users/{mia.id}")).body["global_name"] == "Mia"
    assert (await api("GET", "/applications/@me")).body["id"] == BOT_ID
    gateway = (await api("GET", "/gateway/bot")).body
    assert gateway["url"] == sandbox.gateway_url
    assert (await api("GET", "/gateway")).body == {"url": sandbox.gateway_url}
