"""Threads: opened, closed, and what may still be done in them.

Knows Discord's rules for archived and locked threads; who sees one is decided in `rights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.rules.errors import ApiError
from bot.sandbox.world import permissions
from bot.sandbox.world.bus import News
from bot.sandbox.world.channel import PRIVATE_THREAD, THREAD, Channel
from bot.sandbox.world.first import BOT_ID

if TYPE_CHECKING:
    from bot.sandbox.world.world import World

_CLOSED = 50083


class Threads:
    """Makes threads and changes them, found by id or name like other channels."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add(
        self, parent: object, name: str, *, private: bool = False, members: tuple[str, ...] = ()
    ) -> Channel:
        """A thread under the channel `parent`, whose permissions it has.

        A private one is seen by its `members` and by those who may MANAGE_THREADS; the bot is
        not in it until it is invited.
        """
        world = self._world
        above = world.find_channel(parent)
        kind = PRIVATE_THREAD if private else THREAD
        made = Channel(world.ids.next(), kind, name, above.guild_id, parent_id=above.id)
        made.owner_id = world.guilds[above.guild_id or ""].owner_id
        made.members = {made.owner_id} | {world.find_user(each).id for each in members}
        world.take_in(made)
        self._tell("THREAD_CREATE", made)
        return made

    def invite(self, thread: object, who: object) -> None:
        """Add somebody to a thread; the bot hears of it if it is meant."""
        found = self._world.find_channel(thread)
        user_id = self._world.find_user(who).id
        found.members.add(user_id)
        if user_id == BOT_ID:
            self._tell("THREAD_CREATE", found)

    def archive(self, thread: object) -> None:
        """Close it until somebody writes in it again."""
        self._change(thread, archived=True)

    def lock(self, thread: object) -> None:
        """Leave it to moderators: nobody else may write or edit in it."""
        self._change(thread, locked=True)

    def reopen(self, thread: object) -> None:
        """Neither archived nor locked any more."""
        self._change(thread, archived=False, locked=False)

    def _change(self, thread: object, **change: bool) -> None:
        found = self._world.find_channel(thread)
        vars(found).update(change)
        self._tell("THREAD_UPDATE", found)

    def _tell(self, name: str, thread: Channel) -> None:
        self._world.bus.publish(News(name, thread, thread.id, thread.guild_id))

    # What may be done; `may` has the permission bits of the one who does it

    def before_writing(self, channel: Channel, may: int) -> None:
        """A new message opens an archived thread. Raises ApiError 50083 for a locked one."""
        if self._shut(channel, may):
            raise ApiError(_CLOSED, status=403)
        if channel.archived:
            self._change(channel, archived=False)

    def before_editing(self, channel: Channel, may: int) -> None:
        """Raises ApiError 50083 in an archived or locked thread."""
        if self._shut(channel, may):
            raise ApiError(_CLOSED, status=403)
        if channel.archived:
            raise ApiError(_CLOSED)

    def before_reacting(self, channel: Channel) -> None:
        """Raises ApiError 50083 in an archived thread; a locked one that is open is no matter."""
        if channel.archived:
            raise ApiError(_CLOSED)

    def before_deleting(self, channel: Channel, may: int) -> None:
        """Raises ApiError 50083 in a thread that is both archived and locked."""
        if channel.archived and self._shut(channel, may):
            raise ApiError(_CLOSED)

    def _shut(self, channel: Channel, may: int) -> bool:
        return channel.locked and not may & permissions.MANAGE_THREADS
