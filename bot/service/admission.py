"""Who may draw where, and by which words: the one gate that everything passes that is drawn.

A job is stored with a `Claim`, and `admit` alone gives one. What can be said before pictures are
fetched and models asked, `require_welcome` and `require_words` say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from bot.domain.errors import BlockedWords, NotAllowed
from bot.domain.job import Job
from bot.domain.moderation import Ban, ServerRules, WordKind
from bot.domain.people import Account, Asker, Origin
from bot.domain.prompt import Prompt
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.prompt import Reading
from bot.domain.quota import Claim
from bot.service.conduct import Conduct
from bot.service.levers import Levers
from bot.service.plan import Plan
from bot.service.rulebook import Finding, Rulebook
from bot.service.rules import DIRECT, Rules
from bot.service.screening import Screening
from bot.storage.bans import Standing

log = logging.getLogger(__name__)

_NAMED = 10
"""Channels or roles of a refusal."""


class Admission:
    """The operator's rules, then the server's, what is known of who asks, and of pictures."""

    def __init__(
        self, rules: Rules, levers: Levers, rulebook: Rulebook, conduct: Conduct,
        screening: Screening,
    ) -> None:  # fmt: skip
        self._rules = rules
        self._levers = levers
        self._screening = screening
        self._rulebook = rulebook
        self._conduct = conduct

    async def admit(self, plan: Plan) -> Claim:
        """What counts for whoever wants this drawn. Raises NotAllowed where they may not have
        anything drawn there or from such pictures, BlockedWords for what they want, OutOfCredits
        where drawing in direct messages is switched off, Draining while nothing new is begun."""
        self._levers.require_open(plan.origin.guild)
        claim = self._rules.admit(plan.asker, plan.origin)
        await self.require_welcome(plan.asker, plan.origin)
        own = _fresh((each.prompt for each in plan.requests), plan.parent)
        await self._require(plan.asker, plan.origin, own, counts=True)
        drawn = [text for each in plan.requests for text in _words(each.drawn) if text not in own]
        await self._require(plan.asker, plan.origin, drawn, counts=False)
        await self._screening.require(plan)
        return claim

    async def require_welcome(self, asker: Asker, origin: Origin) -> None:
        """Raises NotAllowed for who may not have anything drawn there, or not now."""
        self._rules.require_served(origin.guild)
        _require_good(await self._conduct.of(Account(origin.guild, asker.user)))
        if origin.guild != DIRECT:
            _require_place((await self._rulebook.of(origin.guild)).rules, asker, origin)

    async def require_words(
        self, asker: Asker, origin: Origin, readings: Iterable[Reading],
        parent: Job | None = None, besides: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """Raises BlockedWords for what somebody typed, under a `parent` or with texts `besides`."""
        texts = [*_fresh((each.prompt for each in readings), parent), *besides]
        await self._require(asker, origin, texts, counts=True)

    async def _require(
        self, asker: Asker, origin: Origin, texts: Sequence[str], *, counts: bool
    ) -> None:
        """Several refusals that `counts` lead to a time-out: not those of words of others."""
        several = [*dict.fromkeys(filter(None, texts))]
        found = await self._rulebook.found(origin.guild, several, origin.age_restricted)
        if found is None:
            return
        log.info("a prompt of %d was refused on server %d", asker.user, origin.guild)
        ends = await self._counted(asker, origin) if counts else 0.0
        raise BlockedWords(_refusal(found, origin, ends))

    async def _counted(self, asker: Asker, origin: Origin) -> float:
        rule = (await self._rulebook.of(origin.guild)).rules.timeout
        if not rule.refusals:
            return 0.0
        return await self._conduct.refused(Account(origin.guild, asker.user), rule)


def _fresh(prompts: Iterable[Prompt], parent: Job | None) -> list[str]:
    """The texts that somebody brought: who presses a button under old ones did not."""
    before = _words(parent.request.prompt) if parent else ()
    return [text for each in prompts for text in _words(each) if text not in before]


def _words(prompt: Prompt) -> tuple[str, ...]:
    """What a prompt is drawn by, each of the texts in which a phrase may stand."""
    return (prompt.text, *prompt.get("no", ()))


def _refusal(found: Finding, origin: Origin, ends: float) -> str:
    word = quoted(found.word)
    if found.operators:
        said = f"{word} is blocked by the operator of this bot"
    elif found.kind is WordKind.ADULT:
        said = f"{word} is drawn in age-restricted channels only on this server"
    else:
        said = f"{word} is blocked on this server"
    again = f", and after so many of these you may draw again <t:{ends:.0f}:R>" if ends else ""
    return f"{said}; nothing was charged{again}."


def _require_good(standing: Standing) -> None:
    if standing.ban is not None:
        raise NotAllowed(_banned(standing.ban))
    if standing.timeout_ends:
        raise NotAllowed(
            "Too many of your prompts had blocked words; you may draw again"
            f" <t:{standing.timeout_ends:.0f}:R>."
        )


def _banned(ban: Ban) -> str:
    until = "for good" if ban.ends_at is None else f"until <t:{ban.ends_at:.0f}:f>"
    why = f": {quoted(ban.reason, 200)}" if ban.reason else ""
    return f"An admin of this server has banned you from drawing {until}{why}."


def _require_place(rules: ServerRules, asker: Asker, origin: Origin) -> None:
    if rules.channels and not rules.channels & origin.places:
        raise NotAllowed(
            f"Nothing is drawn here on this server but in {_listed('#', rules.channels)}."
        )
    # Who can change it is let in by it.
    if rules.roles and not rules.roles & asker.roles and not asker.admin:
        raise NotAllowed(f"On this server only {_listed('@&', rules.roles)} may draw.")


def _listed(sign: str, ids: Iterable[int]) -> str:
    named = [f"<{sign}{each}>" for each in sorted(ids)]
    shown = named if len(named) <= _NAMED else [*named[: _NAMED - 1], "others"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
