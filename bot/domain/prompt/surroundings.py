"""What people paste together with a prompt: the command, the echo of a bot, marks around all."""

from __future__ import annotations

import re

from bot.domain.prompt.marks import unquoted

_COMMAND = re.compile(
    r"""\A[*_`\s]*
    (?: /imagine\b (?:[\s_]*prompt\b)? | imagine\s+prompt\b | prompt(?=\s*[:\uff1a]) )
    [*_`\s]* [:\uff1a]? [*_`\s]*""",
    re.IGNORECASE | re.VERBOSE,
)
_ECHO = re.compile(
    r"""(?: \A\*\*(?P<bold>.+?)\*\* | \A(?P<plain>.+?) )
    \s+ [-\u2013\u2014] \s+
    (?: [^*<@\n]{0,60}? ) (?: <@[!&]?\d+> | @[^\s()]+ | @[^()\n]{1,40}(?=\() )
    (?: \s* (?:\([^()]*\)|\[[^\[\]]*\]) (?:\(<?https?://[^\s()]+\))? )* \s* \Z""",
    re.DOTALL | re.VERBOSE,
)
_JOB = re.compile(
    r"\s*\**job\s+id\**\s*:?\s*\**\s*[0-9a-f-]{32,36}(?:\s*\**seed\**\s*:?\s*\d+)?\s*\Z",
    re.IGNORECASE,
)


def bare(source: str) -> str:
    """The prompt alone."""
    while (inner := _stripped(source)) != source:
        source = inner
    return source


def _stripped(source: str) -> str:
    source = _JOB.sub("", _COMMAND.sub("", unquoted(source)))
    # Long texts without the mark of an echo are not searched for one.
    if "@" in source[-400:] and (echo := _ECHO.match(source)):
        source = echo["bold"] or echo["plain"]
    return source
