"""What to say of an error from a library: its innermost cause, in one line, without paths.

What is said here reaches strangers in a channel; the log has everything.
"""

from __future__ import annotations

import re

# At least two folders deep, and no part of a web address.
_FOLDERS = re.compile(r"(?<![\w:/])(?:~|[A-Za-z]:)?(?:[/\\][^\s/\\'\":,()]+)*[/\\](?=[^\s/\\])")
_LONGEST = 300


def cause(error: BaseException) -> str:
    """The first line of the innermost error: the outer ones only say that something failed."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return one_line(error)


def one_line(error: BaseException) -> str:
    """The first line of an error, or its name where it says nothing."""
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    return without_folders(text).rstrip(".")[:_LONGEST]


def without_folders(text: str) -> str:
    """`text` with every path cut down to its last part."""
    return _FOLDERS.sub("", text)
