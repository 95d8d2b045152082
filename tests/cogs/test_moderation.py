"""What `/moderation` and *Appeal* make of what Discord hands them, on the real service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat.acknowledge import Acknowledger
from bot.chat.buttons import APPROVE, DENY, PURGE, PURGE_NOT
from bot.domain.action import ALL, Tile
from bot.domain.errors import (
    MissingPermissions,
    NotAllowed,
    StoreUnavailable,
    UserError,
)  # fmt: skip
from bot.domain.moderation import WordKind
from bot.service.moderation import FILE_MAX
from cogs import appeals
from cogs.appeals import Appeals
from cogs.moderation import Moderation
from tests.kit.app import ADMIN_ASKS, BERT_ASKS, House
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD

ADMIN, DESK = ADMIN_ASKS.user, 77
NOBODY = Tile("0" * 32, ALL)


class Press:
    """A command or button of somebody's on a server, and all that is answered to it."""

    extras: dict[str, Any]

    def __init__(self, user: int = ADMIN, *, admin: bool = True, **data: str) -> None:
        kinds = discord.InteractionType
        self.type, self.id, self.message = kinds.application_command, 7, None
        self.user = SimpleNamespace(id=user)
        self.permissions = discord.Permissions(manage_guild=admin)
        self.guild_id, self.channel_id, self.channel, self.guild = GUILD, CHANNEL, None, None
        self.locale = discord.Locale.american_english
        self.extras = {}
        self.data = {
            "components": [{"custom_id": name, "value": each} for name, each in data.items()]
        }
        self.deferred = False
        self.said: list[str] = []
        self.buttons: list[str] = []
        self.form: discord.ui.Modal | None = None

    @property
    def response(self) -> Press:
        return self

    def is_done(self) -> bool:
        return self.deferred

    async def defer(self, **_: Any) -> None:
        self.deferred = True

    async def send_modal(self, form: discord.ui.Modal) -> None:
        self.form = form

    async def send_message(
        self, content: str = "", embed: discord.Embed | None = None, view: Any = None, *,
        ephemeral: bool,
    ) -> None:  # fmt: skip
        assert ephemeral
        self.said.append(f"{embed.title}\n{embed.description}" if embed else content)
        self.buttons += [each.custom_id for each in view.children] if view else []

    async def edit_message(self, *, content: str, view: None, **_: Any) -> None:
        self.said.append(content)

    edit_original_response = edit_message


class File(SimpleNamespace):
    """An attachment, or one that Discord does not have any more."""

    async def read(self) -> bytes:
        if self.data is None:
            gone = cast(Any, SimpleNamespace(status=404, reason="Not Found"))
            raise discord.NotFound(gone, "")
        return self.data


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True) as opened:
        yield opened


async def run(house: House, name: str, *given: Any, press: Press | None = None, **more: Any) -> str:
    """What is answered to a command."""
    press, cog = press or Press(), Moderation(house.service, Acknowledger())
    command = cast(Any, getattr(cog, name))
    await command.callback(cog, press, *given, **more)
    return "\n".join(press.said)


async def deeds(house: House) -> list[str]:
    return [each.deed for each in await house.parts.audit.newest(GUILD)][::-1]


async def test_nothing_is_done_for_who_lost_the_right_whatever_discord_let_through(
    house: House,
) -> None:
    user = SimpleNamespace(id=BERT)
    given: dict[str, tuple[Any, ...]] = {
        "show": (), "block": (), "allow": ("a word",), "unblock": ("a word",), "test": ("a text",),
        "ban": (user,), "unban": (user,), "channels": (), "roles": (), "timeouts": (), "desk": (),
        "log_": (), "purge": (user,),
    }  # fmt: skip
    for name, arguments in given.items():
        press = Press(ANNA, admin=False)
        with pytest.raises(NotAllowed, match="Manage Server"):
            await run(house, name, *arguments, press=press)
        assert (press.said, press.form) == ([], None), name
    assert await deeds(house) == []


