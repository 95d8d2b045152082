"""What a plan costs its asker on a server, and whether they may have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.domain import speed
from bot.domain.action import Kind
from bot.domain.errors import NotAllowed
from bot.domain.language import N_, _, counted, spoken
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

RELAXED = N_(
    "Your credits do not suffice for this, so it is drawn relaxed, free of charge, after those who"
    " are in a hurry."
)
NO_LONGER = N_("This is not free of charge any more; ask for it anew.")


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
        holdings = await self._holdings(plan)
        priced = self._priced(plan, holdings.tariff)
        if _goes_relaxed(priced, priced.price, holdings):
            priced = _relaxed(priced)
        self._require_allowed(priced, holdings.decision)
        return priced

    async def require_still(self, plan: Plan) -> None:
        """What was told earlier, at the prices of then, is allowed to its asker of now. Raises
        NotAllowed as `applied` does, and where it was free for who is out of credits and is not
        so any more."""
        holdings = await self._holdings(plan)
        self._require_allowed(plan, holdings.decision)
        if plan.waived and not _goes_relaxed(plan, plan.waived, holdings):
            raise NotAllowed(_(NO_LONGER))

    async def _holdings(self, plan: Plan) -> Holdings:
        claim = self._rules.claim(plan.origin.guild, plan.asker.roles)
        account = Account(plan.origin.guild, plan.asker.user)
        return await self._ledger.holdings(account, claim, self._clock())

    def _priced(self, plan: Plan, there: Tariff) -> Plan:
        prices = tuple(self._price(each, there) for each in plan.requests)
        grids = max(tariff.grid(each, there) for each in plan.requests)
        return replace(plan, prices=prices, usual=grids, waived=0)

    def _price(self, request: GenerationRequest, there: Tariff) -> int:
        card = self._catalogue.card(request.model) or self._catalogue.default
        return tariff.price(card, request, there)

    def _require_allowed(self, plan: Plan, decision: Decision) -> None:
        quota = decision.quota
        drawn = [each for each in plan.requests if each.kind is Kind.DRAW]
        if len(drawn) > quota.batch:
            raise NotAllowed(
                counted(
                    "{who} {n} grid by one command at most, and this asks for {wanted}.",
                    "{who} {n} grids by one command at most, and this asks for {wanted}.",
                    quota.batch,
                    who=_who(decision, "batch"),
                    wanted=len(drawn),
                )
            )
        for each in drawn:
            self._require_each(each, decision)

    def _require_each(self, request: GenerationRequest, decision: Decision) -> None:
        quota, hurry = decision.quota, Speed.of(request.extra)
        if hurry not in quota.speeds:
            may = spoken().listed([f"`--{each.value}`" for each in Speed if each in quota.speeds])
            raise NotAllowed(
                _("{who} {allowed}, and this is `--{asked}`.",
                  who=_who(decision, "speeds"), allowed=may, asked=hurry.value)
            )  # fmt: skip
        if quota.side and request.size.pixels > quota.side**2:
            raise NotAllowed(
                _("{who} pictures of as many pixels as {side} × {side} have, and this one has"
                  " {size}.",
                  who=_who(decision, "side"), side=quota.side, size=request.size)
            )  # fmt: skip
        if quota.models and request.model not in quota.models:
            cards = [self._catalogue.card(each) for each in sorted(quota.models)]
            names = spoken().listed([quoted(each.name) for each in cards if each])
            raise NotAllowed(
                _("{who} {models}; choose by `--model`.",
                  who=_who(decision, "models"), models=names or _("no model of today"))
            )  # fmt: skip


def _goes_relaxed(plan: Plan, price: int, holdings: Holdings) -> bool:
    quota, balance = holdings.decision.quota, holdings.balance
    bound = balance.room is not None and balance.room < price
    turbo = any(Speed.of(each.extra) is Speed.TURBO for each in plan.requests)
    return quota.relaxed and price > balance.spendable and not bound and not turbo


def _relaxed(plan: Plan) -> Plan:
    stored = Speed.RELAX.stored
    return replace(
        plan,
        requests=tuple(each.meaning(speed.NAME, stored) for each in plan.requests),
        prices=(0,) * len(plan.requests),
        waived=plan.price,
        warnings=tuple(dict.fromkeys((_(RELAXED), *plan.warnings))),
    )


def _who(decision: Decision, name: str) -> str:
    """The beginning of a sentence that says who allows something."""
    level, *others = decision.levels(name)
    if others:
        return _("Your own limits here allow")
    if level is None:
        return _("The operator of this bot allows")
    if level.plan:
        return _("The plan {plan} allows you", plan=quoted(level.plan))
    if level.scope == "server":
        return _("This server allows you")
    return _("Your own limits here allow")
