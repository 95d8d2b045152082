"""The hello to a new server, and `/setup`: what the bot is, and what to choose first."""

from __future__ import annotations

import logging

import discord
from discord import ui

from bot.chat.admin.items import Option, Spot, boxed, channel_menu, mentions, menu, row, text
from bot.chat.trouble import TROUBLE, Verdict, judge
from bot.chat.wording import escape
from bot.domain.presets import PRESETS
from bot.service.first_hour import Choices, Greeting

log = logging.getLogger(__name__)

PAGE = "setup"
PRESET, CHANNELS = "preset", "channels"
_IDEA = "a lighthouse in a storm"


def view(choices: Choices, idea: str = "") -> ui.LayoutView:
    """Three lines, two menus and a hint; what was chosen stands in them."""
    options = [
        Option(key, each.title, each.about.replace("`", ""), key == choices.preset)
        for key, each in PRESETS.items()
    ]
    return boxed(
        text(
            "## Hello, I am Easel",
            "I draw what you describe: four pictures for each prompt, made by the machine that I"
            " run on.",
            "Buttons under the pictures draw variations, enlarge them and change what is in them.",
            "Members with Manage Server decide here, and by `/setup` at any time, how much is"
            " drawn and where.",
        ),
        ui.Separator(),
        text("**1. How much may members draw?**", _plans(choices)),
        row(menu(Spot(PAGE, PRESET), "Choose plans to begin with", options)),
        text("**2. Where?**", _places(choices)),
        row(channel_menu(Spot(PAGE, CHANNELS), "Every channel", choices.channels)),
        ui.Separator(),
        text(
            f"**3. Try it:** `/imagine prompt:{(idea or _IDEA).replace('`', '')}`",
            "-# `/help` explains the rest; `/admin panel` has everything that admins decide.",
        ),
    )


def _plans(choices: Choices) -> str:
    if choices.preset:
        preset = PRESETS[choices.preset]
        return f"✅ {preset.title}: {preset.about}."
    if choices.plans:
        return f"✅ Plans of your own: {escape(', '.join(choices.plans))}."
    return "As the operator of this bot has it, until you choose; `/plan` changes every detail."


def _places(choices: Choices) -> str:
    if not choices.channels:
        return "In every channel where I may write, until you choose some; threads go with them."
    return f"✅ Only in {mentions('#', choices.channels)}."


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
