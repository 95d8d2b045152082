"""Kinds of models without a module here: what their own pipelines are asked for."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image, ImageChops

from bot.engine.seam import Preview
from bot.worker.drawing import CalledRun
from bot.worker.model import Model
from tests.kit import flows
from tests.kit.pipelines import autoencoder, card, generators, library, quiet, stable_diffusion
from tests.kit.runs import Heard, alone, begun, by_pipeline, far
from tests.kit.workers import attempt

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def drawn(model: Model, heard: Heard, **changes: Any) -> list[Image.Image]:
    run = CalledRun(model, attempt(**changes), heard.emit, heard.cancelled)
    run.step_with([])
    return run.pictures()


def kontext() -> Any:
    parts = flows.flux().components
    made = {name: part for name, part in parts.items() if name != "image_encoder"}
    made.pop("feature_extractor", None)
    return quiet(library.FluxKontextPipeline(**made))


def test_kontext_draws_in_the_size_that_was_asked_for() -> None:
    model = Model(kontext(), card("kontext", negatives_above=None), torch.float32)
    asked: dict[str, Any] = {"steps": 4, "indices": (0,), "guidance": 2.5, "width": 96}
    heard = Heard()
    (picture,) = drawn(model, heard, **asked)
    assert picture.size == (96, 64)
    assert any(isinstance(event, Preview) for event in heard.events)
    own = model.pipeline(
        prompt=attempt().request["text"], width=96, height=64, max_area=96 * 64,
        num_inference_steps=4, guidance_scale=2.5, generator=generators([7]),
    ).images[0]  # fmt: skip
    assert not ImageChops.difference(picture, own).getbbox()


class Stubborn:
    """Draws pictures of another size, as HiDream does."""

    def __init__(self, pipeline: Any) -> None:
        own = type(pipeline)

        def call(this: Any, *given: Any, **asked: Any) -> Any:
            made = own.__call__(this, *given, **asked)
            made.images = [each.resize((128, 88)) for each in made.images]
            return made

        call.__signature__ = inspect.signature(own.__call__)  # type: ignore[attr-defined]
        pipeline.__class__ = type("StubbornPipeline", (own,), {"__call__": call})
        self.pipeline = pipeline


def test_a_picture_of_another_size_is_fitted() -> None:
    model = Model(Stubborn(stable_diffusion()).pipeline, card("hidream"), torch.float32)
    assert model.family is None
    (picture,) = drawn(model, Heard(), steps=2, indices=(0,), width=96)
    assert picture.size == (96, 64)


def test_ideograms_guidance_is_told_step_by_step() -> None:
    seen: dict[str, Any] = {}

    class Scheduled(library.StableDiffusionPipeline):
        def __call__(  # type: ignore[override]
            self, prompt: str, width: int, height: int, num_inference_steps: int, generator: Any,
            num_images_per_prompt: int, guidance_scale: float | None = None,
            guidance_schedule: Any = (7.0,) * 45 + (3.0,) * 3,
        ) -> Any:  # fmt: skip
            seen.update(scale=guidance_scale, schedule=guidance_schedule)
            return super().__call__(
                prompt, height, width, num_inference_steps, generator=generator,
                num_images_per_prompt=num_images_per_prompt,
            )  # fmt: skip

    pipeline = stable_diffusion()
    pipeline.__class__ = Scheduled
    model = Model(pipeline, card("ideogram"), torch.float32)
    drawn(model, Heard(), steps=48, indices=(0,), guidance=7.0)
    assert seen["scale"] is None
    assert tuple(seen["schedule"]) == (7.0,) * 45 + (3.0,) * 3
    drawn(model, Heard(), steps=4, indices=(0,), guidance=2.0)
    assert tuple(seen["schedule"]) == (2.0,) * 4


@pytest.mark.parametrize("steps", [1, 3, 4])
def test_plms_that_warms_up_draws_few_steps_too(steps: int) -> None:
    scheduler = library.PNDMScheduler(beta_schedule="scaled_linear", steps_offset=1)
    model = Model(stable_diffusion(scheduler=scheduler), card("old"), torch.float32)
    own = by_pipeline(model, steps=4, indices=(0,))
    assert far(alone(model, steps=steps, indices=(0,)), own) <= 1e-6
    assert begun(model, steps=steps, indices=(0,), sampler="euler").left == steps


def aura_flow() -> Any:
    torch.manual_seed(0)
    transformer = library.AuraFlowTransformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, num_mmdit_layers=1, num_single_dit_layers=1,
        attention_head_dim=8, num_attention_heads=1, joint_attention_dim=8,
        caption_projection_dim=8, out_channels=4, pos_embed_max_size=64,
    )  # fmt: skip
    return quiet(
        library.AuraFlowPipeline(
            tokenizer=flows.t5_tokenizer(), text_encoder=flows.t5(8), vae=autoencoder(),
            transformer=transformer.eval(), scheduler=flows.matching(shift=1.73),
        )
    )  # fmt: skip


def test_a_pipeline_that_goes_on_is_stopped_all_the_same() -> None:
    model = Model(aura_flow(), card("aura"), torch.float32)
    assert "interrupt" not in inspect.getsource(type(model.pipeline).__call__)
    heard = Heard()
    asked: dict[str, Any] = {"steps": 6, "indices": (0,), "guidance": 3.0}
    (picture,) = drawn(model, heard, **asked, stop=0.5)
    assert heard.steps == [(1, 3), (2, 3), (3, 3)]

    latents: list[torch.Tensor] = []

    def keep(pipe: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        latents.append(tensors["latents"])
        return {}

    model.pipeline.scheduler = type(model.scheduler).from_config(model.scheduler.config)
    model.pipeline(
        prompt=attempt().request["text"], width=64, height=64, num_inference_steps=6,
        guidance_scale=3.0, generator=generators([7]), callback_on_step_end=keep,
        output_type="latent",
    )  # fmt: skip
    sigmas = model.pipeline.scheduler.sigmas
    velocity = (latents[2] - latents[1]) / (sigmas[3] - sigmas[2])
    clean = latents[2] - sigmas[3] * velocity
    with torch.no_grad():
        decoded = model.pipeline.vae.decode(clean / model.pipeline.vae.config.scaling_factor)[0]
    own = model.pipeline.image_processor.postprocess(decoded)[0]
    extremes: Any = ImageChops.difference(picture, own).getextrema()
    assert max(high for _, high in extremes) <= 1


def sprint() -> Any:
    parts = flows.sana().components
    made = parts["transformer"].config
    config = {name: each for name, each in made.items() if not name.startswith("_")} | {
        "guidance_embeds": True,
        "sample_size": 32,
    }
    torch.manual_seed(0)
    parts["transformer"] = library.SanaTransformer2DModel.from_config(config).eval()
    return quiet(library.SanaSprintPipeline(**parts | {"scheduler": library.SCMScheduler()}))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_sana_sprint_draws_by_any_number_of_steps(steps: int) -> None:
    model = Model(sprint(), card("sprint", negatives_above=None), torch.float32)
    heard = Heard()
    (picture,) = drawn(model, heard, steps=steps, indices=(0,), guidance=4.5, width=128, height=64)
    assert picture.size == (128, 64)
    assert heard.steps[-1] == (steps, steps)


def test_a_pipeline_that_tells_no_steps_and_gives_one_image() -> None:
    class Terse(library.StableDiffusionPipeline):
        num_timesteps = property()

        def __call__(self, **asked: Any) -> Any:  # type: ignore[override]
            return SimpleNamespace(image=super().__call__(**asked).images)

    Terse.__call__.__signature__ = inspect.signature(library.StableDiffusionPipeline.__call__)  # type: ignore[attr-defined]
    pipeline = stable_diffusion()
    pipeline.__class__ = Terse
    heard = Heard()
    pictures = drawn(Model(pipeline, card("terse"), torch.float32), heard, steps=3)
    assert len(pictures) == 4
    assert heard.steps[-1] == (3, 3)
