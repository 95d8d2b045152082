"""Files that go to Discord, and what is to be done with them afterwards."""

from __future__ import annotations

import io

import discord

from bot.domain.errors import NotFound
from bot.domain.language import _
from bot.service.pictures import Picture


def close(file: discord.File) -> None:
    """Let go of a file that was sent, or was not.

    discord.py closes what it opened itself, and has a buffer refer to itself: that would be in
    memory until somebody looks for rings.
    """
    file.close()
    file.fp.close()


def opened(picture: Picture, spoiler: bool) -> discord.File:
    """A picture as a file that is streamed from memory or disk while it is sent. Raises NotFound
    where it was cleared away."""
    content = picture.content
    try:
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        return discord.File(
            file, picture.filename, description=picture.description, spoiler=spoiler
        )
    except FileNotFoundError:
        raise NotFound(_("The pictures of this job were cleared away meanwhile.")) from None
