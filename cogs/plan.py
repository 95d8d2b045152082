"""/plan: what members with Manage Server offer to whom, and what things cost here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, plans, replies, wording
from bot.chat.acknowledge import Acknowledger
from bot.domain.action import ACTIONS, Action, Kind
from bot.domain.errors import UserError
from bot.domain.language import _
from bot.domain.period import Period
from bot.domain.presets import PRESETS
from bot.domain.quota import QuotaSetting
from bot.domain.speed import Speed
from bot.service import Service
from bot.service.plans import Repricing
from bot.service.quotas import Whom

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_BLUE = discord.Colour(0x3E63DD)
Choices = list[app_commands.Choice[str]]
_SPEEDS = {
    "all": frozenset(Speed),
    "fast and relaxed": frozenset({Speed.FAST, Speed.RELAX}),
    "fast": frozenset({Speed.FAST}),
    "relaxed": frozenset({Speed.RELAX}),
}
_PRICED = [each for each in Action if ACTIONS[each].kind is not Kind.EXTRACT]


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(dms=False)
class Plan(commands.GroupCog, group_name="plan", group_description="Plans and prices here"):
    """The service checks the right again: Discord's own check can be edited by servers."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        super().__init__()
        self._privately = acknowledger.privately
        self._plans = service.plans

    @app_commands.command(name="list", description="The plans of this server, and who has which")
    async def list_(self, interaction: discord.Interaction) -> None:
        book = await self._privately(
            interaction, self._plans.book(asking.asker(interaction), interaction.guild_id or 0)
        )
        await _say(interaction, _("Plans of this server"), plans.listed(book))

    @app_commands.command(name="set", description="Begin a plan, or change what it gives")
    @app_commands.describe(
        name="Of the plan",
        credits="Grids each period",
        period="How often they come back (default: day); weeks and months from one's first use",
        rollover="What is left of a period stays for the next",
        welcome="Grids once, at first use",
        lapse="These end with the first period",
        running="Pictures of one member drawn at once",
        waiting="Jobs of one member in the queue",
        batch="Grids by one command, as of --repeat and {permutations}",
        speeds="Which may be asked for",
        relaxed="Draw relaxed, for free, once the credits are out",
        side="As many pixels as a square of this side at most; 0: no limit",
        models="Names, separated by commas; all: no limit",
        pool="Draw on the server's pool once their own are out",
    )
    async def set_(
        self,
        interaction: discord.Interaction,
        name: app_commands.Range[str, 1, 32],
        credits: app_commands.Range[int, 0, 1_000_000] | None = None,
        period: Literal["day", "week", "month"] | None = None,
        rollover: bool | None = None,
        welcome: app_commands.Range[int, 0, 1_000_000] | None = None,
        lapse: bool | None = None,
        running: app_commands.Range[int, 1, 100] | None = None,
        waiting: app_commands.Range[int, 1, 1000] | None = None,
        batch: app_commands.Range[int, 1, 40] | None = None,
        speeds: Literal["all", "fast and relaxed", "fast", "relaxed"] | None = None,
        relaxed: bool | None = None,
        side: app_commands.Range[int, 0, 8192] | None = None,
        models: app_commands.Range[str, 1, 500] | None = None,
        pool: bool | None = None,
    ) -> None:
        gives = QuotaSetting(
            credits, Period(period) if period else None, running, waiting, welcome, lapse, rollover,
            relaxed, pool, _SPEEDS[speeds] if speeds else None, batch, side, _models(models),
        )  # fmt: skip
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        merged = await self._privately(interaction, self._plans.save(asker, guild, name, gives))
        title = _("Plan {name}", name=wording.escape(name))
        await _say(interaction, title, plans.gives(merged))

    @app_commands.command(description="Forget a plan; whoever has it has what else holds for them")
    @app_commands.describe(name="Which one")
    async def remove(self, interaction: discord.Interaction, name: str) -> None:
        gone = await self._privately(
            interaction,
            self._plans.remove(asking.asker(interaction), interaction.guild_id or 0, name),
        )
        await _say(interaction, _("Plan removed"), wording.escape(gone))

    @app_commands.command(description="Give a plan to everybody, a role or a member")
    @app_commands.describe(
        name="Which one; empty takes back what was given",
        role="Only members with this role",
        user="Only this member",
    )
    async def give(
        self,
        interaction: discord.Interaction,
        name: str | None = None,
        role: discord.Role | None = None,
        user: discord.User | None = None,
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        whom = Whom(role.id if role else None, user.id if user else None)
        given = await self._privately(interaction, self._plans.give(asker, guild, whom, name or ""))
        who = plans.whose(*whom.on(guild))
        title, text = _("Plan taken back"), _("{who}: no plan any more", who=who)
        if given:
            title = _("Plan given")
            text = _("{who}: the plan {plan}", who=who, plan=wording.escape(given))
        await _say(interaction, title, text)

    @app_commands.command(description="Begin with plans that others have found good")
    @app_commands.choices(
        like=[app_commands.Choice(name=each.title, value=key) for key, each in PRESETS.items()]
    )
    @app_commands.describe(like="They take the place of what everybody has here")
    async def preset(
        self, interaction: discord.Interaction, like: app_commands.Choice[str]
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        preset = await self._privately(interaction, self._plans.adopt(asker, guild, like.value))
        book = await self._privately(interaction, self._plans.book(asker, guild))
        about = _("This server: {about}.", about=_(preset.about))
        await _say(interaction, _(preset.title), f"{about}\n\n{plans.listed(book)}")

    @app_commands.command(description="What things cost here")
    async def prices(self, interaction: discord.Interaction) -> None:
        found = await self._privately(
            interaction, self._plans.tariff(asking.asker(interaction), interaction.guild_id or 0)
        )
        await _say(interaction, _("Prices of this server"), plans.tariff(found))

    @app_commands.command(description="Change what things cost here; what waits is paid for")
    @app_commands.describe(
        action="What is done …",
        credits="… costs so many credits for a grid, or for a picture",
        speed="What is drawn at this speed costs `times` the usual",
        model="What this model draws costs `times` the usual",
        times="How many times the usual price",
        larger="Larger pictures cost as much more as they have more pixels",
        steps="More steps than usual cost as much more",
        usual="Forget all of that: as usual",
    )
    async def price(
        self,
        interaction: discord.Interaction,
        action: str | None = None,
        credits: app_commands.Range[int, 0, 1000] | None = None,
        speed: Literal["turbo", "fast", "relax"] | None = None,
        model: str | None = None,
        times: app_commands.Range[float, 0, 100] | None = None,
        larger: bool | None = None,
        steps: bool | None = None,
        usual: bool = False,
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        if (action is None) != (credits is None):
            raise UserError(_("An `action` and its `credits` go together; give both."))
        if (speed is None and model is None) != (times is None):
            raise UserError(_("A `speed` or `model` and its `times` go together; give both."))
        if not (usual or action or times is not None or larger is not None or steps is not None):
            raise UserError(_("Say what is to cost something else; `/plan prices` says what does."))
        change = Repricing(
            {_action(action): credits} if action is not None and credits is not None else {},
            {Speed(speed): times} if speed is not None and times is not None else {},
            {model: times} if model is not None and times is not None else {},
            larger,
            steps,
        )
        found = await self._privately(
            interaction, self._plans.price(asker, guild, change, anew=usual)
        )
        await _say(interaction, _("Prices of this server"), plans.tariff(found))

    @set_.autocomplete("name")
    @remove.autocomplete("name")
    @give.autocomplete("name")
    async def _named(self, interaction: discord.Interaction, typed: str) -> Choices:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        names = await self._plans.names(asker, guild)
        return _choices(typed, {name: name for name in names})

    @price.autocomplete("action")
    async def _actions(self, interaction: discord.Interaction, typed: str) -> Choices:
        return _choices(typed, {plans.called(each): each.value for each in _PRICED})


def _choices(typed: str, values: dict[str, str]) -> Choices:
    fitting = [name for name in values if typed.casefold() in name.casefold()]
    return [app_commands.Choice(name=name, value=values[name]) for name in fitting[:25]]


def _action(code: str) -> Action:
    found = next((each for each in _PRICED if code in (each.value, plans.called(each))), None)
    if found is None:
        raise UserError(_("There is no such action; choose one of the list."))
    return found


def _models(said: str | None) -> frozenset[str] | None:
    if said is None:
        return None
    names = frozenset(filter(None, (name.strip() for name in said.split(","))))
    return frozenset() if names == {"all"} else names


async def _say(interaction: discord.Interaction, title: str, text: str) -> None:
    await replies.private(
        interaction,
        embed=discord.Embed(title=title, description=wording.cut(text), colour=_BLUE),
    )


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Plan(bot.service, bot.acknowledger))
