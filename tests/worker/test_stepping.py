"""bot.worker.stepping and the runs over it: what is drawn alone is what the pipeline itself draws,
and what is drawn in company is what is drawn alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import ImageChops

from bot.domain.errors import Cancelled, RenderFailed, WorkerLost
from bot.domain.samplers import SAMPLERS
from bot.engine.seam import Preview
from bot.worker import runs, stepping
from bot.worker.diffusion import DiffusionEngine
from bot.worker.embeddings import Embeddings
from bot.worker.model import Model
from bot.worker.samplers import sampler
from tests.kit.pipelines import (
    card,
    generators,
    library,
    stable_diffusion,
    stable_diffusion_xl,
    unet,
)
from tests.kit.runs import (
    COMPANY,
    EXACT,
    VARIED,
    Heard,
    alone,
    begun,
    by_pipeline,
    drawn_by,
    drawn_together,
    each_once,
    far,
    finished,
)
from tests.kit.workers import attempt

# diffusers' own notes about numpy
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def velocity() -> Any:
    return stable_diffusion(
        scheduler=library.DDIMScheduler(
            prediction_type="v_prediction", rescale_betas_zero_snr=True,
            timestep_spacing="trailing", clip_sample=False,
        )
    )  # fmt: skip


def consistent(kind: str) -> Any:
    return stable_diffusion(kind, unet=unet(time_cond_proj_dim=8), scheduler=library.LCMScheduler())


MAKERS: dict[str, Callable[[], Any]] = {
    "sd": stable_diffusion,
    "velocity": velocity,
    "sdxl": stable_diffusion_xl,
    "lcm": lambda: consistent("LatentConsistencyModelPipeline"),
    "sd with lcm's network": lambda: consistent("StableDiffusionPipeline"),
}


@pytest.fixture(scope="module")
def made() -> Callable[[str], Model]:
    return each_once(MAKERS)


@pytest.fixture
def sd(made: Callable[[str], Model]) -> Model:
    return made("sd")


@pytest.mark.parametrize("start", [{}, VARIED], ids=["words", "picture"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_draws_what_the_pipeline_draws(
    sd: Model, name: str, start: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"sampler": name, "steps": 4, "indices": (0, 1), **start}
    assert far(alone(sd, **asked), by_pipeline(sd, **asked)) <= EXACT


@pytest.mark.parametrize("start", [{}, VARIED], ids=["words", "picture"])
@pytest.mark.parametrize(("guidance", "negative"), [(1.0, ""), (5.0, "a dog")])
@pytest.mark.parametrize("name", MAKERS)
def test_every_kind_draws_what_its_pipeline_draws(
    made: Callable[[str], Model],
    name: str,
    guidance: float,
    negative: str,
    start: dict[str, Any],
) -> None:
    asked: dict[str, Any] = {"steps": 3, "guidance": guidance, "negative": negative, **start}
    assert far(alone(made(name), **asked), by_pipeline(made(name), **asked)) <= EXACT


@pytest.mark.parametrize(
    ("kind", "sampler", "asked", "steps"),
    [
        ("lcm", "default", {"steps": 60}, 50),
        ("lcm", "default", {"steps": 16, **VARIED, "strength": 0.2}, 10),
        ("lcm", "default", {"steps": 8, **VARIED, "strength": 0.01}, 1),
        ("sd", "tcd", {"steps": 150}, 50),
        ("sd", "lcm", {"steps": 8, **VARIED, "strength": 0.01}, 1),
        ("sd", "ddim", {"steps": 8, **VARIED, "strength": 1 / 49}, 1),
    ],
)
def test_no_more_steps_are_made_than_there_are_and_one_at_least(
    made: Callable[[str], Model], kind: str, sampler: str, asked: dict[str, Any], steps: int
) -> None:
    run = begun(made(kind), sampler=sampler, indices=(0,), **asked)
    assert run.left == steps
    run.step_with([])
    assert run.path.latents.isfinite().all()


def test_another_size_and_rescaled_guidance(made: Callable[[str], Model]) -> None:
    asked: dict[str, Any] = {"steps": 2, "width": 96, "height": 40, "rescale": 0.7}
    for name in ("sd", "sdxl"):
        assert far(alone(made(name), **asked), by_pipeline(made(name), **asked)) <= EXACT


def test_the_pictures_are_the_pipelines(sd: Model) -> None:
    asked = attempt(steps=2).request
    sd.pipeline.scheduler = sampler("default", sd.scheduler)
    own = sd.pipeline(
        asked["text"], width=64, height=64, num_inference_steps=2, guidance_scale=3.0,
        num_images_per_prompt=4, generator=generators(asked["seeds"]),
    ).images  # fmt: skip
    run = begun(sd, steps=2)
    finished(run)
    assert [image.tobytes() for image in run.pictures()] == [image.tobytes() for image in own]


CROWD: tuple[dict[str, Any], ...] = (
    {"steps": 7, "sampler": "euler_a", "seeds": [1, 2], "indices": (0, 1), "negative": "a dog"},
    {"steps": 3, "guidance": 1.0, "text": "a blue car"},
    {"steps": 4, "guidance": 9.0, "sampler": "heun", "indices": (2,)},
    {"steps": 8, "sampler": "dpmpp_2m_karras", "indices": (1,), **VARIED},
    {"steps": 5, "sampler": "plms", "indices": (3,), "rescale": 0.5},
)
"""Everything in which jobs may differ that share a step."""


@pytest.mark.parametrize("name", ["sd", "sdxl"])
def test_company_draws_what_each_draws_alone(made: Callable[[str], Model], name: str) -> None:
    model = made(name)
    solo = [alone(model, **changes) for changes in CROWD]
    runs = [begun(model, str(index), **changes) for index, changes in enumerate(CROWD)]
    assert len({run.company for run in runs}) == 1
    drawn_together(runs, joins=(0, 0, 1, 2, 3))
    for run, own in zip(runs, solo, strict=True):
        assert far(finished(run), own) <= COMPANY


def test_consistency_models_share_steps_at_different_guidance(
    made: Callable[[str], Model],
) -> None:
    model = made("lcm")
    crowd: list[dict[str, Any]] = [{"guidance": 8.5, "steps": 4}, {"guidance": 2.0, "steps": 2}]
    solo = [alone(model, **changes) for changes in crowd]
    runs = [begun(model, str(index), **changes) for index, changes in enumerate(crowd)]
    drawn_together(runs, joins=(0, 1))
    assert max(far(finished(run), own) for run, own in zip(runs, solo, strict=True)) <= COMPANY


def test_who_cannot_share_a_step_is_no_company(made: Callable[[str], Model]) -> None:
    sd, xl = made("sd"), made("sdxl")
    companies = [begun(sd).company, begun(sd, width=96).company, begun(xl).company]
    assert len(set(companies)) == 3


def test_a_step_costs_what_goes_through_the_denoiser(sd: Model) -> None:
    assert begun(sd).cost == 4 * 2 * 64
    assert begun(sd, guidance=1.0, indices=(1,), width=128).cost == 2 * 64


def test_each_says_its_own_steps_and_previews(sd: Model) -> None:
    heard = [Heard(), Heard()]
    runs = [begun(sd, str(steps), one, steps=steps) for steps, one in zip((4, 6), heard)]  # noqa: B905
    drawn_together(runs, joins=(0, 2))
    assert [one.steps for one in heard] == [
        [(step, of) for step in range(1, of + 1)] for of in (4, 6)
    ]
    shown = [sum(isinstance(event, Preview) for event in one.events) for one in heard]
    assert shown == [3, 3]


def test_who_is_cancelled_leaves_at_a_step_and_nobody_else_notices(sd: Model) -> None:
    own = alone(sd, steps=6)
    heard = Heard(cancel_at=2)
    leaving, staying = begun(sd, "leaving", heard, steps=9), begun(sd, "staying", steps=6)
    drawn_together([leaving, staying], joins=(0, 0))
    assert len(heard.steps) == 2
    with pytest.raises(Cancelled):
        leaving.pictures()
    assert far(finished(staying), own) <= COMPANY


@pytest.fixture
def predicts(sd: Model, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each forward had that went well; more than four do not fit into memory."""
    rows: list[int] = []
    assert sd.family
    plain = sd.family.predict

    def predict(given: Any, size: Any) -> torch.Tensor:
        if len(given["latents"]) > 4:
            raise RuntimeError("CUDA out of memory")
        rows.append(len(given["latents"]))
        return plain(given, size)

    monkeypatch.setattr(sd.family, "predict", predict)
    monkeypatch.setattr(sd, "pieces", type(sd.pieces)())
    return rows


