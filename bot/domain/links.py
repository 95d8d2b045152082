"""Addresses of pictures as people see them."""

from __future__ import annotations

import re

from bot.domain.prompt.parameter import quoted

_NAME = 24
"""Letters of a file's name that are shown."""
_LONG = re.compile(r"https?://(?:(?!::)[^\s<>]){60,}", re.IGNORECASE)


def shown(link: str) -> str:
    """A link as inline code, by its host and the name of its file."""
    return quoted(_short(link))


def brief(text: str) -> str:
    """A prompt as it is shown to others: of long links hosts and names alone, for what stands
    between and behind may be a key to them."""
    return _LONG.sub(lambda link: _short(link[0]), text)


def _short(link: str) -> str:
    host, _, path = link.partition("://")[2].partition("/")
    folder, _, name = path.partition("?")[0].rpartition("/")
    name = name if len(name) <= _NAME else "…" + name[1 - _NAME :]
    return "/".join([host, *(["…"] if folder else []), name])
