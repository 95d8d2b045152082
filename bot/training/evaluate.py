"""Evaluation: what a pipeline draws for prompts whose combinations training never saw.

It asks, lets the classifier judge, and writes numbers beside chance and beside what the same
classifier says of real renderings of the same ideas. Nothing here changes a weight.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import (
    StableDiffusionImg2ImgPipeline,
)
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from torch.utils.flop_counter import FlopCounterMode

from bot.training.captions import Idea, draw_idea, held_out, plain_caption
from bot.training.classifier import PLACES, TINTS, Classifier, place_of
from bot.training.data import draw_pixels
from bot.training.vocabulary import LAYOUTS, PLAIN, SCENES, STYLES

Say = Callable[[str], None]
_BATCH = 16
_SOLVERS: dict[str, Any] = {
    "DDIM": DDIMScheduler,
    "DPM++": DPMSolverMultistepScheduler,
    "UniPC": UniPCMultistepScheduler,
}


@dataclass(frozen=True)
class Sampling:
    """How pictures are drawn from the pipeline."""

    steps: int = 12
    guidance: float = 3.0
    solver: str = "DDIM"

    def __str__(self) -> str:
        return f"{self.solver}, {self.steps} steps, guidance {self.guidance:g}"


@dataclass(frozen=True)
class Questions:
    """Sets of ideas by name; all seeds and choices are fixed."""

    names: tuple[str, ...]
    count: int = 48

    def sets(self) -> dict[str, list[Idea]]:
        return {
            "held-out object in a scene": self._ideas("single", plain=False, new=True),
            "seen object in a scene": self._ideas("single", plain=False, new=False),
            "object on a colour": self._ideas("single", plain=True, new=False),
            "held-out colour of an object": self._ideas("single", True, new=True, tinted=True),
            "seen colour of an object": self._ideas("single", True, new=False, tinted=True),
            "held-out pair": self._ideas("beside", plain=None, new=True),
            "seen pair": self._ideas("beside", plain=None, new=False),
            "one on top of another": self._ideas("stack", plain=None, new=False),
            "one holding another": self._ideas("hold", plain=None, new=False),
            "lying in a sun lounger": self._ideas("lounge", plain=None, new=False),
            "two of a kind": self._ideas("two", plain=None, new=False),
            "three of a kind": self._ideas("three", plain=None, new=False),
        }

    def _ideas(
        self, layout: str, plain: bool | None, new: bool, tinted: bool = False
    ) -> list[Idea]:
        rng = np.random.default_rng([41, LAYOUTS.index(layout), int(new)])
        weights, found = np.ones(len(self.names)), []
        for _ in range(400_000):
            idea = draw_idea(rng, self.names, weights)
            if idea.layout != layout or bool(idea.tint) is not tinted:
                continue
            if held_out(idea) is not new:
                continue
            if plain is None or (idea.scene == PLAIN) is plain:
                found.append(idea)
            if len(found) == self.count:
                return found
        return found


def draw(
    pipeline: StableDiffusionPipeline,
    prompts: Sequence[str | None],
    sampling: Sampling,
    seed: int = 0,
    **options: Any,
) -> torch.Tensor:
    """One picture a prompt, each from its own seed: uint8, shape (n, 3, 128, 128).

    A single prompt may be None where the options hold its embedding.
    """
    solver = _SOLVERS[sampling.solver]
    if type(pipeline.scheduler) is not solver:
        pipeline.scheduler = solver.from_config(pipeline.scheduler.config)
    parts = []
    for start in range(0, len(prompts), _BATCH):
        batch = list(prompts[start : start + _BATCH])
        dice = [torch.Generator().manual_seed(seed * 7919 + start + k) for k in range(len(batch))]
        pictures = pipeline(
            None if batch == [None] else batch,  # type: ignore[arg-type]
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance,
            generator=dice,
            output_type="np",
            **options,
        ).images  # type: ignore[union-attr]
        parts.append(torch.from_numpy(np.asarray(pictures)).permute(0, 3, 1, 2))
    return (torch.cat(parts) * 255).round().to(torch.uint8)


def real(ideas: Sequence[Idea], first_seed: int = 0) -> torch.Tensor:
    """Real renderings of the ideas, from seeds that training does not use."""
    return draw_pixels([(idea, first_seed + place) for place, idea in enumerate(ideas)])[0]


def marks(classifier: Classifier, pixels: torch.Tensor, ideas: Sequence[Idea]) -> dict[str, float]:
    """Shares of pictures of which the classifier says what the ideas say."""
    verdict = classifier.judge(pixels)
    styles = list(STYLES)
    rows: dict[str, list[bool]] = {
        "objects": [],
        "top5": [],
        "place": [],
        "style": [],
        "layout": [],
        "tint": [],
    }
    for row, idea in enumerate(ideas):
        wanted = {classifier.names.index(name) for name in idea.objects}
        order = verdict.objects[row].argsort(descending=True).tolist()
        rows["objects"].append(wanted <= set(order[: len(wanted)]))
        rows["top5"].append(wanted <= set(order[: max(5, len(wanted))]))
        rows["place"].append(PLACES[int(verdict.places[row].argmax())] == place_of(idea))
        rows["style"].append(styles[int(verdict.styles[row].argmax())] == idea.style)
        rows["layout"].append(LAYOUTS[int(verdict.layouts[row].argmax())] == idea.layout)
        rows["tint"].append(TINTS[int(verdict.tints[row].argmax())] == idea.tint)
    return {name: round(float(np.mean(hits)), 3) for name, hits in rows.items()}


def in_order(classifier: Classifier, pixels: torch.Tensor, ideas: Sequence[Idea]) -> float:
    """Share of pictures of two objects that stand as asked: the first left of, or on top of, the
    second.

    Each half of a picture is judged with the other hidden under grey (occlusion, Zeiler and Fergus,
    2014, https://arxiv.org/abs/1311.2901): the half that speaks more for the first object than for
    the second should be the left, or the upper one. Guessing reaches 0.5.
    """
    hits = []
    for picture, idea in zip(pixels, ideas, strict=True):
        across = 1 if idea.layout == "stack" else 2
        middle = picture.shape[across] // 2
        seen = torch.stack([picture, picture])
        for half, start in zip(seen, (middle, 0), strict=True):
            half.narrow(across, start, middle).fill_(128)
        told = classifier.judge(seen).objects
        first, second = (classifier.names.index(name) for name in idea.objects)
        lead = told[:, first] - told[:, second]
        hits.append(bool(lead[0] > lead[1]))
    return round(float(np.mean(hits)), 3)


def chance(names: Sequence[str]) -> dict[str, float]:
    """What guessing would reach for a single object."""
    shares = {"objects": 1 / len(names), "top5": 5 / len(names), "place": 1 / len(PLACES)}
    shares |= {"style": 1 / len(STYLES), "layout": 1 / len(LAYOUTS), "tint": 1 / len(TINTS)}
    return {name: round(share, 3) for name, share in shares.items()}


def follow_prompts(
    pipeline: StableDiffusionPipeline,
    classifier: Classifier,
    questions: Questions,
    sampling: Sampling,
    say: Say = print,
) -> dict[str, Any]:
    """Marks of every set of questions, the model's beside those of real renderings."""
    report = {}
    for name, ideas in questions.sets().items():
        drawn = draw(pipeline, [plain_caption(idea) for idea in ideas], sampling)
        rendered = real(ideas)
        report[name] = {
            "n": len(ideas),
            "model": marks(classifier, drawn, ideas),
            "real": marks(classifier, rendered, ideas),
        }
        if ideas[0].layout in ("beside", "stack"):
            for key, pictures in (("model", drawn), ("real", rendered)):
                report[name][key]["order"] = in_order(classifier, pictures, ideas)
        say(f"{name}: {report[name]}")
    return report


def by_object(
    pipeline: StableDiffusionPipeline,
    classifier: Classifier,
    names: Sequence[str],
    sampling: Sampling,
    each: int = 8,
) -> dict[str, dict[str, float]]:
    """Top-1 and top-5 of each object, unstyled, in scenes and on colours: what may be claimed."""
    found = {}
    for name in names:
        ideas = [
            Idea((name,), scene=list(SCENES)[(k * 5 + 1) % 12] if k % 2 else PLAIN, colour=colour)
            for k, colour in zip(range(each), ["blue", "white", "red", "grey"] * each, strict=False)
        ]
        drawn = draw(pipeline, [plain_caption(idea) for idea in ideas], sampling, seed=5)
        found[name] = {
            key: value
            for key, value in marks(classifier, drawn, ideas).items()
            if key in ("objects", "top5")
        }
    return found


def by_sampling(
    pipeline: StableDiffusionPipeline,
    classifier: Classifier,
    questions: Questions,
    choices: Sequence[Sampling],
    say: Say = print,
) -> dict[str, Any]:
    """Marks of held-out single objects for each solver, number of steps and guidance."""
    ideas = questions.sets()["held-out object in a scene"]
    prompts = [plain_caption(idea) for idea in ideas]
    report = {}
    for choice in choices:
        report[str(choice)] = marks(classifier, draw(pipeline, prompts, choice), ideas)
        say(f"{choice}: {report[str(choice)]}")
    return report


def diversity(
    pipeline: StableDiffusionPipeline, names: Sequence[str], sampling: Sampling
) -> dict[str, float]:
    """Mean distance (of 255) between four seeds of one prompt, and between four real renderings."""
    drawn, rendered = [], []
    for place, name in enumerate(names[:8]):
        idea = Idea((name,), scene=list(SCENES)[place % len(SCENES)])
        drawn.append(_spread(draw(pipeline, [plain_caption(idea)] * 4, sampling, seed=place)))
        rendered.append(_spread(real([idea] * 4, 4 * place)))
    return {"model": round(float(np.mean(drawn)), 1), "real": round(float(np.mean(rendered)), 1)}


def variation(
    pipeline: StableDiffusionPipeline, names: Sequence[str], sampling: Sampling
) -> dict[str, float]:
    """Mean distance (of 255) from the source for each strength of image-to-image."""
    prompts = [
        plain_caption(Idea((name,), scene=list(SCENES)[place]))
        for place, name in enumerate(names[:4])
    ]
    sources = draw(pipeline, prompts, sampling, seed=3)
    again: Any = StableDiffusionImg2ImgPipeline.from_pipe(pipeline, vae=pipeline.vae)
    again.set_progress_bar_config(disable=True)
    report = {}
    for strength in (0.2, 0.4, 0.6, 0.8, 1.0):
        pictures = again(
            prompts,
            image=sources.float() / 255,
            strength=strength,
            num_inference_steps=max(5, sampling.steps),  # strength 0.2 leaves a fifth of them
            guidance_scale=sampling.guidance,
            generator=torch.Generator().manual_seed(9),
            output_type="np",
        ).images
        moved = torch.from_numpy(np.asarray(pictures)).permute(0, 3, 1, 2) * 255
        report[str(strength)] = round(float((moved - sources.float()).abs().mean()), 1)
    return report


def negatives(
    pipeline: StableDiffusionPipeline,
    classifier: Classifier,
    names: Sequence[str],
    sampling: Sampling,
) -> dict[str, float]:
    """Probability of the named scene, without and with that scene as negative prompt."""
    ideas = [Idea((name,), scene=scene) for name, scene in zip(names[:12], SCENES, strict=False)]
    prompts = [plain_caption(idea) for idea in ideas]
    report = {}
    for key, negative in (("without", None), ("with", [SCENES[idea.scene][0] for idea in ideas])):
        shares = []
        for place, prompt in enumerate(prompts):
            options = {} if negative is None else {"negative_prompt": [negative[place]]}
            seen = classifier.judge(draw(pipeline, [prompt], sampling, seed=place, **options))
            shares.append(float(seen.places.softmax(1)[0, PLACES.index(ideas[place].scene)]))
        report[key] = round(float(np.mean(shares)), 3)
    return report


def weights(
    pipeline: StableDiffusionPipeline,
    classifier: Classifier,
    names: Sequence[str],
    sampling: Sampling,
) -> dict[str, float]:
    """Probability of a scene when its text's embedding is mixed with another's, by its weight.

    As a prompt of weighted parts is drawn: one embedding, the weighted mean of the parts'.
    """
    scenes = list(SCENES)
    report = {}
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        seen = []
        for place, name in enumerate(names[:12]):
            wanted, other = scenes[place], scenes[(place + 5) % len(scenes)]
            texts = [plain_caption(Idea((name,), scene=scene)) for scene in (wanted, other)]
            first, second = (_embedded(pipeline, text) for text in texts)
            mixed = share * first + (1 - share) * second
            drawn = draw(pipeline, [None], sampling, seed=place, prompt_embeds=mixed)
            told = classifier.judge(drawn).places.softmax(1)
            seen.append(float(told[0, PLACES.index(wanted)]))
        report[str(share)] = round(float(np.mean(seen)), 3)
    return report


def _embedded(pipeline: StableDiffusionPipeline, text: str) -> torch.Tensor:
    positive, _negative = pipeline.encode_prompt(text, "cpu", 1, False)
    return positive


def cost(pipeline: StableDiffusionPipeline, sampling: Sampling) -> dict[str, float]:
    """FLOPs and seconds (best of three) of a grid of four pictures, as this machine is now."""
    prompts = ["a cat in the forest"] * 4
    counter = FlopCounterMode(display=False)
    with counter:
        draw(pipeline, prompts, sampling)
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        draw(pipeline, prompts, sampling)
        seconds.append(time.perf_counter() - begun)
    return {
        "gflop": round(counter.get_total_flops() / 1e9, 1),
        "seconds": round(min(seconds), 2),
        "threads": torch.get_num_threads(),
    }


def _spread(pixels: torch.Tensor) -> float:
    flat = pixels.flatten(1).float()
    pairs = [(a, b) for a in range(len(flat)) for b in range(a)]
    return float(np.mean([(flat[a] - flat[b]).abs().mean().item() for a, b in pairs]))
