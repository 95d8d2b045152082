"""What people and servers want where a prompt says nothing: chosen, kept, and said which counts.

Every plan asks, so who was asked for is remembered in memory; whoever changes something says it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.domain.errors import InvalidPrompt, NotFound
from bot.domain.language import _
from bot.domain.layers import Explained, Taste, explained
from bot.domain.people import Asker, Origin
from bot.domain.preferences import OPTIONS_MAX, Preferences, Variation
from bot.domain.prompt import Prompt
from bot.domain.prompt.own import VALUE_MAX, named
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.parameters import known
from bot.domain.speed import Speed
from bot.domain.usual import HIDDEN
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.rules import DIRECT, may_use, require_admin
from bot.storage.preferences import Change, PreferenceRepository
from bot.storage.preferences import Scope as Whose

REMEMBERED = 10_000
"""People and servers whose preferences are known without a look at the database."""
PROMPTS_MAX = 40
"""Grids that one prompt may stand for."""
IMAGES = 6
"""Pictures beside a prompt at most."""
_HIDING = re.compile("stealth|private", re.IGNORECASE)
_STEPS = (None, Variation.STRONG, Variation.SUBTLE)


@dataclass(frozen=True)
class Panel:
    """What `/settings` shows: of a person, or of a server. `models` are those that the asker may
    use, by what they are called in prompts and shown as, the usual one first."""

    whose: Whose
    taste: Taste
    models: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Explanation:
    """A prompt with all that counts, who said it, and how many more prompts were typed with it."""

    prompt: Prompt
    parameters: Sequence[Explained]
    taste: Taste
    more: int


class Habits:
    """The use cases of preferences. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        preferences: PreferenceRepository,
        catalogue: Catalogue,
        clock: Callable[[], float],
    ) -> None:
        self._preferences = preferences
        self._catalogue = catalogue
        self._clock = clock
        self._known: dict[tuple[Whose, int], Preferences] = {}

    async def taste(self, asker: Asker, origin: Origin) -> Taste:
        """What is wanted of this person's prompts there, as far as it can be had."""
        own = await self._get("user", asker.user)
        server = Preferences()
        if origin.guild != DIRECT:
            server = self._usable(asker, origin, await self._get("server", origin.guild))
        usable, note = self._usable(asker, origin, own), ""
        if usable is not own:
            note = _(
                "The model {model} of your settings cannot be had here now.",
                model=quoted(own.model or ""),
            )
        return Taste(usable, server, note=note)

    def hides(self, asker: Asker, origin: Origin, text: str) -> bool:
        """Whether a typed prompt asks for what nobody else is to see, as far as is known at once:
        not even the first answer to it is for others then."""
        own = self._known.get(("user", asker.user), Preferences())
        said = " ".join([text, *(meaning for _, meaning in own.options)])
        chosen = own.stealth or dict(own.suffix).get(HIDDEN)
        if origin.guild == DIRECT or not (chosen or _HIDING.search(said)):
            return False
        with contextlib.suppress(InvalidPrompt):
            readings = Taste(own).read_all(text, PROMPTS_MAX, IMAGES)
            return any(own.usual.hides(each.prompt) for each in readings)
        return False

    async def own(self, asker: Asker) -> Preferences:
        """A person's choices as they are kept."""
        return await self._get("user", asker.user)

    async def pings(self, user: int) -> bool:
        """Whether somebody wants to be called when their pictures are there."""
        return (await self._get("user", user)).ping

    def changed(self, user: int, chosen: Preferences) -> None:
        """A person's are others now, as others have written."""
        self._remember(("user", user), chosen)

    def left(self, guild: int) -> None:
        """Those of a server were deleted."""
        self._remember(("server", guild), Preferences())

    # The panel

    async def panel(self, asker: Asker, origin: Origin, whose: Whose) -> Panel:
        """Raises NotAllowed for a server's where the asker is no admin."""
        if whose == "server":
            require_admin(asker, origin.guild)
            server = await self._get("server", origin.guild)
            taste = Taste(server=self._usable(asker, origin, server))
        else:
            taste = await self.taste(asker, origin)
        return Panel(whose, taste, self._models(asker, origin))

    async def press(
        self, asker: Asker, origin: Origin, whose: Whose, name: str, value: str
    ) -> Panel:
        """Take a choice in a panel; returns how it is then. Raises NotAllowed, and NotFound for
        what this version does not offer."""
        panel = await self.panel(asker, origin, whose)
        below = panel.taste.server if whose == "user" else Preferences()

        def change(before: Preferences) -> Preferences:
            try:
                return before.pressed(name, value, below)
            except ValueError:
                raise NotFound(_("This belongs to another version of Easel; ask anew.")) from None

        if whose == "server":
            await self._change_server(asker, origin.guild, change)
        else:
            await self._change(asker, change)
        return await self.panel(asker, origin, whose)

    def _models(self, asker: Asker, origin: Origin) -> list[tuple[str, str]]:
        cards = (card for card in self._catalogue.cards if may_use(asker, origin, card))
        return [(self._called(card), card.name) for card in cards]

    def _called(self, card: ModelCard) -> str:
        """How a prompt calls it: a key may be a path or have spaces."""
        row = known("model")
        assert row is not None
        assert row.spelling is not None
        names = (self._catalogue.key(card), card.name, card.id)
        return next(filter(row.spelling.shape.fullmatch, names), names[0])

    # By word

    async def set_suffix(self, asker: Asker, typed: str) -> Preferences:
        """Put these parameters behind every prompt; none takes them away. Raises InvalidPrompt."""
        suffix = Prompt.read_parameters(typed)
        return await self._change(asker, lambda before: replace(before, suffix=suffix))

    async def set_variation(self, asker: Asker, chosen: str | None) -> Preferences:
        """By "subtle" or "strong", else as usual; without a word the next of them."""

        wanted = {"subtle": Variation.SUBTLE, "strong": Variation.STRONG}

        def change(before: Preferences) -> Preferences:
            following = _STEPS[(_STEPS.index(before.variation) + 1) % len(_STEPS)]
            return replace(before, variation=wanted.get(chosen) if chosen else following)

        return await self._change(asker, change)

    async def set_speed(self, asker: Asker, speed: Speed) -> Preferences:
        """The line in which prompts wait that say nothing of it."""
        return await self._change(asker, lambda before: replace(before, speed=speed))

    async def switch(self, asker: Asker, name: str) -> Preferences:
        """Put on what is off, and off what is on, of `SWITCHES`."""
        return await self._change(asker, lambda before: before.pressed(name, "", Preferences()))

    async def set_stealth(self, asker: Asker, stealth: bool) -> Preferences:
        """Whether nobody else is to see what prompts draw that say nothing of it."""
        return await self._change(asker, lambda before: replace(before, stealth=stealth))

    async def set_option(self, asker: Asker, typed: str, value: str) -> str:
        """Have a name stand for a text, or for nothing any more; returns the name.

        Raises InvalidPrompt for a name or a text that cannot be used, NotFound for a name to be
        forgotten that is not there.
        """
        name, meaning = named(typed), " ".join(value.split())
        if meaning:
            _check(meaning)
        await self._change(asker, lambda before: _with_option(before, name, meaning))
        return name

    async def explain(self, asker: Asker, origin: Origin, text: str) -> Explanation:
        """What a prompt would come to there, and who said it. Raises InvalidPrompt."""
        taste = await self.taste(asker, origin)
        usual = (("model", self._called(self._catalogue.default)),)
        taste = replace(taste, operator=usual)
        first, *others = taste.typed(text, PROMPTS_MAX)
        rows = explained(first.prompt, taste.layers)
        return Explanation(first.prompt, rows, taste, len(others))

    # What is kept

    async def _get(self, scope: Whose, owner: int) -> Preferences:
        key = scope, owner
        if key not in self._known:
            found = await self._preferences.get(scope, owner)
            # What was changed meanwhile is newer.
            return self._known.get(key) or self._remember(key, found)
        return self._known[key]

    async def _change(self, asker: Asker, change: Change) -> Preferences:
        changed = await self._preferences.change(asker.user, change)
        return self._remember(("user", asker.user), changed)

    async def _change_server(self, asker: Asker, guild: int, change: Change) -> Preferences:
        now = self._clock()
        changed = await self._preferences.change_server(guild, change, asker.user, now)
        return self._remember(("server", guild), changed)

    def _remember(self, key: tuple[Whose, int], chosen: Preferences) -> Preferences:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key] = chosen
        return chosen

    def _usable(self, asker: Asker, origin: Origin, chosen: Preferences) -> Preferences:
        """Without a model that is not served any more, or not to the asker there."""
        if chosen.model is None:
            return chosen
        card = self._catalogue.named(chosen.model)
        if card is not None and may_use(asker, origin, card):
            return chosen
        return replace(chosen, model=None)


def _check(meaning: str) -> None:
    if len(meaning) > VALUE_MAX:
        raise InvalidPrompt(
            _(
                "An option stands for {most} characters at most, not {length}.",
                most=VALUE_MAX,
                length=len(meaning),
            )
        )
    Prompt.read_all(f"x {meaning}", PROMPTS_MAX)


def _with_option(before: Preferences, name: str, meaning: str) -> Preferences:
    kept = {known: text for known, text in before.options if known != name}
    if not meaning:
        if len(kept) == len(before.options):
            raise NotFound(_("You have no option {name}.", name=quoted(f"--{name}")))
        return replace(before, options=tuple(kept.items()))
    if len(kept) >= OPTIONS_MAX:
        raise InvalidPrompt(
            _("You have {most} options already; delete one first.", most=OPTIONS_MAX)
        )
    return replace(before, options=tuple(sorted((kept | {name: meaning}).items())))
