"""What messages say: from jobs and updates to text. Pure; the only colour and wording of jobs."""

from __future__ import annotations

import collections
import math
import textwrap
from collections.abc import Iterable, Sequence

from bot.domain import action
from bot.domain.action import ACTIONS
from bot.domain.delivery import GivenUp, Kind
from bot.domain.job import NEEDS_MEMORY, Failure, Job, JobStatus, JobUpdate
from bot.domain.language import N_, _, counted, spoken
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


def person(user: int) -> str:
    """A mention, which shows somebody's name and pings nobody."""
    return f"<@{user}>"


def channel(id: int) -> str:
    """The same of a channel."""
    return f"<#{id}>"


def cut(text: str, limit: int = DESCRIPTION_LIMIT) -> str:
    """As many whole lines as there is room for, or what there is room for of the first."""
    if len(text) <= limit:
        return text
    whole = text[: limit - 1].rpartition("\n")[0]
    return f"{whole}\n…" if whole else within(text, limit)


def within(text: str, room: int) -> str:
    """At most `room` characters of what is written in one line."""
    return text if len(text) <= room else f"{text[: room - 1]}…"


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
    said = [Speed.of(request.extra).mode, _("stealth") if hidden(request.extra) else ""]
    shown = ", ".join(filter(None, said))
    return f" ({shown})" if shown and request.kind is action.Kind.DRAW else ""


def headline(job: Job) -> str:
    """`**prompt** - <@user> (turbo)`, with what was done to it for children of other jobs."""
    return _head(job) + mode(job.request)


def _head(job: Job) -> str:
    caption, who = ACTIONS[job.action].caption(job.request), f"<@{job.user}>"
    if caption and job.request.kind is action.Kind.EXTRACT:
        who = _("{picture} {person}", picture=caption, person=who)
    elif caption:
        # Translators: such as "Variations by Mia".
        who = _("{what} by {person}", what=caption, person=who)
    return f"{quoted(brief(str(job.request.prompt)))} - {who}"


def progress(update: JobUpdate) -> str:
    """The text of the message that shows a job's way."""
    head, speed = _head(update.job), mode(update.job.request)
    match update.job.status:
        case JobStatus.FAILED if update.job.failure is not None:
            failed = failure(update.job.failure, update.job.request)
            return f"{head}\n⚠️ " + _("{failure} Nothing was charged.", failure=failed)
        case JobStatus.FAILED:
            return f"{head}\n⚠️ " + _("This could not be drawn. Nothing was charged.")
        case JobStatus.CANCELLED:
            return head + _(" (Stopped)")
        case JobStatus.SUCCEEDED:
            return f"{head} ({spoken().percent(1)}){speed}"
        case _:
            pass
    if update.job.attempt and update.position is None:
        if update.note:
            stage = spoken().percent(update.fraction) if update.fraction else _("Starting")
            return f"{head} ({stage}){speed}\n-# {_note(update)}"
        return f"{head} ({spoken().percent(update.fraction)}){speed}"
    return head + _waiting(update, speed)


def failure(failed: Failure, request: GenerationRequest) -> str:
    """Why nothing was drawn, with the reference. It is stored as it was said in English."""
    said, sizes = failed.sentence, {"size": request.size, "smaller": failed.smaller}
    meant = (each for each in NEEDS_MEMORY if each.format(**sizes) == said)
    text = next((_(each, **sizes) for each in meant), "") or _(said)
    return _("{sentence} (reference `{reference}`)", sentence=text, reference=failed.reference)


_STAGES = (N_("loading {model}"), N_("making room for {model}"), N_("speeding up {model}"))
"""What workers say in English of what they do before they draw."""


def noted(note: str) -> str:
    """What stands in the way."""
    for each in _STAGES:
        begins = each.partition("{")[0]
        if note.startswith(begins):
            return _(each, model=note.removeprefix(begins))
    return _(note)


def _note(update: JobUpdate) -> str:
    """The same, cut between words."""
    return escape(textwrap.shorten(noted(update.note), NOTE_LIMIT, placeholder=" …"))


def announced(text: str, notice: str) -> str:
    """A message with what the operator wants everybody to know, if there is anything and room."""
    line = f"\n-# 📢 {escape(notice)}"
    return text + line if notice and len(text) + len(line) <= CONTENT_LIMIT else text


