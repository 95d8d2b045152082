"""What a page shows in the language of the person at it, and the languages that it offers.

The bot learns of it by interactions alone, as from Discord.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.rules import localisation
from bot.sandbox.world import permissions

if TYPE_CHECKING:
    from bot.sandbox.people.person import Person
    from bot.sandbox.world.world import World

OFFERED = {
    "en-US": "English", "de": "Deutsch", "fr": "Français", "es-ES": "Español (España)",
    "es-419": "Español (Latinoamérica)", "pt-BR": "Português (Brasil)", "ja": "日本語",
    "ko": "한국어", "zh-CN": "简体中文", "zh-TW": "繁體中文", "nl": "Nederlands",
}  # fmt: skip
"""Some of Discord's, by what they call themselves; one of them no bot has to know."""

Payload = dict[str, Any]


def settings(world: World, person: Person) -> Payload:
    """What a page has to know to let somebody choose."""
    offered = [{"locale": locale, "name": name} for locale, name in OFFERED.items()]
    own, server = world.users[person.id].locale, world.guild.locale
    return {"locale": own, "server_locale": server, "languages": offered}


def commands(world: World, person: Person) -> list[Payload]:
    """The commands of the first channel this person sees, as their client shows them."""
    locale = world.users[person.id].locale
    for channel in world.channels_of(world.guild):
        if world.rights.may(person.id, channel) & permissions.VIEW_CHANNEL:
            return [localisation.localised(each, locale) for each in person.commands(channel)]
    return []
