"""Asking twice: what is more than one grid, or costs more, is drawn once its price was agreed to.

What is drawn then is the plan that was shown, never a new reading of what was typed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from bot.domain.errors import NotAllowed, NotFound
from bot.domain.job import JobStatus
from bot.domain.language import _
from bot.domain.people import Asker, Origin
from bot.domain.proposal import FORGOTTEN, Proposal
from bot.service.admission import Admission
from bot.service.plan import Plan
from bot.service.rules import Rules
from bot.storage.proposals import ProposalRepository

LIVES_S = 86_400.0
"""How long a proposal may be answered."""


class Proposals:
    """Plans that wait for a yes. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        proposals: ProposalRepository,
        rules: Rules,
        admission: Admission,
        clock: Callable[[], float],
    ) -> None:
        self._proposals = proposals
        self._rules = rules
        self._admission = admission
        self._clock = clock

    async def propose(self, plan: Plan) -> str:
        """Ask for a yes to a plan, of which nothing else is stored; the id of the proposal.

        Raises OutOfCredits, QueueFull, NotAllowed and BlockedWords: what would be refused is not
        proposed.
        """
        claim, now = await self._admission.admit(plan), self._clock()
        proposal = Proposal(
            uuid.uuid4().hex, plan.origin, plan.asker.user, plan.requests, plan.prices, now,
            parent=plan.parent and plan.parent.id, waived=plan.waived,
        )  # fmt: skip
        jobs = plan.jobs(now, JobStatus.WAITING)
        await self._proposals.add(proposal, jobs, claim, self._rules.queue_limit)
        return proposal.id

    async def open(self, asker: Asker, origin: Origin, id: str) -> Proposal:
        """One that its owner may answer. Raises NotFound for one that is too old or was answered,
        NotAllowed for somebody else's."""
        proposal = await self._proposals.get(id)
        if proposal is None or proposal.origin.guild != origin.guild:
            raise NotFound(_(FORGOTTEN))
        if proposal.user != asker.user:
            raise NotAllowed(_("Only the person who asked for this can say whether it is drawn."))
        if self._clock() - proposal.created_at > LIVES_S:
            raise NotFound(_(FORGOTTEN))
        proposal.require_open()
        return proposal

    async def leave(self, asker: Asker, origin: Origin, id: str) -> None:
        """It will not be drawn. Raises as `open` does."""
        await self.open(asker, origin, id)
        await self._proposals.leave(id)

    async def housekeeping(self) -> None:
        """Forget what nobody may answer any more."""
        await self._proposals.forget(self._clock() - LIVES_S)