def test_what_does_not_fit_into_memory_is_drawn_in_pieces(sd: Model, predicts: list[int]) -> None:
    runs = [begun(sd, "a", steps=2), begun(sd, "b", steps=2, indices=(1,))]
    drawn_together(runs, joins=(0, 0))
    assert predicts == [2] * 10  # 10 rows, then 5, then 2, which is remembered
    images = runs[0].pictures()
    assert far(finished(runs[0]), by_pipeline(sd, steps=2)) <= COMPANY
    assert len(images) == 4


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (library.EulerAncestralDiscreteScheduler, "step"), (library.PNDMScheduler, "step"),
        (stepping.Path, "believed"), (runs.Pixels, "__init__"),
        pytest.param(library.DDIMScheduler, "step", marks=pytest.mark.slow),
        pytest.param(library.DPMSolverMultistepScheduler, "step", marks=pytest.mark.slow),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)  # fmt: skip
def test_memory_that_runs_out_beside_a_forward_changes_nothing(
    sd: Model, monkeypatch: pytest.MonkeyPatch, kind: Any, name: str
) -> None:
    """Half of what a step does has happened by then."""
    crowd: list[dict[str, Any]] = [
        {"sampler": sampler, "steps": 4, "indices": (0, 1)}
        for sampler in ("ddim", "euler_a", "dpmpp_2m", "plms")
    ]
    solo = [alone(sd, **changes) for changes in crowd]
    asked, real = 0, getattr(kind, name)

    def short(*given: Any, **more: Any) -> Any:
        nonlocal asked
        asked += 1
        found = real(*given, **more)
        if asked in (1, 3):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return found

    left = [True, True]
    monkeypatch.setattr(kind, name, short)
    monkeypatch.setattr(sd, "pieces", type(sd.pieces)())
    sd.pieces.spill = lambda: bool(left and left.pop())
    mates = [begun(sd, changes["sampler"], **changes) for changes in crowd]
    drawn_together(mates, joins=(0, 0, 1, 1))
    for run, own in zip(mates, solo, strict=True):
        assert far(finished(run), own) <= COMPANY
        assert len(run.pictures()) == 2
    assert asked > 2


