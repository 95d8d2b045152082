"""Addresses of pictures as people see them."""

from __future__ import annotations

from bot.domain.prompt.parameters import quoted

_NAME = 24
"""Letters of a file's name that are shown."""


def shown(link: str) -> str:
    """A link as inline code, by its host and the name of its file: what stands between and behind
    is long, and may be a secret."""
    host, _, path = link.partition("://")[2].partition("/")
    folder, _, name = path.partition("?")[0].rpartition("/")
    name = name if len(name) <= _NAME else "…" + name[1 - _NAME :]
    return quoted("/".join([host, *(["…"] if folder else []), name]))
