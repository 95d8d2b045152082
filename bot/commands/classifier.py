"""What `easel check` says of the check of pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from bot.app import unchecked
from bot.commands.finding import Finding
from bot.domain.errors import StoreUnavailable
from bot.models import classifier
from bot.service.errand import Errands
from bot.settings import Settings

PATIENCE_S = 600.0
"""A named one may have to be downloaded."""


async def look(settings: Settings) -> AsyncIterator[Finding]:
    """It has to say something of a picture. Where the one in the box is not installed that is no
    fault, but nothing that an operator should miss."""
    named = settings.safety_model
    if classifier.is_off(named):
        yield Finding(None, "SAFETY_MODEL is off: pictures are not checked")
        return
    if why := await asyncio.to_thread(unchecked, settings):
        yield Finding(False if named else None, why)
        return
    begun = time.monotonic()
    order = {
        "safety": named, "safety_labels": list(settings.safety_labels),
        "cache_dir": settings.model_cache, "token": settings.hf_token.reveal(),
    }  # fmt: skip
    try:
        async with Errands() as errands:
            said = await errands.run("bot.worker.verdict", order, PATIENCE_S)
    except StoreUnavailable as trouble:
        said = {"error": f"It cannot be tried out ({trouble})."}
    if "error" in said:
        yield Finding(False, f"Pictures are not checked: {said['error']}")
        return
    took = time.monotonic() - begun
    name = f"SAFETY_MODEL {named}" if named else "the classifier in the box"
    yield Finding(True, f"{name} looked at a picture in {took:.1f} s; unsafe: {settings.safety}")