def knowing(scheduler: Any, clean: torch.Tensor) -> Callable[[Any, Any], torch.Tensor]:
    """Predicts what has to be taken from latents so that a certain picture is left."""
    alphas = scheduler.alphas_cumprod
    levels = ((1 - alphas) / alphas).log()

    def predict(given: Any, size: Any) -> torch.Tensor:
        below = given["times"].long().clamp(max=len(levels) - 2)
        share = given["times"] - below
        log = (1 - share) * levels[below] + share * levels[below + 1]
        signal, noise = (
            each.sqrt().view(-1, 1, 1, 1) for each in ((-log).sigmoid(), log.sigmoid())
        )
        if scheduler.config.prediction_type == "epsilon":
            return (given["latents"] - signal * clean) / noise
        return (signal * given["latents"] - clean) / noise

    return predict


@pytest.mark.parametrize("kind", ["sd", "velocity"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_what_is_believed_is_the_picture_at_every_step_of_every_sampler(
    made: Callable[[str], Model], monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    model = made(kind)
    if kind == "velocity":
        own = library.DDIMScheduler(prediction_type="v_prediction", clip_sample=False)
        monkeypatch.setattr(model, "scheduler", own)
    clean = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    run = begun(model, sampler=name, steps=12, guidance=1.0, indices=(0,), stop=0.5)
    monkeypatch.setattr(model.family, "predict", knowing(run.path.scheduler, clean))
    while not run.done:
        run.step_with([])
        assert far(run.path.believed(), clean) < 0.02
    assert far(finished(run), clean) < 0.02


@pytest.fixture
def fault(sd: Model, monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseException]:
    """What forwards raise in which somebody draws "harm"."""
    raised: dict[str, BaseException] = {}
    assert sd.family
    assert sd.embeddings
    plain = sd.family.predict
    harm = sd.embeddings.of("harm")["text"]

    def predict(given: Any, size: Any) -> torch.Tensor:
        if any(torch.equal(row, harm[0]) for row in given["text"]):
            raise raised["error"]
        return plain(given, size)

    monkeypatch.setattr(sd.family, "predict", predict)
    return raised


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("a fault"), RuntimeError),
        (ValueError("no such thing"), RenderFailed),
        (RuntimeError("out of memory"), RenderFailed),
    ],
    ids=["fault", "bad input", "memory"],
)
def test_a_failure_in_company_is_only_its_own(
    sd: Model, fault: dict[str, BaseException], error: Exception, said: type[Exception]
) -> None:
    fault["error"] = error
    own = alone(sd, steps=3)
    harmful, mate = begun(sd, "a", steps=3, text="harm"), begun(sd, "b", steps=3)
    drawn_together([harmful, mate], joins=(0, 0))
    with pytest.raises(said):
        harmful.pictures()
    assert far(finished(mate), own) <= COMPANY


