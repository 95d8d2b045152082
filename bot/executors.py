"""What draws, as the settings say: workers of this machine, of a cluster, or both in one pool."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.domain.errors import SettingsError
from bot.engine.access import Access
from bot.engine.cluster import RayExecutor
from bot.engine.devices import devices
from bot.engine.local import DIFFUSION, LocalExecutor
from bot.engine.pool import Pool
from bot.engine.seam import Executor
from bot.models.cards import ModelCard
from bot.settings import Settings

NO_RAY = "Ray is not installed here: pip install 'easel-bot[cluster]'."


def engine_options(settings: Settings, cards: Iterable[ModelCard]) -> dict[str, Any]:
    """What a worker needs to know, as plain data."""
    return {
        "cards": [dataclasses.asdict(card) for card in cards],
        "dtype": settings.dtype,
        "threads": settings.threads,
        "speed": settings.speed,
        "cache_dir": settings.model_cache,
        "token": settings.hf_token.reveal(),
        "shelf": str(settings.models_dir),
        "describe": settings.describe_model,
        "safety": settings.safety_model,
        "safety_labels": list(settings.safety_labels),
    }


def worker_options(
    settings: Settings, cards: Iterable[ModelCard], converted: Path | None = None
) -> dict[str, Any]:
    """What a worker needs to know; `converted` is where it keeps what it converts to draw faster,
    which pays for one that draws for long."""
    options = engine_options(settings, cards)
    if converted and settings.cpu_engine == "auto":
        options["converted"] = str(converted.absolute())
    if converted:
        options["compiled"] = str(compiled_folder(settings).absolute())
    return options


def local_executor(
    settings: Settings, cards: Iterable[ModelCard], converted: Path | None = None
) -> LocalExecutor:
    """Workers of this machine; see `worker_options`. Raises SettingsError where it has none."""
    if settings.device == "none":
        raise SettingsError("DEVICE is none: for this, name a device, or write DEVICE=auto.")
    options = worker_options(settings, cards, converted)
    return LocalExecutor(devices(settings.device, os.environ), DIFFUSION, options)


def converted_folder(settings: Settings) -> Path:
    """Where the networks are that were converted for OpenVINO."""
    return settings.data_dir / "converted"


def compiled_folder(settings: Settings) -> Path:
    """Where the code is that was compiled for a card."""
    return settings.data_dir / "compiled"


def executor_of(
    settings: Settings, cards: Iterable[ModelCard], converted: Path | None = None
) -> Executor:
    """Everything that the settings name; see `worker_options`. Raises SettingsError where that is
    nothing, or cannot be reached."""
    cards, here = list(cards), settings.device != "none"
    if not settings.cluster_address:
        if not here:
            raise SettingsError("DEVICE is none and CLUSTER_ADDRESS is empty, so nothing draws.")
        return local_executor(settings, cards, converted)
    options = worker_options(settings, cards, converted)
    elsewhere = RayExecutor(access_of(settings), DIFFUSION, options)
    return Pool([local_executor(settings, cards, converted), elsewhere]) if here else elsewhere


def access_of(settings: Settings, address: str = "") -> Access:
    """To the cluster of CLUSTER_ADDRESS, or another. Raises SettingsError without Ray, and where
    there is no token."""
    if importlib.util.find_spec("ray") is None:
        raise SettingsError(NO_RAY)
    owner = f"{socket.gethostname()} {settings.data_dir.absolute()}"
    owner = hashlib.sha256(owner.encode()).hexdigest()[:16]
    address = address or settings.cluster_address
    if settings.cluster_open:
        return Access(address, owner=owner)
    if token := settings.cluster_token.reveal():
        return Access(address, token=token, owner=owner)
    file = settings.token_file
    if not file.is_file():
        raise SettingsError(
            f"There is no token for the cluster in {file}: `easel cluster up` writes one where the "
            "cluster begins, and says how it comes here."
        )
    return Access(address, token_file=str(file.absolute()), owner=owner)
