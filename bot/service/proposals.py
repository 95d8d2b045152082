"""Asking twice: what is more than one grid, or costs more, is drawn once its price was agreed to.

What is drawn then is the plan that was shown, never a new reading of what was typed.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.errors import NotAllowed, NotFound
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker, Origin
from bot.domain.proposal import FORGOTTEN, Proposal
from bot.service.drawing import Drawings
from bot.service.plan import Plan
from bot.service.planning import NOTHING, Planner
from bot.service.references import Attached
from bot.service.rules import Rules
from bot.storage.proposals import ProposalRepository

LIVES_S = 86_400.0
"""How long a proposal may be answered."""


@dataclass(frozen=True)
class Asked:
    """What came of a typed prompt: a `job` that is queued, or None and the id of a `proposal`."""

    plan: Plan
    job: Job | None
    proposal: str = ""


class Proposals:
    """Plans that wait for a yes. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self, proposals: ProposalRepository, planner: Planner, drawings: Drawings, rules: Rules,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._proposals = proposals
        self._planner = planner
        self._drawings = drawings
        self._rules = rules
        self._clock = clock

    async def ask(
        self, asker: Asker, origin: Origin, text: str, attached: Attached = NOTHING,
    ) -> Asked:  # fmt: skip
        """One grid at the price of one is queued; of more nothing is stored but the proposal.

        Raises what `Drawings.plan` and `submit` do: what would be refused is not proposed.
        """
        plan = await self._drawings.plan(asker, origin, text, attached=attached)
        if plan.large:
            return Asked(plan, None, await self._propose(plan))
        (job,) = await self._drawings.submit(plan)
        return Asked(plan, job)

    async def draw(self, asker: Asker, origin: Origin, id: str) -> list[Job]:
        """Queue all of it, or nothing. Raises NotFound for one that is too old or was answered,
        NotAllowed for somebody else's, and what `Drawings.submit` does."""
        proposal = await self._open(asker, origin, id)
        for request in proposal.requests:
            self._planner.require_drawable(asker, origin, request)
        plan = Plan(asker, proposal.origin, proposal.requests, proposal.prices)
        return await self._drawings.submit(plan, proposal.id)

    async def leave(self, asker: Asker, origin: Origin, id: str) -> None:
        """It will not be drawn. Raises as `draw` does."""
        await self._open(asker, origin, id)
        await self._proposals.leave(id)

    async def housekeeping(self) -> None:
        """Forget what nobody may answer any more."""
        await self._proposals.forget(self._clock() - LIVES_S)

    async def _propose(self, plan: Plan) -> str:
        claim, now = self._rules.admit(plan.asker, plan.origin), self._clock()
        proposal = Proposal(
            uuid.uuid4().hex, plan.origin, plan.asker.user, plan.requests, plan.prices, now
        )
        jobs = plan.jobs(now, JobStatus.WAITING)
        await self._proposals.add(proposal, jobs, claim, self._rules.queue_limit)
        return proposal.id

    async def _open(self, asker: Asker, origin: Origin, id: str) -> Proposal:
        proposal = await self._proposals.get(id)
        if proposal is None or proposal.origin.guild != origin.guild:
            raise NotFound(FORGOTTEN)
        if proposal.user != asker.user:
            raise NotAllowed("Only the person who asked for this can say whether it is drawn.")
        if self._clock() - proposal.created_at > LIVES_S:
            raise NotFound(FORGOTTEN)
        proposal.require_open()
        return proposal
