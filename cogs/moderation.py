"""/moderation: which words are drawn, where, and by whom. Answers are private; all is audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, forms, purging, replies, ruling
from bot.chat.acknowledge import Acknowledger
from bot.chat.buttons import PURGE, PURGE_NOT
from bot.chat.sheets import VIOLET
from bot.chat.trouble import TROUBLE
from bot.domain.action import Tile
from bot.domain.errors import UserError
from bot.domain.language import N_, _
from bot.domain.moderation import PlaceKind, WordKind
from bot.domain.people import snowflake
from bot.domain.prompt import MAX_LENGTH
from bot.service import Service
from bot.service.chronicle import Chronicle
from bot.service.desk import Desk
from bot.service.moderation import lines, require_small

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

Channel = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.ForumChannel
    | discord.Thread
)
Word = app_commands.Range[str, 1, 100]
_HOUR_S = 3600.0
_LONGEST_PAST = 3650
"""Days whose pictures are deleted at once."""
_DESCRIPTION_LIMIT = 4000
_UNREADABLE = N_("This file cannot be had from Discord; send it again.")


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(dms=False)
class Moderation(
    commands.GroupCog, group_name="moderation", group_description="What is drawn here, and for whom"
):
    """The service checks the right again: Discord's own check can be edited by servers."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        super().__init__()
        self._service = service
        self._at_once = acknowledger.at_once

    @app_commands.command(description="Show every rule of this server")
    async def show(self, interaction: discord.Interaction) -> None:
        found = await self._service.moderation.overview(*_here(interaction))
        posts = asking.posts_to_staff(interaction.guild, found.desk)
        await _say(interaction, _("Rules of this server"), ruling.overview(found, posts))

    @app_commands.command(description="Block words; without any a form takes several")
    @app_commands.describe(
        word="A word or phrase; * at an end stands for any letters",
        kind="everywhere (default), or allowed in age-restricted channels only",
        file="A text file with one a line",
    )
    async def block(
        self,
        interaction: discord.Interaction,
        word: Word | None = None,
        kind: Literal["everywhere", "age-restricted"] = "everywhere",
        file: discord.Attachment | None = None,
    ) -> None:
        what = WordKind.BLOCKED if kind == "everywhere" else WordKind.ADULT
        await self._take(interaction, what, word, file)

    @app_commands.command(description="Let words always pass, whatever blocked word they hold")
    @app_commands.describe(
        word="A word or phrase, such as Scunthorpe", file="A text file with one a line"
    )
    async def allow(
        self,
        interaction: discord.Interaction,
        word: Word | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        await self._take(interaction, WordKind.ALLOWED, word, file)

    @app_commands.command(description="Forget a word that was blocked or allowed")
    @app_commands.describe(word="Which one")
    async def unblock(self, interaction: discord.Interaction, word: Word) -> None:
        gone = await self._service.moderation.unblock(*_here(interaction), [word])
        await _say(interaction, _("Words forgotten"), ruling.listed(gone))

    @app_commands.command(description="Try what would be refused of a text here, and why")
    @app_commands.describe(text="A prompt; nothing is drawn, and nobody is timed out for it")
    async def test(
        self, interaction: discord.Interaction, text: app_commands.Range[str, 1, MAX_LENGTH]
    ) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        found = await self._service.moderation.test(asker, origin, text)
        await _say(interaction, _("Blocked words"), ruling.verdict(found))

    @app_commands.command(description="Let a member not draw here")
    @app_commands.describe(
        user="Who", days="For so many days", hours="For so many hours; without either for good",
        reason="They are told",
    )  # fmt: skip
    async def ban(
        self,
        interaction: discord.Interaction,
        user: discord.User,
        days: app_commands.Range[int, 1, 3650] | None = None,
        hours: app_commands.Range[int, 1, 1000] | None = None,
        reason: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        lasts = _HOUR_S * (24 * (days or 0) + (hours or 0)) or None
        done = await self._service.moderation.ban(
            *_here(interaction), user.id, lasts, " ".join((reason or "").split())
        )
        await _say(interaction, _("Banned from drawing"), ruling.banished(done))

    @app_commands.command(description="Let a banned or timed out member draw again")
    @app_commands.describe(user="Who")
    async def unban(self, interaction: discord.Interaction, user: discord.User) -> None:
        await self._service.moderation.unban(*_here(interaction), user.id)
        await _say(interaction, _("May draw again"), f"<@{user.id}>")

    @app_commands.command(description="Keep drawing to some channels, with their threads")
    @app_commands.describe(
        add="Also here", remove="No more here", everywhere="In every channel again"
    )
    async def channels(
        self,
        interaction: discord.Interaction,
        add: Channel | None = None,
        remove: Channel | None = None,
        everywhere: bool = False,
    ) -> None:
        rules = await self._service.moderation.restrict(
            *_here(interaction), PlaceKind.CHANNEL, _ids(add),
            None if everywhere else _ids(remove),
        )  # fmt: skip
        await _say(interaction, _("Channels to draw in"), ruling.channels(rules))

    @app_commands.command(description="Keep drawing to members with some roles, and admins")
    @app_commands.describe(
        add="Also for this role", remove="No more for this role", everybody="For all members again"
    )
    async def roles(
        self,
        interaction: discord.Interaction,
        add: discord.Role | None = None,
        remove: discord.Role | None = None,
        everybody: bool = False,
    ) -> None:
        if add is not None and add.is_default():
            raise UserError(_("Everybody has that role; say `everybody` instead."))
        rules = await self._service.moderation.restrict(
            *_here(interaction), PlaceKind.ROLE, _ids(add), None if everybody else _ids(remove)
        )
        await _say(interaction, _("Roles that may draw"), ruling.roles(rules))

    @app_commands.command(description="What happens to whose prompts are refused again and again")
    @app_commands.describe(
        refusals="So many refused prompts; 0 switches time-outs off",
        within="Within so many minutes",
        minutes="Minutes of the first time-out; each further one is twice as long",
    )
    async def timeouts(
        self,
        interaction: discord.Interaction,
        refusals: app_commands.Range[int, 0, 100] | None = None,
        within: app_commands.Range[int, 1, 1440] | None = None,
        minutes: app_commands.Range[int, 1, 1440] | None = None,
    ) -> None:
        rule = await self._service.moderation.set_timeouts(
            *_here(interaction), refusals, within and 60 * within, minutes and 60 * minutes
        )
        await _say(interaction, _("Time-outs"), ruling.timeouts(rule))

    @app_commands.command(description="A channel where moderators are told what waits for them")
    @app_commands.describe(channel="Where; without one they are told nowhere")
    async def desk(
        self, interaction: discord.Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        await self._tell_in(interaction, channel, self._service.desk)
        await _say(interaction, _("The moderators' channel"), ruling.desk(channel and channel.id))

    @app_commands.command(name="log", description="A channel where every change is written")
    @app_commands.describe(channel="Where; without one it is written nowhere")
    async def log_(
        self, interaction: discord.Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        await self._tell_in(interaction, channel, self._service.chronicle)
        await _say(interaction, _("The audit log"), ruling.log(channel and channel.id))

    async def _tell_in(
        self, interaction: discord.Interaction, channel: discord.TextChannel | None,
        told: Desk | Chronicle,
    ) -> None:  # fmt: skip
        """Decide where what is `told` to staff goes, for who may."""
        asker, guild = _here(interaction)
        self._service.moderation.require_right(asker, guild)
        if channel is not None:
            asking.require_staff_channel(channel)
        await told.set(asker, guild, channel.id if channel else 0)

    @app_commands.command(description="Delete all of a member's pictures here, after a yes")
    @app_commands.describe(user="Whose", days="Of so many days; without it of all time")
    async def purge(
        self,
        interaction: discord.Interaction,
        user: discord.User,
        days: app_commands.Range[int, 1, _LONGEST_PAST] = 0,
    ) -> None:
        count = await self._service.purging.count(*_here(interaction), user.id, days)
        view = purging.choice(user.id, days)
        await replies.private(interaction, ruling.purge(user.id, days, count), view=view)

    async def purged(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """It is meant, or not."""
        whose, _dot, past = argument.partition(".")
        user, days = snowflake(whose), snowflake(past)
        if code == PURGE_NOT or user is None or days is None or days > _LONGEST_PAST:
            await replies.instead(interaction, _("Nothing was deleted."))
            return
        await self._at_once(interaction)
        here = _here(interaction)
        purge = await self._service.purging.begin(*here, user, days)
        await purging.follow(self._service, interaction, purge)

    @unblock.autocomplete("word")
    async def _to_unblock(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        found = await self._service.moderation.known(*_here(interaction), typed)
        return [app_commands.Choice(name=word, value=word) for word in found[:25]]

    async def taken(self, interaction: discord.Interaction, argument: str) -> None:
        """The form with words of a kind came back."""
        text = forms.texts(interaction)["words"]
        await self._keep(interaction, forms.meant(WordKind, argument), text.splitlines())

    async def _take(
        self,
        interaction: discord.Interaction,
        kind: WordKind,
        word: str | None,
        file: discord.Attachment | None,
    ) -> None:
        asker, guild = _here(interaction)
        self._service.moderation.require_right(asker, guild)
        if word is None and file is None:
            form = forms.form(ruling.title(kind), ruling.FORM, kind.value, ruling.FIELDS)
            await interaction.response.send_modal(form)
            return
        words = await _read(file) if file else []
        await self._keep(interaction, kind, [*([word] if word else []), *words])

    async def _keep(
        self, interaction: discord.Interaction, kind: WordKind, typed: list[str]
    ) -> None:
        words, changed = await self._service.moderation.block(*_here(interaction), kind, typed)
        await _say(interaction, ruling.title(kind), ruling.taken(words, changed))


def _here(interaction: discord.Interaction) -> tuple[asking.Asker, int]:
    return asking.asker(interaction), interaction.guild_id or 0


def _ids(named: discord.abc.Snowflake | None) -> list[int]:
    return [named.id] if named is not None else []


async def _read(file: discord.Attachment) -> list[str]:
    require_small(file.size)
    try:
        return lines(await file.read())
    except TROUBLE:
        raise UserError(_(_UNREADABLE)) from None


async def _say(interaction: discord.Interaction, title: str, text: str) -> None:
    shown = text[:_DESCRIPTION_LIMIT].rpartition("\n")[0] + "\n…"
    embed = discord.Embed(
        title=title, description=text if len(text) <= _DESCRIPTION_LIMIT else shown, colour=VIOLET
    )
    await replies.private(interaction, embed=embed)


async def setup(bot: EaselBot) -> None:
    cog = Moderation(bot.service, bot.acknowledger)
    await bot.add_cog(cog)
    bot.forms[ruling.FORM] = cog.taken
    bot.presses |= {PURGE: cog.purged, PURGE_NOT: cog.purged}
