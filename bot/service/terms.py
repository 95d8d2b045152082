"""What a plan costs its asker on a server, and whether they may have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.domain import speed
from bot.domain.action import Kind
from bot.domain.errors import NotAllowed
from bot.domain.people import Account
from bot.domain.prompt.parameter import quoted
from bot.domain.quota import Decision
from bot.domain.request import GenerationRequest
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.models.catalogue import Catalogue
from bot.service import tariff
from bot.service.plan import Plan
from bot.service.rules import Rules
from bot.storage.ledger import Holdings, LedgerRepository

RELAXED = (
    "Your credits are out, so this is drawn relaxed, free of charge, after those who are in a"
    " hurry."
)


class Terms:
    """`clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        ledger: LedgerRepository,
        catalogue: Catalogue,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._catalogue = catalogue
        self._rules = rules
        self._clock = clock

    async def applied(self, plan: Plan) -> Plan:
        """The plan with its prices there; relaxed and free of charge where its asker has no credits
        left and may draw so. Applied twice it is the same. Raises NotAllowed for what their quota
        does not allow, with who says so."""
        claim = self._rules.claim(plan.origin.guild, plan.asker.roles)
        account = Account(plan.origin.guild, plan.asker.user)
        holdings = await self._ledger.holdings(account, claim, self._clock())
        priced = self._priced(plan, holdings.tariff)
        if _goes_relaxed(priced, holdings):
            priced = _relaxed(priced)
        self._require_allowed(priced, holdings.decision)
        return priced

    def _priced(self, plan: Plan, there: Tariff) -> Plan:
        prices = tuple(self._price(each, there) for each in plan.requests)
        grids = max(tariff.grid(each, there) for each in plan.requests)
        return replace(plan, prices=prices, usual=grids)

    def _price(self, request: GenerationRequest, there: Tariff) -> int:
        card = self._catalogue.card(request.model) or self._catalogue.default
        return tariff.price(card, request, there)

    def _require_allowed(self, plan: Plan, decision: Decision) -> None:
        quota = decision.quota
        drawn = [each for each in plan.requests if each.kind is Kind.DRAW]
        if len(drawn) > quota.batch:
            raise NotAllowed(
                f"{_who(decision, 'batch')} {quota.batch} grids by one command at most, and this"
                f" asks for {len(drawn)}."
            )
        for each in drawn:
            self._require_each(each, decision)

    def _require_each(self, request: GenerationRequest, decision: Decision) -> None:
        quota, hurry = decision.quota, Speed.of(request.extra)
        if hurry not in quota.speeds:
            may = _listed([f"`--{each.value}`" for each in Speed if each in quota.speeds])
            raise NotAllowed(f"{_who(decision, 'speeds')} {may}, and this is `--{hurry.value}`.")
        if quota.side and request.size.pixels > quota.side**2:
            raise NotAllowed(
                f"{_who(decision, 'side')} pictures of as many pixels as {quota.side} ×"
                f" {quota.side} have, and this one has {request.size}."
            )
        if quota.models and request.model not in quota.models:
            cards = [self._catalogue.card(each) for each in sorted(quota.models)]
            names = _listed([quoted(each.name) for each in cards if each]) or "no model of today"
            raise NotAllowed(f"{_who(decision, 'models')} {names}; choose by `--model`.")


def _goes_relaxed(plan: Plan, holdings: Holdings) -> bool:
    quota, balance = holdings.decision.quota, holdings.balance
    bound = balance.room is not None and balance.room < plan.price
    turbo = any(Speed.of(each.extra) is Speed.TURBO for each in plan.requests)
    return quota.relaxed and plan.price > balance.spendable and not bound and not turbo


def _relaxed(plan: Plan) -> Plan:
    stored = Speed.RELAX.stored
    return replace(
        plan,
        requests=tuple(each.meaning(speed.NAME, stored) for each in plan.requests),
        prices=tuple(0 for _ in plan.requests),
        warnings=tuple(dict.fromkeys((RELAXED, *plan.warnings))),
    )


def _who(decision: Decision, name: str) -> str:
    """The beginning of a sentence that says who allows something."""
    level = decision.by.get(name)
    if level is None:
        return "The operator of this bot allows"
    if level.plan:
        return f"The plan {quoted(level.plan)} allows you"
    return "This server allows you" if level.scope == "server" else "Your own limits here allow"


def _listed(words: list[str]) -> str:
    *some, last = words or [""]
    return f"{', '.join(some)} and {last}" if some else last
