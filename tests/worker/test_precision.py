"""Numbers that are none: whose fault that is, and what becomes of the model."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
import torch

from bot.domain.errors import RenderFailed
from bot.models.cards import ModelCard
from bot.worker import pipelines
from bot.worker.diffusion import DiffusionEngine
from bot.worker.families import family_of
from tests.kit import flows
from tests.kit.pipelines import card, library, stable_diffusion
from tests.kit.runs import drawn_by
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore")

HARMFUL = 30
"""So many steps give no numbers, in any precision."""
SMALL: dict[str, Any] = {"model": "tiny", "indices": (0,), "count": 1, "steps": 2}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> DiffusionEngine:
    """In half precision; it reads all models from memory."""
    real = library.DDIMScheduler.step
    harmed = torch.full((1, 4, 8, 8), torch.inf)

    def opened(card: ModelCard, dtype: torch.dtype, *_: Any) -> Any:
        return stable_diffusion().to(dtype)

    def step(scheduler: Any, predicted: Any, time: Any, sample: Any, **more: Any) -> Any:
        if scheduler.num_inference_steps == HARMFUL:
            return harmed.to(sample), harmed.to(sample)
        return real(scheduler, predicted, time, sample, **more)

    monkeypatch.setattr(pipelines, "open_pipeline", opened)
    monkeypatch.setattr(library.DDIMScheduler, "step", step)
    return DiffusionEngine({"tiny": card()}, "cpu", "bfloat16")


def draws(engine: DiffusionEngine) -> str:
    """In what precision it draws a usual picture."""
    drawn_by(engine, attempt(**SMALL))
    return engine.drawn_by("tiny").split()[-1]


def refused(engine: DiffusionEngine) -> str:
    """Why it draws no picture of a request."""
    with pytest.raises(RenderFailed) as caught:
        drawn_by(engine, attempt(**SMALL | {"steps": HARMFUL}))
    assert caught.value.code == "not_finite"
    return str(caught.value)


def test_a_request_of_which_there_is_no_picture_leaves_the_model_as_it_was(
    engine: DiffusionEngine,
) -> None:
    assert draws(engine) == "bfloat16"
    assert refused(engine) == "The model tiny gives a black picture of just this."
    assert draws(engine) == "bfloat16"


def test_a_model_that_never_drew_a_picture_is_to_blame(engine: DiffusionEngine) -> None:
    assert "its files are damaged" in refused(engine)
    assert draws(engine) == "float32"


def test_other_files_are_tried_in_half_precision_again(engine: DiffusionEngine) -> None:
    refused(engine)
    engine.learn([asdict(replace(card(), revision="other"))])
    assert draws(engine) == "bfloat16"


def test_a_model_that_stretches_its_levels_draws_in_a_single_step() -> None:
    """Of one level there is nothing to stretch: it would be 0 / 0."""
    pipeline = flows.qwen_image()
    scheduler = type(pipeline.scheduler).from_config(pipeline.scheduler.config)
    family = family_of(pipeline)
    assert family
    assert family.schedule(scheduler, 1, (64, 64)).tolist() == [1000.0]
    assert scheduler.sigmas.tolist() == [1.0, 0.0]
