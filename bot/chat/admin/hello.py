"""The hello to a new server, and `/setup`: what the bot is, and what to choose first."""

from __future__ import annotations

import logging

import discord
from discord import ui

from bot.chat.admin.items import Option, Spot, boxed, channel_menu, mentions, menu, row, text
from bot.chat.trouble import TROUBLE, Verdict, judge
from bot.chat.wording import escape
from bot.domain.language import N_, _, pgettext
from bot.domain.presets import PRESETS
from bot.service.first_hour import Choices, Greeting

log = logging.getLogger(__name__)

PAGE = "setup"
PRESET, CHANNELS = "preset", "channels"
_IDEA = N_("a lighthouse in a storm")
_GREETING = (
    N_(
        "I draw what you describe: four pictures for each prompt, made by the machine that I run"
        " on."
    ),
    N_("Buttons under the pictures draw variations, enlarge them and change what is in them."),
    N_(
        "Members with Manage Server decide here, and by `/setup` at any time, how much is drawn"
        " and where."
    ),
)


def view(choices: Choices, idea: str = "") -> ui.LayoutView:
    """Three lines, two menus and a hint; what was chosen stands in them."""
    options = [
        Option(key, _(each.title), _(each.about).replace("`", ""), key == choices.preset)
        for key, each in PRESETS.items()
    ]
    plans = pgettext("placeholder", "Choose plans to begin with")
    everywhere = pgettext("placeholder", "Every channel")
    tried = (idea or _(_IDEA)).replace("`", "")
    return boxed(
        text(_("## Hello, I am Easel"), *map(_, _GREETING)),
        ui.Separator(),
        text(_("**1. How much may members draw?**"), _plans(choices)),
        row(menu(Spot(PAGE, PRESET), plans, options)),
        text(_("**2. Where?**"), _places(choices)),
        row(channel_menu(Spot(PAGE, CHANNELS), everywhere, choices.channels)),
        ui.Separator(),
        text(
            _("**3. Try it:** `/imagine prompt:{idea}`", idea=tried),
            _("-# `/help` explains the rest; `/admin panel` has all that admins decide."),
        ),
    )


def _plans(choices: Choices) -> str:
    if choices.preset:
        preset = PRESETS[choices.preset]
        return f"✅ {_(preset.title)}: {_(preset.about)}."
    if choices.plans:
        return "✅ " + _("Plans of your own: {plans}.", plans=escape(", ".join(choices.plans)))
    return _("As the operator of this bot has it, until you choose; `/plan` changes every detail.")


def _places(choices: Choices) -> str:
    if not choices.channels:
        return _("In every channel where I may write, until you choose some; threads go with them.")
    return "✅ " + _("Only in {channels}.", channels=mentions("#", choices.channels))


def place(guild: discord.Guild) -> discord.TextChannel | None:
    """Where a hello goes: the channel for such messages, else the first where the bot may write."""
    candidates = [guild.system_channel, *guild.text_channels]
    return next((each for each in candidates if each is not None and _may_write(each)), None)


def _may_write(channel: discord.TextChannel) -> bool:
    may = channel.permissions_for(channel.guild.me)
    return may.view_channel and may.send_messages


async def say(guild: discord.Guild, greeting: Greeting, shown: ui.LayoutView) -> bool:
    """Say hello; False where it is to be tried again. Nobody is mentioned; the nonce keeps what was
    sent just before a crash from being sent again."""
    channel = place(guild)
    if channel is None:
        log.info("server %d has no channel where a hello may be said", guild.id)
        return True
    nonce = f"{guild.id:x}-{int(greeting.came_at * 100) % (1 << 32):x}"
    try:
        await channel.send(view=shown, nonce=nonce, silent=True)
    except TROUBLE as error:
        log.warning("server %d: no hello could be said: %s", guild.id, error)
        return judge(error) is Verdict.FINAL
    return True
