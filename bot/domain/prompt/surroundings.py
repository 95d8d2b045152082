"""What people paste together with a prompt: the command, the echo of a bot, marks around all."""

from __future__ import annotations

import re

from bot.domain.prompt.marks import unquoted

TAIL = 400
"""Characters in which the end of an echo is looked for."""
LAYERS = 8
"""Of what is around a prompt."""

_COMMAND = re.compile(
    r"""\A(?: [*_`\s]*
    (?: /imagine\b (?:[\s_]*prompt\b)? | imagine\s+prompt\b | prompt(?=\s*[:\uff1a]) )
    [*_`\s]* [:\uff1a]? [*_`\s]* )+""",
    re.IGNORECASE | re.VERBOSE,
)
# `** - <@1> (fast)`, `- Image #2 @Mia`, with or without links and modes behind. A name without a
# number may be an artist's, so that stands alone or behind what a bot says: "photo by @them" stays.
_ECHO = re.compile(
    r"""\s [-\u2013\u2014] \s+
    (?: [^*<@\n]{0,60} <@[!&]?\d+>
    | (?: (?:Image\ \#\d|Variations|Upscaled|Uplight|Remix|Zoom|Pan|Make|Edit)\b[^*<@\n]{0,50} )?
      (?: @[^\s()]+ | @[^()\n]{1,40}(?=\() ) )
    (?: \s* (?:\([^()]*\)|\[[^\[\]]*\]) (?:\(<?https?://[^\s()]+\))? )* \s* \Z""",
    re.VERBOSE,
)
_JOB = re.compile(
    r"\**job\s+id\**\s*:?\s*\**\s*[0-9a-f-]{32,36}(?:\s*\**seed\**\s*:?\s*\d+)?\s*\Z",
    re.IGNORECASE,
)
_BEHIND = {"job": _JOB, "@": _ECHO}
"""What is there in each of them."""


def bare(source: str) -> str:
    """The prompt alone, out of `LAYERS` at most."""
    for _ in range(LAYERS):
        if (inner := _stripped(source)) == source:
            break
        source = inner
    return source


def _stripped(source: str) -> str:
    source = _COMMAND.sub("", unquoted(source))
    for mark, behind in _BEHIND.items():
        if mark not in source[-TAIL:].lower():
            continue  # as in most prompts: that is known 20 times as fast
        if match := behind.search(source, max(0, len(source) - TAIL)):
            source = source[: match.start()].rstrip()
    if source.startswith("**") and source.endswith("**"):
        return unquoted(source)
    return source
