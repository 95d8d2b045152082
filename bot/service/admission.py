"""Who may draw where, and by which words: the one gate that everything passes that is drawn.

A job is stored with a `Claim`, and `admit` alone gives one. What can be said before pictures are
fetched and models asked, `require_welcome` and `require_words` say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.desk import Appeal
from bot.domain.errors import BlockedWords, NotAllowed
from bot.domain.grounds import Banned, BlockedWord, Ground, TimedOut
from bot.domain.job import Job
from bot.domain.language import _, spoken
from bot.domain.moderation import ServerRules, WordKind
from bot.domain.people import Account, Asker, Origin
from bot.domain.prompt import Prompt
from bot.domain.prompt.prompt import Reading
from bot.domain.quota import Claim
from bot.domain.request import GenerationRequest
from bot.service.clemency import Clemency
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
        screening: Screening, clemency: Clemency,
    ) -> None:  # fmt: skip
        self._rules = rules
        self._levers = levers
        self._screening = screening
        self._rulebook = rulebook
        self._conduct = conduct
        self._clemency = clemency

    async def admit(self, plan: Plan) -> Claim:
        """What counts for whoever wants this drawn. Raises NotAllowed where they may not have
        anything drawn there or from such pictures, BlockedWords for what they want, OutOfCredits
        where drawing in direct messages is switched off, Draining while nothing new is begun."""
        self.require_open(plan.origin)
        claim = self._rules.admit(plan.asker, plan.origin)
        await self.require_welcome(plan.asker, plan.origin)
        own = _fresh((each.prompt for each in plan.requests), plan.parent)
        permit = await self._require(plan.asker, plan.origin, own, counts=True)
        drawn = [text for each in plan.requests for text in _words(each.drawn) if text not in own]
        later = await self._require(plan.asker, plan.origin, drawn, counts=False, within=permit)
        await self._screening.require(plan)
        used = permit or later
        return replace(claim, permit=used.id) if used else claim

    def require_open(self, origin: Origin) -> None:
        """Raises Draining while nothing new is begun, and NotAllowed for a server that is
        blocked."""
        self._levers.require_open(origin.guild)

    async def require_tolerated(self, asker: Asker, origin: Origin) -> None:
        """Raises NotAllowed for who is banned, or a server that is blocked."""
        self._levers.require_served(origin.guild)
        await self._require_good(asker, origin)

    async def require_welcome(self, asker: Asker, origin: Origin) -> None:
        """Raises NotAllowed for who may not have anything drawn there, or not now."""
        self._rules.require_served(origin.guild)
        await self._require_good(asker, origin)
        if origin.guild != DIRECT:
            _require_place((await self._rulebook.of(origin.guild)).rules, asker, origin)

    async def require_words(
        self, asker: Asker, origin: Origin, readings: Iterable[Reading],
        parent: Job | None = None, besides: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """Raises BlockedWords for what somebody typed, under a `parent` or with texts `besides`."""
        texts = [*_fresh((each.prompt for each in readings), parent), *besides]
        await self._require(asker, origin, texts, counts=True)

    async def require_showable(
        self, asker: Asker, origin: Origin, request: GenerationRequest
    ) -> None:
        """Raises BlockedWords where nothing is shown that is drawn by such words; they are not
        those of who asks."""
        await self._require(asker, origin, _words(request.drawn), counts=False)

    async def _require(
        self, asker: Asker, origin: Origin, texts: Sequence[str], *, counts: bool,
        within: Appeal | None = None,
    ) -> Appeal | None:  # fmt: skip
        """Several refusals that `counts` lead to a time-out: not those of words of others. What
        lets them pass all the same, if anything has to; what does so `within` texts is known."""
        several = [*dict.fromkeys(filter(None, texts))]
        found = await self._rulebook.found(origin.guild, several, origin.age_restricted)
        if found is None:
            return None
        own = not await self._rulebook.operators(origin.guild, several)
        if own and (permit := await self._permit(asker, origin, several, within)):
            return permit
        log.info("a prompt of %d was refused on server %d", asker.user, origin.guild)
        ends = await self._counted(asker, origin) if counts else 0.0
        ground = _blocked(found, ends)
        refusal = BlockedWords(ground.said())
        if own:
            refusal.appeal = await self._clemency.offer(asker, origin, ground, tuple(several))
        raise refusal

    async def _permit(
        self, asker: Asker, origin: Origin, texts: Sequence[str], within: Appeal | None
    ) -> Appeal | None:
        """An appeal by which nothing is left in these that is not drawn there."""
        permits = await self._clemency.permits(_account(asker, origin)) if not within else [within]
        for permit in permits:
            left = [permit.left_of(text, within is not None) for text in texts]
            rest = [*filter(None, left)]
            if await self._rulebook.found(origin.guild, rest, origin.age_restricted) is None:
                return permit
        return None

    async def _require_good(self, asker: Asker, origin: Origin) -> None:
        ground = _unwelcome(await self._conduct.of(_account(asker, origin)))
        if ground is not None:
            refusal = NotAllowed(ground.said())
            refusal.appeal = await self._clemency.offer(asker, origin, ground)
            raise refusal

    async def _counted(self, asker: Asker, origin: Origin) -> float:
        rule = (await self._rulebook.of(origin.guild)).rules.timeout
        return await self._conduct.refused(_account(asker, origin), rule)


def _fresh(prompts: Iterable[Prompt], parent: Job | None) -> list[str]:
    """The texts that somebody brought: who presses a button under old ones did not."""
    before = _words(parent.request.prompt) if parent else ()
    return [text for each in prompts for text in _words(each) if text not in before]


def _words(prompt: Prompt) -> tuple[str, ...]:
    """What a prompt is drawn by, each of the texts in which a phrase may stand."""
    return (prompt.text, *prompt.get("no", ()))


def _blocked(found: Finding, ends: float) -> BlockedWord:
    if found.operators:
        return BlockedWord(found.word, "operator", ends)
    return BlockedWord(found.word, "adult" if found.kind is WordKind.ADULT else "server", ends)


def _account(asker: Asker, origin: Origin) -> Account:
    return Account(origin.guild, asker.user)


def _unwelcome(standing: Standing) -> Ground | None:
    if standing.ban is not None:
        return Banned(standing.ban.ends_at, standing.ban.reason)
    return TimedOut(standing.timeout_ends) if standing.timeout_ends else None


def _require_place(rules: ServerRules, asker: Asker, origin: Origin) -> None:
    if rules.channels and not rules.channels & origin.places:
        raise NotAllowed(
            _("Nothing is drawn here on this server but in {channels}.",
              channels=_listed("#", rules.channels))
        )  # fmt: skip
    # Who can change it is let in by it.
    if rules.roles and not rules.roles & asker.roles and not asker.admin:
        raise NotAllowed(
            _("On this server only {roles} may draw.", roles=_listed("@&", rules.roles))
        )


def _listed(sign: str, ids: Iterable[int]) -> str:
    named = [f"<{sign}{each}>" for each in sorted(ids)]
    # Translators: the last of a list of channels or roles.
    shown = named if len(named) <= _NAMED else [*named[: _NAMED - 1], _("others")]
    return spoken().listed(shown)
