"""The Discord client: intents, mentions, the command tree, extensions loaded by name.

It carries exactly one thing from inside, the service, and owns what every feature needs of Discord:
presenting, acknowledging, answering errors, buttons and forms. A bot with any one extension
delivers, answers and recovers. Knows nothing about storage or engines.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import forms, replies, telling, untold
from bot.chat.acknowledge import Acknowledger
from bot.chat.address import point_at
from bot.chat.admin.items import PanelDeed, PanelItem, Spot
from bot.chat.buttons import CODES, Deed, JobButton, is_ours
from bot.chat.chronicle import Chronicler
from bot.chat.connector import Connector
from bot.chat.desk import Desks
from bot.chat.door import Door
from bot.chat.extensions import modules_of
from bot.chat.gate import Tree, admitted
from bot.chat.looking import Looking, Turn
from bot.chat.notice import Notices
from bot.chat.owners import owners_of
from bot.chat.pace import Pauses
from bot.chat.pages import PageButton
from bot.chat.panel import SettingButton, SettingMenu
from bot.chat.presence import Presence
from bot.chat.presenter import Presenter
from bot.chat.pump import Pump
from bot.chat.reconnecting import reconnect_soon
from bot.chat.relayed import ShardedBot
from bot.chat.removing import Removing
from bot.chat.speech import Translator
from bot.chat.till import Till
from bot.chat.unread import Unread, is_heard
from bot.domain.action import Tile
from bot.domain.browsing import Browse, Order
from bot.domain.errors import NotFound
from bot.domain.language import _
from bot.domain.news import Tell, nobody
from bot.domain.throttle import Throttle
from bot.gateway.seam import Relay
from bot.ops.supervision import Supervisor
from bot.service import Service

log = logging.getLogger(__name__)


class EaselBot(ShardedBot):
    """discord.py's bot with the service and no privileged intent.

    `supervisor` keeps its long-lived tasks up, one of its own if there is none. `tell` hears what
    happens between people, the bot and Discord.
    """

    def __init__(
        self,
        service: Service,
        extensions: Sequence[str],
        *,
        progress_seconds: float = 2.5,
        api_url: str = "",
        pauses: Pauses | None = None,
        supervisor: Supervisor | None = None,
        tell: Tell = nobody,
        throttle: Throttle | None = None,
        relay: Relay | None = None,
    ) -> None:
        if api_url:
            point_at(api_url)
        reconnect_soon()
        # Easel has nothing to say about missing voice libraries.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            tree_cls=Tree,
            relay=relay,
            help_command=None,
            intents=discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True),
            # Of commands that do not say less: `guild_only` would not, but `dms=False` does.
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=False
            ),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            # A rate limit beyond this is an error to report rather than a time to sleep.
            max_ratelimit_timeout=60.0,
        )
        self._unread = Unread(self._connection)
        notices = Notices(lambda: service.levers.notice)
        self.service = service
        pauses = pauses or Pauses()
        self.tell = tell
        self.presence = Presence(self, tell)
        self.pump = Pump(self, service, notices, pauses=pauses, tell=tell)
        self._desks = Desks(self, service, pauses)
        self._chronicler = Chronicler(self, service, pauses)
        self._removing = Removing(self, service, self.pump.results, pauses)
        self.presenter = Presenter(
            self, service, notices, self.pump.wake, progress_seconds, pauses.rest
        )
        self.till = Till(self, service, pauses)
        self.acknowledger = Acknowledger()
        self.door = Door(throttle)
        self.looking = Looking(service, self.pump.results, self.acknowledger)
        self.forms: dict[str, forms.Take] = {}
        self.presses: dict[str, Deed] = {}
        self.turns: dict[Order, Turn] = {}
        self.panels: dict[str, PanelDeed] = {}
        self._at_home = asyncio.Event()
        self._supervisor = supervisor or Supervisor()
        self.wanted = modules_of(extensions)

    async def login(self, token: str) -> None:
        """As ever, by connections that count what is sent for a first answer."""
        self.http.connector = Connector(limit=0, tell=self.tell)
        await super().login(token)

    async def setup_hook(self) -> None:
        """Load the extensions, register the commands and take up what an earlier run left, before
        the gateway is opened."""
        self.add_dynamic_items(JobButton, PageButton, SettingButton, SettingMenu, PanelItem)
        self.tree.error(replies.answer)
        for name in self.wanted:
            await self.load_extension(name)
        await self.tree.set_translator(Translator())
        log.info("registered %d commands", len(await self.tree.sync()))
        self.keep_up()

    def keep_up(self) -> None:
        """Follow what an earlier run left, and post what is due, until `close`."""
        self.service.operating.know_owners(owners_of(self.application))
        self._supervisor.start("recovery", self.presenter.recover)
        self._supervisor.start("pump", self.pump.run)
        self._supervisor.start("removals", self._removing.run)
        self._supervisor.start("desks", self._desks.run)
        self._supervisor.start("audit log", self._chronicler.run)
        self._supervisor.start("servers", self._follow)
        if self.service.shop.open:
            self._supervisor.start("shop", self.till.run)

    async def close(self) -> None:
        """Answer who is in, stop following jobs and posting, then leave Discord."""
        self.rest()
        await self.door.close()
        for name in ("recovery", "pump", "removals", "desks", "audit log", "servers", "shop"):
            await self._supervisor.stop(name)
        await self.presenter.close()
        await super().close()

    def _schedule_event(self, *args: Any, **kwargs: Any) -> asyncio.Task[None]:
        # What our buttons do is an event of its own (see `JobButton.callback`).
        task = super()._schedule_event(*args, **kwargs)
        if task.get_name().removeprefix("discord.py: ").startswith("on_easel_"):
            self.door.see(task)
        return task

    async def on_ready(self) -> None:
        """Discord may say this again after a reconnect. Servers that it cannot reach just now are
        among those that it names."""
        assert self.user is not None
        log.info("ready as %s on %d servers", self.user, len(self.guilds))
        self._at_home.set()

    async def _follow(self) -> None:
        """After each time that Discord names the servers, see which are left."""
        while True:
            await self._at_home.wait()
            await self.service.privacy.departures.reconcile({guild.id for guild in self.guilds})
            self._at_home.clear()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed, or the server is no more; discord.py does not say so of one that
        cannot be reached just now."""
        await self.service.privacy.departures.left(guild.id)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was added, perhaps again."""
        await self.service.privacy.departures.back(guild.id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server can be reached (again), perhaps one that the bot was added to meanwhile. At a
        start `on_ready` follows, for all of them."""
        if self.is_ready():
            await self.service.privacy.departures.back(guild.id)

    async def on_shard_ready(self, shard: int) -> None:
        """A new session is not told of what was bought before it; the first is told of the rest."""
        if shard == 0:
            self.till.look()

    async def on_shard_resumed(self, shard: int) -> None:
        """A session goes on; what it missed is told, and looked for all the same."""
        if shard == 0:
            self.till.look()

    async def on_entitlement_create(self, entitlement: discord.Entitlement) -> None:
        """Something was bought."""
        await self.till.hear(entitlement)

    async def on_entitlement_update(self, entitlement: discord.Entitlement) -> None:
        """A subscription ended."""
        await self.till.hear(entitlement)

    async def on_entitlement_delete(self, entitlement: discord.Entitlement) -> None:
        """Something was given back."""
        await self.till.hear(entitlement, deleted=True)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Have a form of ours that came back taken by who registered its code in `forms`; every
        outcome is answered.

        discord.py keeps forms in memory only and drops the submit of one that was opened before a
        restart without a word, so none of ours has an `on_submit`. A button or form of whatever
        served by this token before is answered, too.
        """
        custom_id = str((interaction.data or {}).get("custom_id", ""))
        form = interaction.type is discord.InteractionType.modal_submit
        button = interaction.type is discord.InteractionType.component
        mine = form and is_ours(custom_id)
        lost = (form or button) and not mine and not is_heard(interaction, custom_id)
        if not (mine or lost) or not await admitted(interaction):
            return
        if button:
            await replies.answered(interaction, self._no_deed(interaction, ""))
            return
        code, argument = forms.sent(custom_id)
        await replies.answered(interaction, self.forms.get(code, _unknown)(interaction, argument))

    async def on_app_command_completion(
        self, interaction: discord.Interaction, command: object
    ) -> None:
        """Beside its answer, tell who gave a command what they do not know so far."""
        telling.answered(interaction)
        await untold.tell(self.service, interaction)

    async def on_easel_press(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Have a button of ours do what who registered its code in `presses` says; every outcome is
        answered."""
        deed = self.presses.get(code, self._no_deed)
        await replies.answered(interaction, deed(interaction, code, tile, argument))
        if interaction.response.type is not discord.InteractionResponseType.modal:
            await untold.tell(self.service, interaction)

    async def _no_deed(self, _interaction: discord.Interaction, code: str, *rest: object) -> None:
        if code in CODES:
            raise NotFound(_("Buttons are switched off here just now."))
        raise NotFound(_("This button belongs to a version of Easel that knows more."))

    async def on_easel_setting(self, interaction: discord.Interaction, *rest: object) -> None:
        """Answer a panel of ours that no extension takes."""
        if not self.extra_events.get("on_easel_setting"):
            off = NotFound(_("Settings are switched off here just now."))
            await replies.answer(interaction, off)

    async def on_easel_panel(self, interaction: discord.Interaction, spot: Spot) -> None:
        """Have a page of a panel do what who registered it in `panels` says; every outcome is
        answered."""
        deed = self.panels.get(spot.page, _no_panel)
        await replies.answered(interaction, deed(interaction, spot))

    async def on_easel_page(self, interaction: discord.Interaction, browse: Browse | None) -> None:
        """Have a page turned by who registered its order in `turns`; every outcome is answered."""
        await replies.answered(interaction, self._turned(interaction, browse))
        await untold.tell(self.service, interaction)

    async def _turned(self, interaction: discord.Interaction, browse: Browse | None) -> None:
        turn = self.turns.get(browse.order) if browse else None
        if browse is None or turn is None:
            raise NotFound(_("Pages like this one are switched off here; ask for a new one."))
        await turn(interaction, browse)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        log.exception("reference %s: event %s", replies.reference(), event_method)


async def _no_panel(interaction: discord.Interaction, spot: Spot) -> None:
    raise NotFound(_("This panel is of another version of Easel, or switched off; open a new one."))


async def _unknown(interaction: discord.Interaction, argument: str) -> None:
    raise forms.foreign()
