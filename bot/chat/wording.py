"""What messages say: from jobs and updates to text. Pure; the only colour and wording of jobs."""

from __future__ import annotations

import collections
import math
import textwrap
from collections.abc import Iterable, Sequence

from bot.domain import action
from bot.domain.action import ACTIONS
from bot.domain.delivery import GivenUp, Kind
from bot.domain.job import Job, JobStatus, JobUpdate
from bot.domain.links import brief
from bot.domain.request import GenerationRequest
from bot.domain.speed import Speed
from bot.domain.usual import hidden
from bot.domain.vocabulary import Vocabulary

CONTENT_LIMIT = 2000
FIELD_LIMIT = 1024
DESCRIPTION_LIMIT = 4000
# Enough for every suffix below, an estimate and a failure's sentence included.
_SUFFIX_ROOM = 520
NOTE_LIMIT = 200
_SPECIAL = frozenset("\\`*_~|<>[]()#@:")


def escape(text: str) -> str:
    """Text that Discord shows as typed: no formatting, mention, emoji or link."""
    return "".join("\\" + char if char in _SPECIAL else char for char in text)


def cut(text: str, limit: int = DESCRIPTION_LIMIT) -> str:
    """As many whole lines as there is room for."""
    return text if len(text) <= limit else text[: limit - 2].rpartition("\n")[0] + "\n…"


def quoted(text: str, room: int = CONTENT_LIMIT - _SUFFIX_ROOM) -> str:
    """The bold, escaped text in at most `room` characters."""
    return f"**{shortened(text, room - 4)}**"


def shortened(text: str, room: int) -> str:
    """The escaped text in at most `room` characters."""
    escaped = escape(text)
    if len(escaped) <= room:
        return escaped
    kept = text
    while len(escaped) + 1 > room:
        kept = kept[: len(kept) - max(1, (len(escaped) + 1 - room) // 2)]
        escaped = escape(kept)
    return f"{escaped}…"


def mode(request: GenerationRequest) -> str:
    """` (turbo)`, ` (relaxed, stealth)`; nothing of what is usual."""
    said = [Speed.of(request.extra).mode, "stealth" if hidden(request.extra) else ""]
    shown = ", ".join(filter(None, said))
    return f" ({shown})" if shown and request.kind is action.Kind.DRAW else ""


def headline(job: Job) -> str:
    """`**prompt** - <@user> (turbo)`, with what was done to it for children of other jobs."""
    return _head(job) + mode(job.request)


def _head(job: Job) -> str:
    caption = ACTIONS[job.action].caption(job.request)
    who = f"{caption} <@{job.user}>" if caption else f"<@{job.user}>"
    return f"{quoted(brief(str(job.request.prompt)))} - {who}"


def progress(update: JobUpdate) -> str:
    """The text of the message that shows a job's way."""
    head, speed = _head(update.job), mode(update.job.request)
    match update.job.status:
        case JobStatus.FAILED if update.job.failure is not None:
            return f"{head}\n⚠️ {update.job.failure} Nothing was charged."
        case JobStatus.FAILED:
            return f"{head}\n⚠️ This could not be drawn. Nothing was charged."
        case JobStatus.CANCELLED:
            return f"{head} (Stopped)"
        case JobStatus.SUCCEEDED:
            return f"{head} (100%){speed}"
        case _:
            pass
    if update.job.attempt and update.position is None:
        if update.note:
            stage = f"{update.fraction:.0%}" if update.fraction else "Starting"
            return f"{head} ({stage}){speed}\n-# {_note(update)}"
        return f"{head} ({update.fraction:.0%}){speed}"
    return head + _waiting(update, speed)


def _note(update: JobUpdate) -> str:
    """What stands in the way, cut between words."""
    return escape(textwrap.shorten(update.note, NOTE_LIMIT, placeholder=" …"))


def announced(text: str, notice: str) -> str:
    """A message with what the operator wants everybody to know, if there is anything and room."""
    line = f"\n-# 📢 {escape(notice)}"
    return text + line if notice and len(text) + len(line) <= CONTENT_LIMIT else text


_GIVEN_UP = {
    GivenUp.REFUSED: "It is drawn, but I may not post it here any more; `/show` brings it to you.",
    GivenUp.TOO_LARGE: "It is drawn, but even its smallest file is too large to be uploaded here.",
    GivenUp.GONE: "It was drawn, but its pictures were cleared away before they could be posted.",
    GivenUp.WITHDRAWN: "It was withdrawn.",
}


def given_up(job: Job, why: GivenUp) -> str:
    """The text of a message about a result that is not posted."""
    return f"{headline(job)}\n⚠️ {_GIVEN_UP[why]}"


_NO_COPIES = (
    "You take no direct messages, so your results come where you ask for them alone; once you do,"
    " `/prefer auto_dm` has them come by direct message, too."
)


def untold(kinds: Iterable[Kind]) -> str:
    """What somebody is told later of what could not be brought to them."""
    count = collections.Counter(kinds)
    said = [_NO_COPIES] if count[Kind.DM] else []
    results = count[Kind.RESULT]
    if results == 1:
        said += ["A result of yours could not be brought to you; `/show` brings it, to you alone."]
    elif results:
        said += [f"{results} results of yours could not be brought to you; `/show` brings them."]
    return "\n".join(f"⚠️ {sentence}" for sentence in said)


def _waiting(update: JobUpdate, speed: str) -> str:
    line = f" (Waiting to start){speed}"
    details = []
    if update.position is not None:
        details.append(place(update.position))
    if update.wait_s is not None:
        details.append(f"about {duration(update.wait_s)}")
    if update.note:
        details.append(_note(update))
    return line + ("\n-# " + ", ".join(details) if details else "")


def hint(unknown: Sequence[str], vocabulary: Vocabulary) -> str:
    """What a small model passed over in a prompt, and what it knows instead."""
    shown = [f"**{escape(word[:40])}**" for word in unknown[:8]]
    passed = _listed([*shown, *(["more"] if len(unknown) > len(shown) else [])])
    return (
        f"This model is small and passes over words that it was not taught: here {passed}. It knows"
        f" {len(vocabulary.objects)} things ({', '.join(vocabulary.objects[:6])} …), places such as"
        f" the {_listed(vocabulary.scenes[:3])}, and styles such as"
        f" {_listed(vocabulary.styles[-3:])}. `/help` lists them all; I say this only once."
    )


def words(vocabulary: Vocabulary, room: int = FIELD_LIMIT) -> str:
    """All that a small model knows, in at most `room` characters."""
    places = f"**Places:** {', '.join(vocabulary.scenes)}"
    styles = f"**Styles:** {', '.join(vocabulary.styles)}"
    left = room - len(places) - len(styles) - len("**Things:** \n\n …")
    things = ", ".join(vocabulary.objects)
    if len(things) > left:
        things = things[: things.rfind(",", 0, left)] + " …"
    return f"**Things:** {things}\n{places}\n{styles}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def link(guild: int, channel: int, message: int) -> str:
    """The address of a message; guild 0 is direct messages."""
    return f"https://discord.com/channels/{guild or '@me'}/{channel}/{message}"


def place(position: int) -> str:
    """How far somebody has come who waits."""
    return "next in line" if position == 1 else f"{ordinal(position)} in line"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th …"""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def duration(seconds: float) -> str:
    """A rounded estimate for people: 5 s, 40 s, 3 min, 2 h."""
    if seconds < 60:
        return f"{max(5, 5 * math.ceil(seconds / 5))} s"
    if seconds < 3600:
        return f"{math.ceil(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
