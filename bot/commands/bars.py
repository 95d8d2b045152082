"""Bars on standard error, for a person at a terminal; nothing where nobody watches."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress, ProgressColumn


def bar(*columns: ProgressColumn) -> Progress:
    """Shown while its block lasts; `disable` says that it is not."""
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
