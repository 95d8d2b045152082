"""Plans of a server: what its admins offer to whom, and what things cost there.

Every method raises NotAllowed for who is no admin and UserError for what makes no sense, and leaves
an entry in the audit trail where something changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.action import ACTIONS, Action, Kind
from bot.domain.errors import NotFound, UserError
from bot.domain.language import _, joined, spoken
from bot.domain.people import Asker
from bot.domain.period import Period
from bot.domain.presets import PRESETS, Preset
from bot.domain.prompt.parameter import quoted
from bot.domain.quota import QuotaSetting
from bot.domain.speed import Speed
from bot.domain.tariff import FACTOR_MAX, PRICE_MAX, Tariff
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service.quotas import Whom
from bot.service.rules import Rules, require_admin
from bot.storage.quotas import Book, QuotaRepository

NAME_MAX = 32
CREDITS_MAX = 1_000_000


@dataclass(frozen=True)
class Repricing:
    """What is to cost something else: whole credits for a grid or picture of an action, factors for
    a speed and for a model by its id or shown name, and whether larger pictures cost more, and
    drawings of more steps."""

    actions: Mapping[Action, int] = field(default_factory=dict)
    speeds: Mapping[Speed, float] = field(default_factory=dict)
    models: Mapping[str, float] = field(default_factory=dict)
    size: bool | None = None
    steps: bool | None = None


class Plans:
    """`clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        quotas: QuotaRepository,
        catalogue: Catalogue,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._quotas = quotas
        self._catalogue = catalogue
        self._rules = rules
        self._clock = clock

    async def book(self, asker: Asker, guild: int) -> Book:
        """All plans, and who has which."""
        require_admin(asker, guild)
        return await self._quotas.book(guild)

    def models(self) -> Sequence[ModelCard]:
        """Which a plan may allow."""
        return self._catalogue.cards

    async def names(self, asker: Asker, guild: int) -> list[str]:
        """Of all plans there, for completion; none for who is no admin."""
        return list((await self._quotas.book(guild)).plans) if asker.admin else []

    async def save(
        self, asker: Asker, guild: int, name: str, gives: QuotaSetting,
        silent: Collection[str] = (), new: bool | None = None,
    ) -> QuotaSetting:  # fmt: skip
        """Begin a plan, or change what is given of one, only the former or the latter where `new`
        says which; of the fields in `silent` it says no more than that. Returns what it gives now.
        Raises NotFound where there is none to change."""
        require_admin(asker, guild)
        name = " ".join(name.split())
        if not 1 <= len(name) <= NAME_MAX:
            raise UserError(_("The name of a plan has 1 to {most} characters.", most=NAME_MAX))
        gives = self._sound(gives, not silent)
        silent = frozenset(silent) - gives.said().keys()
        return await self._quotas.save_plan(
            guild, name, gives, asker.user, self._clock(), silent, new
        )

    async def remove(self, asker: Asker, guild: int, name: str) -> str:
        """Whoever has it falls back to what else holds for them; returns its name."""
        require_admin(asker, guild)
        return await self._quotas.remove_plan(guild, name, asker.user, self._clock())

    async def give(self, asker: Asker, guild: int, whom: Whom, name: str) -> str:
        """The server, a role or a member has it from now on, or none where no name is given;
        returns its name."""
        require_admin(asker, guild)
        scope, target = whom.on(guild)
        return await self._quotas.assign(guild, scope, target, name, asker.user, self._clock())

    async def adopt(self, asker: Asker, guild: int, key: str) -> Preset:
        """Take over a preset's plans, the first of which is everybody's."""
        require_admin(asker, guild)
        preset = PRESETS.get(key)
        if preset is None:
            known = joined([*PRESETS])
            raise NotFound(_("There is no such preset; there are {known}.", known=known))
        await self._quotas.adopt(guild, key, preset.plans, asker.user, self._clock())
        return preset

    async def tariff(self, asker: Asker, guild: int) -> Tariff:
        """What differs there from the usual prices."""
        require_admin(asker, guild)
        return await self._quotas.tariff(guild)

    async def price(
        self, asker: Asker, guild: int, change: Repricing, *, anew: bool = False
    ) -> Tariff:  # fmt: skip
        """Change what things cost there, all of it or nothing; `anew` begins with the usual prices.
        Returns what differs from them."""
        before = await self.tariff(asker, guild)
        tariff = Tariff() if anew else before
        tariff = replace(
            tariff,
            actions={**tariff.actions, **_priced(change.actions)},
            speeds={**tariff.speeds, **{each: _factor(it) for each, it in change.speeds.items()}},
            models={
                **tariff.models,
                **{self._model(each): _factor(it) for each, it in change.models.items()},
            },
            size=tariff.size if change.size is None else change.size,
            steps=tariff.steps if change.steps is None else change.steps,
        )
        await self._quotas.set_tariff(guild, tariff, asker.user, self._clock())
        return tariff

    def _sound(self, gives: QuotaSetting, speaks: bool) -> QuotaSetting:
        """Raises UserError for what makes no sense; credits come back every day by default."""
        if gives.period is not None and gives.credits is None:
            raise UserError(_("A `period` needs `credits` to go with it; give both."))
        if speaks and gives.empty:
            raise UserError(_("Say at least one thing that the plan gives, such as `credits`."))
        if gives.credits is not None and gives.period is None:
            gives = replace(gives, period=Period.DAY)
        if gives.speeds is not None and not gives.speeds:
            raise UserError(_("A plan allows at least one speed: turbo, fast or relax."))
        if gives.models:
            gives = replace(gives, models=frozenset(map(self._model, gives.models)))
        return gives

    def _model(self, name: str) -> str:
        """The id of a model by its id or shown name."""
        for card in self._catalogue.cards:
            if name.casefold() in (card.id.casefold(), card.name.casefold()):
                return card.id
        known = joined([quoted(card.name) for card in self._catalogue.cards[:10]])
        raise NotFound(
            _("There is no model {typed} here; there are {known}.", typed=quoted(name), known=known)
        )


def _priced(actions: Mapping[Action, int]) -> Mapping[Action, int]:
    for action, price in actions.items():
        if ACTIONS[action].kind is Kind.EXTRACT:
            raise UserError(_("U1 to U4 take a picture out of a grid and are always free."))
        if not 0 <= price <= PRICE_MAX:
            most = spoken().number(PRICE_MAX)
            raise UserError(_("A price is a whole number from 0 to {most}.", most=most))
    return actions


def _factor(factor: float) -> float:
    """With as many digits as are shown of it."""
    if not 0 <= factor <= FACTOR_MAX:
        raise UserError(
            _("A factor is a number from 0 to {most}.", most=spoken().number(FACTOR_MAX))
        )
    return float(f"{factor:g}")
