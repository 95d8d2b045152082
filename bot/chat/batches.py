"""What is said of several grids at once: the price before, one message for all of them, the end.

Pure, like `bot.chat.wording`, which speaks of jobs one by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from bot.chat import wording
from bot.domain import upscaling
from bot.domain.batch import BatchUpdate, Progress
from bot.domain.job import JobStatus
from bot.domain.language import N_, _, counted, spoken
from bot.domain.links import brief
from bot.domain.request import GenerationRequest
from bot.service.plan import Plan

LISTED = 5
"""Prompts that are named in an offer."""
SENTENCES = 3
"""Different reasons that are named when several grids failed."""
_PROMPT_ROOM = 240
_WARNINGS_ROOM = 500


def progress(update: Progress, notice: str = "") -> str:
    """The text of the message that shows the way of a job, or of several, with the operator's
    notice."""
    if not isinstance(update, BatchUpdate):
        return wording.announced(wording.progress(update), notice)
    lines = [_headline(update), _counts(update), *_failures(update), *_unposted(update)]
    if not update.finished and (details := _details(update)):
        lines.append(f"-# {details}")
    return wording.announced("\n".join(lines), notice)


def offer(plan: Plan) -> str:
    """What would be drawn, and what it costs."""
    runs = [
        (len(list(same)), prompt)
        for prompt, same in itertools.groupby(_shown(str(each.prompt)) for each in plan.requests)
    ]
    listed = [f"{f'{times} × ' if times > 1 else ''}{prompt}" for times, prompt in runs[:LISTED]]
    left = sum(times for times, _ in runs[LISTED:])
    lines = [_("This draws {price}:", price=price(plan)), *(f"- {each}" for each in listed)]
    if left:
        lines.append("- " + counted("and {n} more", "and {n} more", left))
    return "\n".join([*lines, *_within(plan.warnings, _WARNINGS_ROOM)])


def price(plan: Plan) -> str:
    """How many grids for how many credits."""
    credits = counted("{n} credit", "{n} credits", plan.price)
    return _("**{pictures} for {price}**", pictures=_drawn(plan.requests), price=credits)


def begun(requests: Sequence[GenerationRequest]) -> str:
    """What an offer says once it was taken."""
    return _("Asked for: {pictures}.", pictures=_drawn(requests))


def _drawn(requests: Sequence[GenerationRequest]) -> str:
    """How many grids, or what picture."""
    if upscaling.of(requests[0]):
        return _("a picture of {size}", size=requests[0].size)
    return counted("{n} grid", "{n} grids", len(requests))


LEFT = N_("Left. Nothing is drawn, and nothing was charged.")


def _shown(prompt: str) -> str:
    return wording.quoted(brief(prompt), _PROMPT_ROOM)


def _within(warnings: Sequence[str], room: int) -> list[str]:
    """As many as there is room for."""
    lines = [f"⚠️ {sentence}" for sentence in warnings]
    sizes = itertools.accumulate(map(len, lines))
    return [line for line, size in zip(lines, sizes, strict=True) if size <= room]


def _headline(update: BatchUpdate) -> str:
    first, *others = (str(each.job.request.prompt) for each in update.updates)
    more = (
        counted("{n} time", "{n} times", len(others) + 1)
        if set(others) == {first}
        else counted("and {n} more", "and {n} more", len(others))
    )
    modes = {wording.mode(each.job.request) for each in update.updates}
    mode = modes.pop() if len(modes) == 1 else ""
    return f"{wording.quoted(brief(first), 2 * _PROMPT_ROOM)} {more} - <@{update.job.user}>{mode}"


def _counts(update: BatchUpdate) -> str:
    drawn = counted(
        "{done} of {n} grid drawn", "{done} of {n} grids drawn", len(update.updates),
        done=update.count(JobStatus.SUCCEEDED),
    )  # fmt: skip
    running, waiting = update.count(JobStatus.RUNNING), update.count(JobStatus.WAITING)
    failed, stopped = update.count(JobStatus.FAILED), update.count(JobStatus.CANCELLED)
    others = [
        counted("{n} being drawn", "{n} being drawn", running) if running else "",
        counted("{n} waiting", "{n} waiting", waiting) if waiting else "",
        counted("{n} failed", "{n} failed", failed) if failed else "",
        counted("{n} stopped", "{n} stopped", stopped) if stopped else "",
    ]
    return ", ".join(filter(None, [drawn, *others]))


def _details(update: BatchUpdate) -> str:
    """How far the pictures are that are being drawn, and how long the others wait."""
    under_way = [spoken().percent(each.fraction) for each in update.of(JobStatus.RUNNING)]
    details = [", ".join(under_way)] if under_way else []
    if update.position is not None:
        details.append(wording.place(update.position))
    if update.wait_s is not None:
        wait = wording.duration(update.wait_s)
        details.append(_("the last begins in about {duration}", duration=wait))
    if update.note:
        details.append(wording.escape(wording.noted(update.note)[:200]))
    return "; ".join(details)


def _failures(update: BatchUpdate) -> list[str]:
    """Each reason once, with the reference of the first grid that it kept from being drawn."""
    reasons: dict[str, str] = {}
    for each in update.of(JobStatus.FAILED):
        if failure := each.job.failure:
            reasons.setdefault(failure.sentence, wording.failure(failure, each.job.request))
    said = (_("{failure} Nothing was charged for it.", failure=each) for each in reasons.values())
    return [f"⚠️ {each}" for each in said][:SENTENCES]


def _unposted(update: BatchUpdate) -> list[str]:
    if not update.unposted:
        return []
    said = counted(
        "{n} of them could not be posted here; `/show` brings what is there.",
        "{n} of them could not be posted here; `/show` brings what is there.",
        update.unposted,
    )
    return [f"⚠️ {said}"]
