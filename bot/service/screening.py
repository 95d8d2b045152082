"""Pictures that people send, checked before anything is drawn from them or charged.

What they are for is not known here, nor how a check is done: a worker that nobody reaches lets no
picture pass.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence

from bot.domain.errors import NotAllowed, Unable
from bot.domain.language import N_, _
from bot.domain.people import Account, Origin
from bot.domain.safety import SafetyPolicy, Score, Stance, Verdict
from bot.engine.seam import SCORES, Question
from bot.service.answers import Answers
from bot.service.plan import Plan
from bot.storage.blobs import Blobs
from bot.storage.safety import SafetyRepository

log = logging.getLogger(__name__)

STOPPED = N_(
    "The picture check stopped a picture that you sent, so nothing was drawn or charged; send"
    " another one."
)
BLIND = N_(
    "Only checked pictures are shown here, and none can be checked just now: that is my operator's"
    " to mend."
)
_DOING = N_("checking your picture")
_TOLD = ("bad_input", "model_missing")


class Screening:
    """By the policy that holds where something is asked for."""

    def __init__(
        self, answers: Answers, blobs: Blobs, settings: SafetyRepository, stance: Stance
    ) -> None:
        self._answers = answers
        self._blobs = blobs
        self._settings = settings
        self.stance = stance

    async def policy(self, origin: Origin) -> SafetyPolicy:
        """What holds there now."""
        if not self.stance.cares:
            return SafetyPolicy()
        setting = await self._settings.setting(origin.guild)
        return self.stance.effective(setting).at(origin.age_restricted)

    async def require(self, plan: Plan) -> None:
        """What is planned may be drawn. Raises NotAllowed for a picture that may not be used there,
        and Unable where nothing can be checked."""
        origin, owner = plan.origin, Account(plan.origin.guild, plan.asker.user)
        if not self.stance.checked and (await self.policy(origin)).blocks:
            raise Unable(_(BLIND))
        sent = {
            each.digest
            for request in plan.requests
            for each in request.inputs
            if each.tile is None and each.digest
        }
        await self.vet(sorted(sent), owner, origin)

    async def vet(self, digests: Sequence[str], owner: Account, origin: Origin) -> None:
        """These kept files may be used there; what is known of each from then on is what becomes of
        what is made from it. Raises as `require` does."""
        if not digests:
            return
        policy = await self.policy(origin)
        if not policy.looks:
            return
        scores = await self._known(digests)
        if policy.blocks and (bad := [one for one in digests if scores[one] >= policy.threshold]):
            await self._forget(bad, owner)
            log.info("%d pictures of %d were stopped", len(bad), owner.user)
            raise NotAllowed(_(STOPPED))

    async def blended(self, blend: str, parts: Iterable[str]) -> None:
        """A kept file is laid over from these: it counts as what is worst among them."""
        known = [each for each in (await self._blobs.scores(parts)).values() if each is not None]
        if known:
            await self._blobs.rate({blend: max(known)})

    async def covers(self, picture: bytes, origin: Origin) -> bool:
        """Whether a picture that is shown there, and not kept, is a spoiler. Raises as `require`
        does."""
        policy = await self.policy(origin)
        if not policy.looks:
            return False
        verdict = policy.verdict([await self._asked(picture)])
        if verdict.refused:
            raise NotAllowed(_(STOPPED))
        return verdict is Verdict.COVERED

    async def score(self, picture: bytes, origin: Origin) -> Score:
        """How likely a picture is unsafe, where that matters; None where nobody can say it now."""
        try:
            return await self._asked(picture) if (await self.policy(origin)).looks else None
        except Unable as error:
            log.info("a picture was not looked at: %s", error)
            return None

    async def _forget(self, digests: Iterable[str], owner: Account) -> None:
        try:
            for digest in digests:
                await self._blobs.reject(digest, owner)
        except OSError as error:
            log.warning("a picture that was stopped stays until nobody uses it: %s", error)

    async def _known(self, digests: Collection[str]) -> dict[str, float]:
        """Their scores, of which those that are not known are asked for."""
        scores = await self._blobs.scores(digests)
        fresh: dict[str, float] = {}
        for digest in digests:
            if scores.get(digest) is None and (data := await self._blobs.read(digest)):
                fresh[digest] = await self._asked(data)
        await self._blobs.rate(fresh)
        known = {digest: score for digest, score in scores.items() if score is not None}
        return dict.fromkeys(digests, 0.0) | known | fresh

    async def _asked(self, picture: bytes) -> float:
        question = Question(SCORES, "", {}, (picture,))
        (score,) = (await self._answers.to(question, _DOING, _TOLD))["scores"]
        return float(score)
