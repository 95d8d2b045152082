"""Evaluation: what a pipeline draws for prompts whose combinations training never saw.

It asks, lets the classifier judge, and writes numbers beside chance and beside what the same
classifier says of real renderings of the same ideas. Nothing here changes a weight.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import (
    StableDiffusionImg2ImgPipeline,
)
from torch.utils.flop_counter import FlopCounterMode

from bot.training.captions import Idea, plain_caption
from bot.training.classifier import PLACES, Classifier
from bot.training.data import draw_pixels
from bot.training.marks import in_order, marks
from bot.training.questions import Questions
from bot.training.sampling import Sampling, draw
from bot.training.vocabulary import PLAIN, SCENES

Say = Callable[[str], None]


def real(ideas: Sequence[Idea], first_seed: int = 0) -> torch.Tensor:
    """Real renderings of the ideas, from seeds that training does not use."""
    return draw_pixels([(idea, first_seed + place) for place, idea in enumerate(ideas)])[0]


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
