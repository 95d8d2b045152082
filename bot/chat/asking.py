"""Who asks and where, read off an interaction; and whether the bot may answer there."""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.chat import speech
from bot.domain.errors import MissingPermissions
from bot.domain.language import N_, _, counted, spoken
from bot.domain.people import Asker, Origin

_NEEDED = {
    "view_channel": N_("View Channel"),
    "send_messages": N_("Send Messages"),
    "attach_files": N_("Attach Files"),
    "read_message_history": N_("Read Message History"),
}
_STAFF = {
    "view_channel": N_("View Channel"),
    "send_messages": N_("Send Messages"),
    "embed_links": N_("Embed Links"),
    "read_message_history": N_("Read Message History"),
}
_THREADS = ("send_messages_in_threads", N_("Send Messages in Threads"))
_ALL = discord.Permissions(**dict.fromkeys((*_NEEDED, _THREADS[0]), True))


def asker(interaction: discord.Interaction) -> Asker:
    """The person, with the roles and permissions that Discord sent along."""
    permissions = interaction.permissions
    return Asker(
        user=interaction.user.id,
        roles=roles_of(interaction.user),
        moderator=interaction.guild_id is not None and permissions.manage_messages,
        admin=interaction.guild_id is not None and permissions.manage_guild,
        reads=lambda channel: _reads(interaction, channel),
    )


def reviewer(interaction: discord.Interaction) -> Asker:
    """The same, with the right to moderate only where that is for the whole server: what waits for
    moderators may be of any channel."""
    member, known = interaction.user, asker(interaction)
    whole = isinstance(member, discord.Member) and member.guild_permissions.manage_messages
    return replace(known, moderator=known.moderator and whole)


def roles_of(user: discord.User | discord.Member) -> frozenset[int]:
    """Ids of a member's roles as Discord sent them, without @everyone; none for who is no member.

    `Member.roles` knows only the roles of a server that is cached, and none is until its
    GUILD_CREATE has come.
    """
    return frozenset(user._roles) if isinstance(user, discord.Member) else frozenset()


def origin(interaction: discord.Interaction) -> Origin:
    """Where a command was given; guild 0 is direct messages."""
    return _origin(interaction, 0)


def origin_of_press(interaction: discord.Interaction) -> Origin:
    """The same for a button, with the message under which it stands."""
    parent = interaction.message.id if interaction.message else 0
    return _origin(interaction, parent)


def _origin(interaction: discord.Interaction, parent_message: int) -> Origin:
    channel = interaction.channel
    above = channel.parent_id if isinstance(channel, discord.Thread) else 0
    return Origin(
        interaction.guild_id or 0,
        interaction.channel_id or 0,
        parent_message,
        locale=speech.code(interaction.locale),
        parent_channel=above,
        age_restricted=interaction.guild_id is not None and _limited(channel),
    )


def readable(interaction: discord.Interaction) -> frozenset[int]:
    """The channels and open threads of a server where the person may read what was said; those with
    an age limit only from within such a one. Private threads are left out but for this place."""
    guild, member, here = interaction.guild, interaction.user, interaction.channel_id or 0
    if guild is None or not isinstance(member, discord.Member):
        return frozenset()
    limited = _limited(guild.get_channel_or_thread(here))
    seen = {each.id for each in guild.channels if _open(each, member, limited)}
    threads = {
        thread.id
        for thread in guild.threads
        if thread.parent_id in seen and not thread.is_private()
    }
    return frozenset(seen | threads | {here})


def _reads(interaction: discord.Interaction, channel: int) -> bool:
    """Whether that one is `readable`."""
    guild, member, here = interaction.guild, interaction.user, interaction.channel_id or 0
    if guild is None or not isinstance(member, discord.Member):
        return False
    place = guild.get_channel_or_thread(channel)
    if isinstance(place, discord.Thread):
        place = None if place.is_private() else place.parent
    limited = _limited(guild.get_channel_or_thread(here))
    return channel == here or (place is not None and _open(place, member, limited))


def _open(channel: discord.abc.GuildChannel, member: discord.Member, limited: bool) -> bool:
    """Whether a member may read what was said in a channel; from within one with an age limit also
    where there is such."""
    may = channel.permissions_for(member)
    return (limited or not _limited(channel)) and may.view_channel and may.read_message_history


def _limited(channel: object) -> bool:
    """Whether it has an age limit."""
    said = getattr(channel, "is_nsfw", None)
    return bool(said and said())


def require_permissions(interaction: discord.Interaction) -> None:
    """Preflight, before anything is charged. Raises MissingPermissions naming what is missing."""
    if interaction.guild_id is None:
        return
    closed = _closed(interaction, interaction.guild_id)
    if closed:
        raise MissingPermissions(closed)
    held = interaction.app_permissions
    if held.is_superset(_ALL):
        return
    needed = dict(_NEEDED)
    if isinstance(interaction.channel, discord.Thread):
        del needed["send_messages"]
        needed[_THREADS[0]] = _THREADS[1]
    missing = [_(name) for flag, name in needed.items() if not getattr(held, flag)]
    if missing:
        raise MissingPermissions(
            counted(
                "I lack {permissions} in this channel; ask an admin to give it to my role.",
                "I lack {permissions} in this channel; ask an admin to give them to my role.",
                len(missing),
                permissions=spoken().listed(missing),
            )
        )


def require_staff_channel(channel: discord.TextChannel) -> None:
    """Where moderators or admins are told things. Raises MissingPermissions naming what the bot
    lacks there."""
    missing = _lacking(channel)
    if missing:
        place = f"<#{channel.id}>"
        raise MissingPermissions(
            counted(
                "I lack {permissions} in {channel}; give it to my role there, then try again.",
                "I lack {permissions} in {channel}; give them to my role there, then try again.",
                len(missing),
                permissions=spoken().listed(missing),
                channel=place,
            )
        )


def posts_to_staff(guild: discord.Guild | None, channel: int) -> bool:
    """Whether the bot may post there what is for moderators or admins, as far as is known."""
    if guild is None or guild.unavailable:
        return True
    place = guild.get_channel(channel)
    return place is not None and not _lacking(place)


def _lacking(channel: discord.abc.GuildChannel) -> list[str]:
    held = channel.permissions_for(channel.guild.me)
    return [_(name) for flag, name in _STAFF.items() if not getattr(held, flag)]


def _closed(interaction: discord.Interaction, guild_id: int) -> str:
    """Why nothing can be posted there although Discord says that the permissions are there."""
    guild = interaction.client.get_guild(guild_id)
    if guild is None:
        return _(
            "I was added to this server with commands only, so I cannot post pictures; ask an admin"
            " to add me with the scope `bot` too."
        )
    thread = interaction.channel
    if not isinstance(thread, discord.Thread) or interaction.app_permissions.manage_threads:
        return ""
    if thread.is_private() and guild.get_thread(thread.id) is None:
        return _("I am not in this private thread; mention me here to add me.")
    if thread.locked:
        return _("This thread is locked, so I cannot post here; ask a moderator to unlock it.")
    return ""