@pytest.mark.parametrize(
    ("days", "hours", "lasts"),
    [(None, None, None), (1, None, 86_400), (None, 2, 7_200), (1, 2, 93_600)],
)
async def test_a_ban_lasts_for_its_days_and_hours_together(
    house: House, days: int | None, hours: int | None, lasts: int | None
) -> None:
    told = await run(house, "ban", SimpleNamespace(id=BERT), days, hours, " very \n *rude* ")
    ends = f"until <t:{house.clock.now + lasts:.0f}:f>" if lasts else "for good"
    assert told == f"Banned from drawing\n<@{BERT}> {ends} (very \\*rude\\*)"
    with pytest.raises(NotAllowed, match=re.escape(ends)):
        await house.imagine(asker=BERT_ASKS)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (File(size=FILE_MAX + 1, data=b"scum"), "at most 64 KiB"),
        (File(size=9, data=b"x" * (FILE_MAX + 1)), "at most 64 KiB"),
        (File(size=9, data=None), "send it again"),
        (File(size=9, data=b"\xff\xfe\xff"), "no text in UTF-8"),
        (File(size=9, data=b"# none\n\n"), "Give a `word`"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_told_and_no_word_is_kept(
    house: House, file: File, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        await run(house, "block", None, "everywhere", file)
    assert await deeds(house) == []


async def test_words_come_of_the_command_its_file_and_its_form(house: House) -> None:
    file = File(size=9, data=b"\xef\xbb\xbf# ours\r\ncrap\r\nscum")
    assert "||scum, crap||" in await run(house, "block", "Scum", "everywhere", file)
    told = await run(house, "block", "crap", "age-restricted")
    assert told == "Words: for age-restricted channels only\n||crap||"
    await run(house, "allow", None, press=(press := Press()))
    assert (press.said, press.form is not None) == ([], True)
    assert press.form is not None
    assert press.form.custom_id.endswith(":allowed")
    cog, back = Moderation(house.service, Acknowledger()), Press(words="Scunthorpe\n\nscum")
    await cog.taken(cast(Any, back), "allowed")
    assert back.said == ["Words: always allowed\n||scunthorpe, scum||"]
    rules = await house.parts.moderation.rules(GUILD)
    assert [word for word, kind in rules.words if kind is WordKind.ALLOWED] == [
        "scum", "scunthorpe",
    ]  # fmt: skip


async def test_a_form_of_somebody_who_is_no_admin_any_more_is_not_taken(house: House) -> None:
    cog, back = Moderation(house.service, Acknowledger()), Press(admin=False, words="scum")
    with pytest.raises(NotAllowed):
        await cog.taken(cast(Any, back), "blocked")
    assert (back.said, await deeds(house)) == ([], [])


async def test_places_are_named_and_everybody_is_no_role(house: House) -> None:
    def role(id: int, default: bool = False) -> Any:
        return SimpleNamespace(id=id, is_default=lambda: default)

    with pytest.raises(UserError, match="say `everybody` instead"):
        await run(house, "roles", role(GUILD, default=True))
    assert await run(house, "roles", role(5)) == "Roles that may draw\n<@&5>"
    assert await run(house, "roles", role(6), role(5)) == "Roles that may draw\n<@&6>"
    assert await run(house, "roles", None, None, True) == "Roles that may draw\neverybody"
    channel = SimpleNamespace(id=8)
    assert await run(house, "channels", channel) == "Channels to draw in\n<#8>"
    with pytest.raises(UserError, match="`add` or to `remove`"):
        await run(house, "channels")
    assert await run(house, "channels", None, channel) == "Channels to draw in\neverywhere"


async def test_minutes_are_seconds_and_what_is_not_given_stays(house: House) -> None:
    assert "2 refused prompts within 5 min: no drawing for 3 min" in await run(
        house, "timeouts", 2, 5, 3
    )
    assert "4 refused prompts within 5 min: no drawing for 3 min" in await run(
        house, "timeouts", 4
    )  # fmt: skip
    assert await run(house, "timeouts", 0) == "Time-outs\noff"


async def test_very_many_rules_are_cut_between_lines(house: House) -> None:
    for n in range(20):
        reason = "*" * 200
        await house.service.moderation.ban(ADMIN_ASKS, GUILD, 1000 + n, None, reason)
    told = await run(house, "show")
    _, *lines, last = told.splitlines()
    assert (last, len(told) < 4096) == ("…", True)
    assert all(line.endswith("\\*)") for line in lines if line.startswith("- "))


@pytest.mark.parametrize("name", ["desk", "log_"])
async def test_a_channel_in_which_the_bot_cannot_speak_is_not_taken(
    house: House, name: str
) -> None:
    def channel(**held: bool) -> Any:
        rights = discord.Permissions(**held)
        return SimpleNamespace(
            id=DESK, guild=SimpleNamespace(me=None), permissions_for=lambda _: rights
        )

    with pytest.raises(MissingPermissions, match=rf"I lack Send Messages.* in <#{DESK}>"):
        await run(house, name, channel(view_channel=True, read_message_history=True))
    assert await deeds(house) == []
    rights = ("view_channel", "send_messages", "embed_links", "read_message_history")
    told = await run(house, name, channel(**dict.fromkeys(rights, True)))
    assert f"<#{DESK}>: " in told
    assert "None: " in await run(house, name)
    details = [each.detail for each in await house.parts.audit.newest(GUILD)]
    assert details == [{"channel": 0}, {"channel": DESK}]


async def test_what_is_offered_to_unblock_is_what_there_is_and_for_admins(house: House) -> None:
    words = [f"word {n:02}" for n in range(30)]
    await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, words)
    offer = cast(Any, Moderation(house.service, Acknowledger()))._to_unblock
    assert [each.value for each in await offer(Press(), "WORD")] == words[:25]
    assert [each.value for each in await offer(Press(), " 07")] == ["word 07"]
    assert await offer(Press(admin=False), "") == []


async def test_a_purge_asks_before_it_deletes(house: House) -> None:
    job = await house.draw("a fox")
    await run(house, "purge", SimpleNamespace(id=ANNA), 7, press=(asked := Press()))
    assert asked.said[0].startswith("Delete **4 pictures** of the last 7 days")
    assert [id.split(":")[1] for id in asked.buttons] == [PURGE, PURGE_NOT]
    argument = asked.buttons[0].rpartition(":")[2]
    assert argument == f"{ANNA}.7"
    purged = Moderation(house.service, Acknowledger()).purged
    for code, given in ((PURGE_NOT, argument), (PURGE, ""), (PURGE, f"{ANNA}.x"), (PURGE, "-1.0")):
        await purged(cast(Any, press := Press()), code, NOBODY, given)
        assert press.said == ["Nothing was deleted."]
    with pytest.raises(NotAllowed):
        await purged(cast(Any, Press(ANNA, admin=False)), PURGE, NOBODY, argument)
    assert await house.parts.files.exists(job.tile(1))
    await purged(cast(Any, press := Press()), PURGE, NOBODY, argument)
    assert press.said == [
        f"Being deleted: 4 pictures by <@{ANNA}>. That goes on, whatever happens; you are told when"
        " it is done.",
        f"Deleted: 4 pictures by <@{ANNA}>; their messages follow in a moment.",
    ]
    assert not await house.parts.files.exists(job.tile(1))


# Appeals


async def refused(house: House) -> str:
    await house.service.desk.set(ADMIN_ASKS, GUILD, DESK)
    await house.service.moderation.block(ADMIN_ASKS, GUILD, WordKind.BLOCKED, ["scum"])
    with pytest.raises(UserError) as told:
        await house.imagine("a scum fox")
    return told.value.appeal


async def test_a_form_asks_for_words_and_takes_them(house: House) -> None:
    id, cog = await refused(house), Appeals(house.service, Acknowledger())
    await cog.open(cast(Any, press := Press(ANNA, admin=False)), "appeal", Tile(id, ALL), "")
    assert press.form is not None
    assert press.form.custom_id.endswith(f":appeal:{id}")
    back = Press(ANNA, admin=False, said="  It is a title. ")
    await cog.taken(cast(Any, back), id)
    assert back.said == [
        "The moderators were asked; you are told their answer beside a later command."
    ]
    found = await house.parts.appeals.get(id)
    assert found is not None
    assert found.said == "It is a title."
    with pytest.raises(UserError, match="before"):
        await cog.open(cast(Any, press := Press(ANNA, admin=False)), "appeal", Tile(id, ALL), "")
    assert press.form is None


async def test_a_slow_database_is_told_before_discord_gives_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form is the first answer or none."""

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(appeals, "_FORM_S", 0)
    monkeypatch.setattr(house.service.appeals, "appealable", never)
    cog, press = Appeals(house.service, Acknowledger()), Press(ANNA)
    with pytest.raises(StoreUnavailable):
        await cog.open(cast(Any, press), "appeal", NOBODY, "")
    assert press.form is None


@pytest.mark.parametrize("code", [APPROVE, DENY])
async def test_whom_the_server_does_not_know_as_a_moderator_answers_nothing(
    house: House, code: str
) -> None:
    """The right to moderate one channel is none to answer for all of them."""
    id, cog = await refused(house), Appeals(house.service, Acknowledger())
    await cog.taken(cast(Any, Press(ANNA, said="please")), id)
    press = Press(BERT)
    press.permissions = discord.Permissions(manage_guild=True, manage_messages=True)
    with pytest.raises(NotAllowed, match="Manage Messages"):
        await cog.answer(cast(Any, press), code, Tile(id, ALL), "")
    found = await house.parts.appeals.get(id)
    assert found is not None
    assert (found.answer, press.said) == (None, [])
