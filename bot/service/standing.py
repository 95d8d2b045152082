"""What of a job that is there anything may be made of."""

from __future__ import annotations

import logging

from bot.domain import erasure
from bot.domain.action import Action, Kind
from bot.domain.errors import NotFound, new_reference
from bot.domain.job import Job
from bot.domain.language import N_, _

log = logging.getLogger(__name__)

DELETED = N_("The words of this were deleted by who wrote them, so nothing more is made of it.")


def usable(job: Job, action: Action) -> Job:
    """The job itself. Raises NotFound for one that cannot be read, or that lost its words, of which
    pictures can be taken out still, if there are any."""
    if erasure.erased(job.request) and (
        job.request.kind is Kind.LOST or action is not Action.UPSCALE
    ):
        raise NotFound(_(DELETED))
    if job.request.kind is not Kind.LOST:
        return job
    if job.deleted:
        raise NotFound(
            _("Who asked for this deleted it, so nothing can be drawn from it any more.")
        )
    reference = new_reference()
    why = dict(job.request.extra)["unreadable"]
    log.error("reference %s: the request of job %s cannot be read: %s", reference, job.id, why)
    raise NotFound(
        _(
            "This job was asked of another version of Easel and cannot be read any more (reference"
            " `{reference}`).",
            reference=reference,
        )
    )
