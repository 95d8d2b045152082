"""Looks: which there are for whom, which one a prompt means, and what a server's admins make of
theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain import style as styles
from bot.domain.errors import NotFound
from bot.domain.language import N_, _
from bot.domain.people import Asker
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameter import quoted
from bot.domain.style import BUILT_IN, Style
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.rules import require_admin
from bot.storage.styles import StyleRepository


class Styles:
    """A server's own win over the built-in ones. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self, styles: StyleRepository, catalogue: Catalogue, clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self._styles = styles
        self._catalogue = catalogue
        self._clock = clock

    async def own(self, guild: int) -> dict[str, Style]:
        """Those of a server, by name."""
        return await self._styles.of_guild(guild)

    async def offered(self, guild: int) -> dict[str, Style]:
        """Those that today's model draws there, by name: the server's own first."""
        own = await self._styles.of_guild(guild)
        known = taught(self._catalogue.default)
        return {**own, **{name: one for name, one in known.items() if name not in own}}

    async def meant(self, guild: int, card: ModelCard, prompt: Prompt) -> Style | None:
        """The one that a prompt names; None where it has no effect. Raises InvalidPrompt for one
        that is not there."""
        if named(prompt) is None:
            return None
        return chosen(prompt, card, await self._styles.of_guild(guild))

    def require_right(self, asker: Asker, guild: int) -> None:
        """Raises NotAllowed for who may change none."""
        require_admin(asker, guild)

    async def find(self, asker: Asker, guild: int, name: str) -> Style:
        """One that an admin may change. Raises NotFound."""
        require_admin(asker, guild)
        found = (BUILT_IN | await self._styles.of_guild(guild)).get(_called(name))
        if found is None:
            raise NotFound(
                _("There is no style {name} here; `/style add` makes one.", name=quoted(name))
            )
        return found

    async def add(self, asker: Asker, guild: int, style: Style) -> None:
        """Make one for this server, perhaps by a built-in name. Raises UserError."""
        require_admin(asker, guild)
        await self._styles.put(guild, style, asker.user, self._clock())

    async def edit(self, asker: Asker, guild: int, name: str, style: Style) -> None:
        """Make another one of it, perhaps of another name; of a built-in one, the server's own.
        What was drawn in it keeps it as it was. Raises UserError."""
        require_admin(asker, guild)
        await self._styles.put(guild, style, asker.user, self._clock(), instead_of=_called(name))

    async def remove(self, asker: Asker, guild: int, name: str) -> bool:
        """Forget a server's own; whether a built-in one has its name and is back. Raises
        NotFound."""
        require_admin(asker, guild)
        called = _called(name)
        if not await self._styles.remove(guild, called, asker.user, self._clock()):
            said = (
                N_("This server has no style {name} of its own: it is built in.")
                if called in BUILT_IN
                else N_("This server has no style {name} of its own: there is none.")
            )
            raise NotFound(_(said, name=quoted(name)))
        return called in BUILT_IN


def taught(card: ModelCard) -> dict[str, Style]:
    """The built-in ones whose words a model knows."""
    vocabulary = card.vocabulary()
    return {name: one for name, one in BUILT_IN.items() if one.known_to(vocabulary)}


def named(prompt: Prompt) -> str | None:
    """What look a prompt asks for by name."""
    name = prompt.get("style")
    return None if name == styles.RAW else name


def chosen(prompt: Prompt, card: ModelCard, own: Mapping[str, Style]) -> Style | None:
    """The style that a prompt names, a server's `own` first; None where it does nothing for this
    model. Raises InvalidPrompt for one that is not there."""
    name, known = named(prompt), taught(card)
    if name is None or name in own:
        return own.get(name or "")
    if name in BUILT_IN or styles.is_midjourneys(name):
        return known.get(name)
    raise styles.nearest(name, [*own, *known])


def _called(name: str) -> str:
    return name.strip().lower()