_GIVEN_UP = {
    GivenUp.REFUSED: N_(
        "It is drawn, but I may not post it here any more; `/show` brings it to you."
    ),
    GivenUp.TOO_LARGE: N_(
        "It is drawn, but even its smallest file is too large to be uploaded here."
    ),
    GivenUp.GONE: N_(
        "It was drawn, but its pictures were cleared away before they could be posted."
    ),
    GivenUp.WITHDRAWN: N_("It was withdrawn."),
}


def given_up(job: Job, why: GivenUp) -> str:
    """The text of a message about a result that is not posted."""
    return f"{headline(job)}\n⚠️ {_(_GIVEN_UP[why])}"


_NO_COPIES = N_(
    "You take no direct messages, so your results come where you ask for them alone; once you do,"
    " `/prefer auto_dm` has them come by direct message, too."
)


def untold(kinds: Iterable[Kind]) -> str:
    """What somebody is told later of what could not be brought to them."""
    count = collections.Counter(kinds)
    said = [_(_NO_COPIES)] if count[Kind.DM] else []
    results = count[Kind.RESULT]
    if results:
        said.append(
            counted(
                "A result of yours could not be brought to you; `/show` brings it, to you alone.",
                "{n} results of yours could not be brought to you; `/show` brings them.",
                results,
            )
        )
    return "\n".join(f"⚠️ {sentence}" for sentence in said)


def _waiting(update: JobUpdate, speed: str) -> str:
    line = _(" (Waiting to start)") + speed
    details = []
    if update.position is not None:
        details.append(place(update.position))
    if update.wait_s is not None:
        details.append(_("about {duration}", duration=duration(update.wait_s)))
    if update.note:
        details.append(_note(update))
    return line + ("\n-# " + ", ".join(details) if details else "")


def hint(unknown: Sequence[str], vocabulary: Vocabulary) -> str:
    """What a small model passed over in a prompt, and what it knows instead."""
    shown = [f"**{escape(word[:40])}**" for word in unknown[:8]]
    listed = spoken().listed
    passed = listed([*shown, *([_("more")] if len(unknown) > len(shown) else [])])
    return _(
        "This model is small and passes over words that it was not taught: here {passed}. It knows"
        " {count} things ({things} …), places such as"
        " the {places}, and styles such as"
        " {styles}. `/help` lists them all; I say this only once.",
        passed=passed,
        count=len(vocabulary.objects),
        things=", ".join(vocabulary.objects[:6]),
        places=listed(vocabulary.scenes[:3]),
        styles=listed(vocabulary.styles[-3:]),
    )


def words(vocabulary: Vocabulary, room: int = FIELD_LIMIT) -> str:
    """All that a small model knows, in at most `room` characters."""
    places = _("**Places:** {places}", places=", ".join(vocabulary.scenes))
    styles = _("**Styles:** {styles}", styles=", ".join(vocabulary.styles))
    left = room - len(places) - len(styles) - len(_("**Things:** {things}", things="")) - 4
    things = ", ".join(vocabulary.objects)
    if len(things) > left:
        things = things[: things.rfind(",", 0, left)] + " …"
    return "\n".join([_("**Things:** {things}", things=things), places, styles])


def link(guild: int, channel: int, message: int) -> str:
    """The address of a message; guild 0 is direct messages."""
    return f"https://discord.com/channels/{guild or '@me'}/{channel}/{message}"


def linked(text: str, address: str) -> str:
    """A text that leads to an address; nothing without one."""
    return f"[{text}]({address})" if address else ""


def place(position: int) -> str:
    """How far somebody has come who waits."""
    if position == 1:
        return _("next in line")
    # Translators: {number} is there for languages without a word such as "3rd".
    return _("{nth} in line", nth=ordinal(position), number=position)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th …"""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def duration(seconds: float) -> str:
    """A rounded estimate for people: 5 s, 40 s, 3 min, 2 h."""
    if seconds < 60:
        return _("{number} s", number=max(5, 5 * math.ceil(seconds / 5)))
    if seconds < 3600:
        return _("{number} min", number=math.ceil(seconds / 60))
    return _("{number} h", number=spoken().number(seconds / 3600, 1))