def test_a_device_beyond_repair_is_nobodys_failure(
    sd: Model, fault: dict[str, BaseException]
) -> None:
    fault["error"] = RuntimeError("CUDA error: an illegal memory access was encountered")
    run = begun(sd, text="harm")
    with pytest.raises(WorkerLost):
        run.step_with([begun(sd)])


def test_texts_are_encoded_once(sd: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str | None, bool]] = []
    assert sd.family
    plain = sd.family.encode

    def encode(text: str | None, negative: bool) -> Any:
        asked.append((text, negative))
        return plain(text, negative)

    monkeypatch.setattr(sd, "embeddings", Embeddings(encode))
    for text, guidance in (("a", 1.0), ("a", 3.0), ("b", 3.0), ("a", 1.0)):
        begun(sd, text=text, guidance=guidance)
    assert asked == [("a", False), (None, True), ("b", False)]


def test_the_least_recently_used_text_is_forgotten_first() -> None:
    asked: list[str | None] = []

    def encode(text: str | None, _negative: bool) -> dict[str, torch.Tensor]:
        asked.append(text)
        return {"text": torch.zeros(10)}

    texts = Embeddings(encode, limit_bytes=100)
    for text in ("a", "b", "a", "c", "a", "b"):
        assert texts.of(text)["text"].nbytes == 40
    assert asked == ["a", "b", "c", "b"]
    texts.clear()
    assert texts.of("b")
    assert len(asked) == 5


def test_sizes_that_cannot_be_drawn_are_bad_input(sd: Model) -> None:
    with pytest.raises(RenderFailed, match="divisible by 8") as caught:
        begun(sd, width=63)
    assert caught.value.code == "bad_input"


def test_pictures_come_to_be_beside_a_step_of_others(tmp_path: Path) -> None:
    stable_diffusion().save_pretrained(tmp_path / "sd")
    engine = DiffusionEngine(
        {"sd": replace(card("sd"), source=str(tmp_path / "sd"))}, "cpu", "float32"
    )
    heard = Heard()
    first, second = (
        attempt(job, model="sd", steps=steps, seeds=[5, 6, 7, 8 + steps])
        for job, steps in (("first", 1), ("second", 3))
    )
    alone = [drawn_by(engine, one) for one in (first, second)]
    assert not engine.finish(engine.begin(first, heard.emit, heard.cancelled))
    engine.ahead = True
    runs = [engine.begin(one, heard.emit, heard.cancelled) for one in (first, second)]
    engine.step(runs)
    assert runs[0].done
    assert engine.finish(runs[0])
    engine.step(runs[1:])
    engine.step(runs[1:])
    for run, own in zip(runs, alone, strict=True):
        drawn = engine.retire(run)
        near = zip(drawn, own, strict=True)
        assert max(max(ImageChops.difference(*both).getextrema())[1] for both in near) <= 1


def test_encoding_leaves_the_decoder_where_it_is() -> None:
    """In float32 the encoder of the SDXL kin reads; a graph of the decoder must not hear of it."""
    model = Model(stable_diffusion_xl().to(torch.bfloat16), card("narrow"), torch.bfloat16)
    decoder = model.pipeline.vae.decoder
    before = [part.data_ptr() for part in decoder.parameters()]
    begun(model, **VARIED)
    assert [part.data_ptr() for part in decoder.parameters()] == before
    assert {part.dtype for part in model.pipeline.vae.parameters()} == {torch.bfloat16}


def test_the_time_of_a_step_is_made_where_it_is_needed() -> None:
    """A copy from the processor would wait for all that a card has been told."""
    latents = torch.empty(2, 4, 8, 8, device="meta")
    times = torch.tensor([981, 961])
    path = stepping.Path(None, (64, 64), latents, object(), times, {}, {}, guidance=7.0, step=1)  # type: ignore[arg-type]
    given = path.inputs()
    assert given["times"].device.type == "meta"
    assert given["times"].dtype is torch.float32
    assert len(given["times"]) == len(given["latents"]) == 4
