"""The one process of a test run that loads torch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict

import pytest

from bot.engine.blame import Retry
from bot.engine.local import LocalExecutor
from bot.models.cards import EMBEDDED_CARD, ModelCard

FORMS = ("sd", "sdxl", "fp16", "alone.safetensors", "bare.safetensors", "damaged", "absent")


@pytest.fixture(scope="session")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalExecutor]:
    """One worker that knows the embedded model and a tiny one of every form."""
    folder = tmp_path_factory.mktemp("models")
    cards = [EMBEDDED_CARD] + [
        ModelCard(id=form, name=form, source=str(folder / form), native=64) for form in FORMS
    ]
    executor = LocalExecutor(
        ["cpu"],
        "tests.engine.fakes:with_tiny_models",
        {
            "cards": [asdict(card) for card in cards],
            "build": str(folder),
            "dtype": "float32",
            "cache_dir": str(folder / "cache"),
        },
        retry=Retry(backoff=0.01),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")  # what is not on this disk is not there
        await executor.start()
        yield executor
        await executor.close()
