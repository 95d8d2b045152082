"""The first hour and the panel at their edges: where a hello is said and whether it is said again,
what stands on pages when nothing goes well, and how much of a long list is shown."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat.acknowledge import Acknowledger
from bot.chat.admin import hello, items
from bot.chat.admin.models import ModelsPage
from bot.chat.admin.page import Press
from bot.domain.errors import NotAllowed, NotFound
from bot.domain.language import ENGLISH, spoken
from bot.domain.people import Asker
from bot.engine.seam import Failed, Loaded, Loading, Worker
from bot.service.administration import Models, Standing
from bot.storage.greetings import Greeting
from cogs.overview import Overseeing
from cogs.setup import Setup
from tests.chat.admin.conftest import OTHER, Pages
from tests.kit import layouts
from tests.kit.app import ADMIN_ASKS, TINY, House
from tests.kit.channels import refusal
from tests.kit.values import GUILD

BOSS = Asker(77)


class Channel:
    """A text channel that Discord remembers nonces of; `refuse` is what is met there next."""

    def __init__(self, *, view: bool = True, send: bool = True) -> None:
        self.guild: Any = SimpleNamespace(me=None)
        self.rights = discord.Permissions(view_channel=view, send_messages=send)
        self.refuse: list[Exception] = []
        self.nonces: list[str] = []
        self.texts: list[str] = []

    def permissions_for(self, _: object) -> discord.Permissions:
        return self.rights

    async def send(self, *, view: Any, nonce: str, silent: bool) -> None:
        assert silent
        assert len(nonce) <= 25  # as Discord takes it
        self.nonces.append(nonce)
        await asyncio.sleep(0)
        if self.refuse:
            raise self.refuse.pop(0)
        self.texts.append(layouts.text(layouts.parts(view)))


def server(
    id: int, *channels: Channel, system: Channel | None = None, locale: str = "en-US"
) -> Any:
    return SimpleNamespace(
        id=id, text_channels=[*channels], system_channel=system, unavailable=False,
        preferred_locale=discord.Locale(locale),
    )  # fmt: skip


# Where a hello goes


def test_a_hello_goes_where_the_bot_may_write() -> None:
    mute, hidden, open_, other = Channel(send=False), Channel(view=False), Channel(), Channel()
    for found, guild in (
        (other, server(1, open_, system=other)),
        (open_, server(1, mute, hidden, open_, other)),
        (open_, server(1, open_, other, system=mute)),
        (open_, server(1, open_, system=hidden)),
        (None, server(1, mute, hidden, system=mute)),
        (None, server(1)),
    ):
        assert hello.place(guild) is found


@pytest.mark.parametrize(
    ("error", "over"),
    [
        (None, True),
        (refusal(403, 50013), True),  # a right is missing after all
        (refusal(404, 10003), True),
        (refusal(403, 0), False),  # a proxy's page says nothing
        (refusal(503), False),
        (OSError("no route"), False),
        (TimeoutError(), False),
    ],
)
async def test_what_is_refused_for_good_is_over(error: Exception | None, over: bool) -> None:
    channel = Channel()
    channel.refuse = [error] if error else []
    view = items.boxed(items.text("Hello"))
    assert await hello.say(server(1, channel), Greeting(1, 2.0), view) is over
    assert channel.texts == ([] if error else ["Hello"])


async def test_each_coming_has_a_nonce_of_its_own() -> None:
    channel = Channel()
    for guild, moment in ((1, 2.0), (1, 2.0), (1, 2.5), (2, 2.0), (2**63 - 1, 4e9)):
        view = items.boxed(items.text("Hello"))
        await hello.say(server(guild, channel), Greeting(guild, moment), view)
    first, again, later, other, _ = channel.nonces
    assert first == again
    assert len({first, later, other}) == 3


# When it is said


class Town:
    """A bot on some servers."""

    def __init__(self, house: House, *servers: Any) -> None:
        self.servers = {each.id: each for each in servers}
        self._house = house
        self.cog = self.made()

    def made(self) -> Setup:
        """A cog, as each start makes one."""
        return Setup(cast(Any, self), self._house.service, Acknowledger())

    @property
    def guilds(self) -> list[Any]:
        return [*self.servers.values()]

    def get_guild(self, guild: int) -> Any:
        return self.servers.get(guild)


async def test_two_events_at_once_say_one_hello(house: House) -> None:
    channel = Channel()
    town = Town(house, here := server(GUILD, channel))
    await asyncio.gather(*(town.cog.on_guild_join(here) for _ in range(5)), town.cog.on_ready())
    assert len(channel.texts) == 1
    assert await house.service.first_hour.due() == []


async def test_a_crash_before_it_is_written_down_repeats_the_nonce(house: House) -> None:
    channel = Channel()
    town = Town(house, here := server(GUILD, channel))
    channel.refuse = [TimeoutError()]  # it may have arrived
    await town.cog.on_guild_join(here)
    await house.restart()
    town.cog = town.made()
    house.clock.now += 3600
    await town.cog.on_ready()
    first, again = channel.nonces
    assert first == again
    assert await house.service.first_hour.due() == []
    # Who removes the bot and adds it again is greeted anew, by another nonce.
    await town.cog.on_guild_remove(here)
    await town.cog.on_guild_join(here)
    assert channel.nonces[2] != again
    assert len(channel.texts) == 2


async def test_a_server_that_is_blocked_or_away_is_greeted_when_it_is_not(house: House) -> None:
    channel, other = Channel(), Channel()
    here, there, gone = server(GUILD, channel), server(GUILD + 1, other), server(GUILD + 2)
    town = Town(house, here, there)
    house.service.operating.know_owners([BOSS.user])
    await house.service.operating.block(BOSS, GUILD)
    there.unavailable = True
    await town.cog.on_guild_available(here)  # nobody looked so far: that it came is not known
    assert await house.service.first_hour.due() == []
    for each in (here, there, gone):
        await town.cog.on_guild_join(each)
    assert channel.texts == other.texts == []
    assert [each.guild for each in await house.service.first_hour.due()] == [10, 11, 12]
    there.unavailable = False
    await town.cog.on_ready()
    assert (len(channel.texts), len(other.texts)) == (0, 1)
    await house.service.operating.unblock(BOSS, GUILD)
    await town.cog.on_guild_available(there)
    assert (len(channel.texts), len(other.texts)) == (1, 1)
    assert await house.service.first_hour.due() == []  # the third is no server of the bot's


async def test_one_that_discord_does_not_take_holds_no_other_up(house: House) -> None:
    broken, channel = Channel(), Channel()
    broken.refuse = [refusal(500)] * 2
    first, second = server(1, broken), server(2, channel, locale="de")
    town = Town(house, first, second)
    await town.cog.on_guild_join(first)
    await town.cog.on_guild_join(second)
    assert (len(broken.texts), len(channel.texts)) == (0, 1)
    await town.cog.on_ready()
    assert (len(broken.texts), len(channel.texts)) == (1, 1)
    # Each in its own language, though one after the other.
    assert broken.texts[0].startswith("## Hello, I am Easel")
    assert not channel.texts[0].startswith("## Hello, I am Easel")
    assert spoken() is ENGLISH


# Pages


class Drawing:
    """Stands where the service does, with models and workers that stand so."""

    def __init__(self, *standings: Standing, workers: tuple[Worker, ...] = ()) -> None:
        self.administration = self
        self._found = Models(standings, workers)

    async def models(self, asker: Asker, guild: int) -> Models:
        return self._found


async def models(*standings: Standing, workers: tuple[Worker, ...] = ()) -> str:
    page = ModelsPage(cast(Any, Drawing(*standings, workers=workers)))
    shown = await page.show(Press(ADMIN_ASKS, GUILD))
    return layouts.text(layouts.parts(items.boxed(*shown.items)))


def standing(**more: Any) -> Standing:
    usual: dict[str, Any] = {
        "card": OTHER, "key": "other", "default": False, "kept": False, "loaded": 0,
        "loading": False, "trouble": "",
    }  # fmt: skip
    return Standing(**usual | more)


def worker(**more: Any) -> Worker:
    usual: dict[str, Any] = {"id": "1", "node": "n", "device": "GPU *0*", "vram_mb": 1,
                             "models": {}, "slots_free": 1}  # fmt: skip
    return Worker(**usual | more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "⚪ loaded when somebody asks for it"),
        ({"kept": True}, "🟡 not loaded yet"),
        ({"kept": True, "loading": True}, "🟡 being loaded"),
        ({"loading": True, "loaded": 1}, "🟢 in memory of 1 of 2 workers"),
        ({"loaded": 1, "trouble": "Its *file* is gone."}, "⚠️ Its \\*file\\* is gone."),
        ({"trouble": "x" * 500}, f"⚠️ {'x' * 149}…"),
    ],
)
async def test_how_a_model_stands_in_words(more: dict[str, Any], said: str) -> None:
    both = (worker(), worker(id="2"))
    assert said in (await models(standing(**more), workers=both)).splitlines()


@pytest.mark.parametrize(
    ("workers", "said"),
    [
        ((), "⚠️ None is running just now; jobs wait until one is."),
        ((worker(error="It *died* often."),), "⚠️ GPU \\*0\\*: It \\*died\\* often."),
        ((worker(models={"tiny": Loading("half")}),), "GPU \\*0\\*: loading"),
        ((worker(models={"tiny": Loaded()}),), "GPU \\*0\\*: ready"),
        ((worker(models={"tiny": Failed("No.")}),), "GPU \\*0\\*: No."),
    ],
)
async def test_how_a_worker_stands_in_words(workers: tuple[Worker, ...], said: str) -> None:
    assert said in await models(standing(), workers=workers)


async def test_more_models_than_a_page_holds_and_a_key_that_would_format() -> None:
    shown = await models(*[standing(key="a`b")] * 17)
    assert shown.count("`--model ab`") == 15
    assert "-# and 2 more" in shown
    assert "and 0 more" not in await models(*[standing()] * 15)
    assert "the default" in await models(standing(card=TINY, default=True))


async def test_what_another_server_s_panel_names_changes_nothing(pages: Pages) -> None:
    """A job and a plan of here, asked for by an admin of another server."""
    house = pages.house
    await house.service.overview.pause(ADMIN_ASKS, GUILD, True)
    job = await house.imagine()
    await pages.show("plans", "preset", chosen=("open",))
    elsewhere = GUILD + 1
    for page, deed, argument in (
        ("jobs", "cancel", f"{job.id}:0"), ("plans", "remove", "Everybody"),
        ("plans", "everybody", "Everybody"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await pages._pages[page].show(Press(ADMIN_ASKS, elsewhere, deed, argument))
    assert not (await house.state(job))[0].finished
    assert list((await house.service.plans.book(ADMIN_ASKS, GUILD)).plans) == ["Everybody"]
    assert (await house.service.plans.book(ADMIN_ASKS, elsewhere)).assigned == {}
    assert not house.service.overview.paused(elsewhere)


# /admin overview


@pytest.mark.usefixtures("chartless")
async def test_an_overview_says_that_drawing_is_paused_and_charts_are_missing(
    house: House,
) -> None:
    await house.service.overview.pause(ADMIN_ASKS, GUILD, True)
    said: list[dict[str, Any]] = []

    async def answer(**parts: Any) -> None:
        said.append(parts)

    response = SimpleNamespace(is_done=lambda: False, send_message=answer)
    asked: Any = SimpleNamespace(
        user=SimpleNamespace(id=ADMIN_ASKS.user), permissions=discord.Permissions.all(),
        guild_id=GUILD, guild=None, response=response, extras={},
    )  # fmt: skip
    cog = Overseeing(house.service, Acknowledger(), cast(Any, None))
    await cast(Any, Overseeing.overview).callback(cog, asked, 7)
    [answered] = said
    [embed] = answered["embeds"]
    assert embed.description.startswith("⏸️ Drawing is paused here; `/admin resume` goes on.\n**")
    assert embed.description.endswith("\n-# The charts could not be drawn just now.")
    assert (answered["files"], answered["ephemeral"]) == ([], True)
    asked.permissions = discord.Permissions(manage_messages=True)
    with pytest.raises(NotAllowed, match="Manage Server"):
        await cast(Any, Overseeing.overview).callback(cog, asked, 7)
    assert len(said) == 1
