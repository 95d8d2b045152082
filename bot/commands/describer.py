"""What `easel check` says of the model that describes pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bot.commands.finding import Finding
from bot.domain.errors import StoreUnavailable
from bot.models import describer
from bot.models.facts import UnfitFile
from bot.service.errand import Errands
from bot.settings import Settings

PATIENCE_S = 300.0


def _boxed() -> Finding:
    try:
        describer.require_whole(describer.BOX)
    except UnfitFile:
        return Finding(None, "the box holds no model for /describe: name one in DESCRIBE_MODEL")
    return Finding(True, "the small model in the box, which knows what the embedded one draws")


async def look(settings: Settings) -> AsyncIterator[Finding]:
    """The box's is known; an operator's has to say what a picture shows."""
    folder = settings.describe_model
    if not folder:
        yield _boxed()
        return
    what = f"DESCRIBE_MODEL {folder}"
    try:
        kind = await asyncio.to_thread(describer.require_whole, Path(folder))
    except UnfitFile as unfit:
        yield Finding(False, f"{what} {unfit}.")
        return
    begun = time.monotonic()
    try:
        async with Errands() as errands:
            said = await errands.run("bot.worker.trial", folder, PATIENCE_S)
    except StoreUnavailable as trouble:
        said = {"error": f"It cannot be tried out ({trouble})."}
    if "error" in said:
        yield Finding(False, f"{what}: {said['error']}")
    else:
        took = time.monotonic() - begun
        yield Finding(
            True, f"{what}, {describer.KINDS[kind]}, said what a picture shows in {took:.1f} s"
        )
