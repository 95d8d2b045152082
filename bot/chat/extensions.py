"""Which modules are features, by the names that an operator lists."""

from __future__ import annotations

from collections.abc import Iterable

# Names of features as an `.env` of an earlier version lists them, where what belongs to /imagine
# was a part of it.
_MODULES = {
    "cogs.imagine": ("cogs.imagine", "cogs.results", "cogs.show"),
    "cogs.account": ("cogs.info",),
    "cogs.admin": ("cogs.quota",),
}


def modules_of(extensions: Iterable[str]) -> tuple[str, ...]:
    """The modules to load for the names that an operator listed, each once."""
    named = [module for name in extensions for module in _MODULES.get(name, (name,))]
    return tuple(dict.fromkeys(named))
