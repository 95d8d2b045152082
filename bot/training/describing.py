"""The stages of the captioner: what the shipped model draws, teaching, measuring and export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from transformers import CLIPTokenizer, VisionEncoderDecoderModel, ViTImageProcessor

from bot.training.captioner import new_captioner, scaled, teach_captioner
from bot.training.company import join, rank
from bot.training.export import TooLarge, forget_origin
from bot.training.order import FEWEST, Order
from bot.training.renderings import (
    HELD_OUT,
    REAL,
    SIDE,
    Renderings,
    read_renderings,
    write_real,
    write_renderings,
)
from bot.training.telling import shares
from bot.training.workplace import save_json

LIMIT = 6_000_000  # bytes of the captioner's folder
_UNSEEN = {"held-out combinations": HELD_OUT, "combinations seen, from new seeds": HELD_OUT + 1}
_EACH = 4  # captions of a picture
_BATCH = 64


def make_renderings(order: Order) -> None:
    """Have the model in the folder that export writes to draw what the captioner is taught."""
    words = json.loads((order.out / "vocabulary.json").read_text(encoding="utf-8"))
    pipeline = StableDiffusionPipeline.from_pretrained(order.out, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    numbers = [*_UNSEEN.values(), *range(order.effort.shown_chunks)]
    claimed = tuple(words["objects"])
    names = claimed if len(claimed) >= FEWEST else order.course.names  # a trial claims few or none
    effort, folder = order.effort, order.place.renderings
    write_real(folder, range(REAL, REAL + effort.real_chunks), names, 2 * effort.shown)
    write_renderings(pipeline, folder, numbers, names, count=effort.shown)


def make_captioner(order: Order) -> None:
    """Teach it, and write it as it is shipped."""
    join("cpu")
    tokenizer = CLIPTokenizer.from_pretrained(order.out / "tokenizer")
    folder, effort = order.place.renderings, order.effort
    own = read_renderings(folder, range(effort.shown_chunks))
    real = read_renderings(folder, range(REAL, REAL + effort.real_chunks))
    print(f"captioner: {len(own.ideas)} own renderings, {len(real.ideas)} real ones", flush=True)
    model = teach_captioner(
        new_captioner(tokenizer), tokenizer, own, real, effort.lessons,
        order.place.checkpoint("captioner"), say=lambda line: print(line, flush=True),
    )  # fmt: skip
    if rank():
        return
    size = export_captioner(model, tokenizer, order.describer)
    print(f"captioner: {size / 1e6:.1f} MB in {order.describer}")


def run_telling(order: Order) -> None:
    """Measure what was shipped on pictures whose seeds, and half of whose combinations, it never
    saw."""
    model = VisionEncoderDecoderModel.from_pretrained(order.describer, dtype=torch.float32)
    tokenizer = CLIPTokenizer.from_pretrained(order.describer)
    report = {
        name: measured(model, tokenizer, read_renderings(order.place.renderings, [number]))
        for name, number in _UNSEEN.items()
    }
    save_json(order.place.report("captions"), report)
    print(json.dumps(report, indent=1))


def measured(
    model: VisionEncoderDecoderModel, tokenizer: CLIPTokenizer, shown: Renderings
) -> dict[str, Any]:
    """Marks of the likeliest caption of each picture, and of the four that are sampled; how many of
    these are different, and how many pictures there were."""
    likeliest = said(model, tokenizer, shown.views)
    some = said(model, tokenizer, shown.views, _EACH)
    single = [place for place, idea in enumerate(shown.ideas) if len(idea.objects) == 1]
    each = [some[start : start + _EACH] for start in range(0, len(some), _EACH)]
    return {
        "n": len(shown.ideas),
        "likeliest": shares(likeliest, shown.ideas),
        "likeliest, one kind of object": shares(
            [likeliest[place] for place in single], [shown.ideas[place] for place in single]
        ),
        "sampled": shares(some, [idea for idea in shown.ideas for _ in range(_EACH)]),
        "different of four": round(sum(len(set(four)) for four in each) / len(each), 2),
    }


@torch.no_grad()
def said(model: Any, tokenizer: CLIPTokenizer, seen: torch.Tensor, each: int = 1) -> list[str]:
    """Captions of pictures: the likeliest one, or so many by dice, those of a picture together."""
    torch.manual_seed(7)
    how: dict[str, Any] = {"do_sample": False}
    if each > 1:
        how = {"do_sample": True, "top_p": 0.9, "top_k": 0, "num_return_sequences": each}
    texts: list[str] = []
    for views in seen.split(_BATCH):
        ids = model.generate(pixel_values=scaled(views), max_new_tokens=30, **how)
        texts += tokenizer.batch_decode(ids, skip_special_tokens=True)
    return texts


def export_captioner(
    model: VisionEncoderDecoderModel, tokenizer: CLIPTokenizer, folder: Path
) -> int:
    """Write it at half precision with its tokenizer and image processor; returns the bytes.

    Raises TooLarge.
    """
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    half = [0.5] * 3
    seen_by = ViTImageProcessor(
        size={"height": SIDE, "width": SIDE}, image_mean=half, image_std=half
    )
    seen_by.save_pretrained(folder)
    for config in folder.glob("*.json"):
        forget_origin(config)
    sizes = [_open_to_all(path) for path in folder.iterdir()]
    if sum(sizes) > LIMIT:
        raise TooLarge(f"the captioner has {sum(sizes)} bytes, the limit is {LIMIT}")
    return sum(sizes)


def _open_to_all(path: Path) -> int:
    path.chmod(0o644)
    return path.stat().st_size
