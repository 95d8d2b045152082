"""The command line of training: ``python -m bot.models.training STAGE``.

Stages in order: tokenizer, autoencoder, data, text, denoiser, evaluate, export, sheets, then those
of the model that says what a picture shows: renderings, captioner, telling; `all` runs them one
after another. Each reads what the ones before it left in the workplace (``--place``), and goes on
where it was stopped. Several processes may train the denoiser together under ``torchrun``.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from transformers import CLIPTextModel, CLIPTokenizer

from bot.models.describer import BOX
from bot.training import evaluate
from bot.training.autoencoder import Schooling, fidelity, new_autoencoder, train_autoencoder
from bot.training.captions import every_word
from bot.training.classifier import load_classifier, train_classifier
from bot.training.company import join, rank
from bot.training.data import CHUNK, Course, draw_ideas, draw_pixels, read_examples, write_chunks
from bot.training.denoiser import Recipe, Trainer, new_unet, train_denoiser
from bot.training.describing import make_captioner, make_renderings, run_telling
from bot.training.export import assemble, describe, export, write_vocabulary
from bot.training.marks import chance
from bot.training.order import FEWEST, TRIAL, Effort, Order
from bot.training.questions import Questions
from bot.training.report import claimed, good_ideas, known_words, table
from bot.training.sampling import Sampling
from bot.training.sheets import write_sheets
from bot.training.text import Lesson, grown_text_encoder, new_text_encoder, teach_text
from bot.training.tokenizer import train_tokenizer
from bot.training.vocabulary import THINGS
from bot.training.workplace import Workplace, load_tensors, save_json

_EMBEDDED = Path(__file__).parents[1] / "models" / "embedded"
_CROPS_FROM = 90_000  # the chunk whose pictures the autoencoder learns on, far from all others


def make_tokenizer(order: Order) -> None:
    base = order.base / "tokenizer" if order.base else None
    tokenizer = train_tokenizer(every_word(), base)
    tokenizer.save_pretrained(order.place.tokenizer)
    print(f"tokenizer: {len(tokenizer)} tokens")


def make_autoencoder(order: Order) -> None:
    """Train one, or with a base only fit its decoder to the pictures as they are now."""
    effort = order.effort
    pixels, _ = draw_pixels(draw_ideas(order.course, _CROPS_FROM, effort.crops))
    schooling = Schooling(steps=effort.schooling)
    model = new_autoencoder()
    if order.base:
        model = AutoencoderTiny.from_pretrained(order.base / "vae")
        schooling = Schooling(steps=effort.fitting, batch=16, rate=8e-4, decoder_only=True)
    checkpoint, unseen = order.place.checkpoint("autoencoder"), effort.crops // 13
    model = train_autoencoder(model, pixels[:-unseen], schooling, checkpoint, order.device)
    model = model.cpu()  # type: ignore[assignment]
    decibels = fidelity(model, pixels[-unseen:])
    print(f"autoencoder: {decibels:.2f} dB on pictures it did not learn on")
    model.save_pretrained(order.place.autoencoder)


def make_data(order: Order) -> None:
    folder = order.base / "vae" if order.base else order.place.autoencoder
    model = AutoencoderTiny.from_pretrained(folder)
    model.to(device=order.device)  # type: ignore[call-arg]
    numbers = range(order.chunks)
    write_chunks(order.place, order.course, numbers, model, count=order.effort.chunk)


def make_text(order: Order) -> None:
    tokenizer = CLIPTokenizer.from_pretrained(order.place.tokenizer)
    effort, everything = order.effort, Course(len(THINGS))
    lesson = Lesson(effort.lesson, captions=effort.captions)
    model = new_text_encoder(len(tokenizer))
    if order.base:
        model = grown_text_encoder(order.base / "text_encoder", len(tokenizer))
        lesson = replace(lesson, steps=effort.refresher, batch=64, keep=order.course.known)
    told = teach_text(model, tokenizer, everything, lesson)
    print(f"text: the first object is told in {told:.3f} of captions")
    model.save_pretrained(order.place.text)


def make_denoiser(order: Order) -> None:
    join(order.device)
    recipe = replace(order.recipe, seed=order.recipe.seed + rank())
    examples = read_examples(order.place, order.course.names)
    print(f"denoiser: {len(examples.ideas)} pictures of {order.course.objects} objects", flush=True)
    trainer = _trainer(order, recipe)
    train_denoiser(trainer, examples, order.place.checkpoint("denoiser"), say=_say)


def run_evaluation(order: Order) -> None:
    path = order.place.classifier
    names, effort = order.course.names, order.effort
    if path.exists():
        judge = load_classifier(path)
    else:
        judge = train_classifier(order.course, path, effort.renderings, effort.epochs)
    pipeline = _trained(order)
    questions = Questions(names, order.questions)
    choices = [replace(order.sampling, steps=steps) for steps in (4, 8, 12, 20)]
    choices += [replace(order.sampling, guidance=guidance) for guidance in (1.0, 2.0, 5.0)]
    choices += [replace(order.sampling, steps=8, solver=solver) for solver in ("DPM++", "UniPC")]
    follow = evaluate.follow_prompts(pipeline, judge, questions, order.sampling)
    objects = evaluate.by_object(pipeline, judge, names, order.sampling)
    report = {
        "sampling": vars(order.sampling),
        "chance": chance(judge.names),
        "prompts": follow,
        "objects": objects,
        "claimed": claimed(objects),
        "sampling choices": evaluate.by_sampling(pipeline, judge, questions, choices),
        "diversity": evaluate.diversity(pipeline, names, order.sampling),
        "variation": evaluate.variation(pipeline, names, order.sampling),
        "negative prompt": evaluate.negatives(pipeline, judge, names, order.sampling),
        "weights": evaluate.weights(pipeline, judge, names, order.sampling),
        "cost": evaluate.cost(pipeline, order.sampling),
    }
    save_json(order.place.report("evaluation"), report)
    print(table(follow))
    print(f"evaluation: {order.place.report('evaluation')}")


def run_export(order: Order) -> None:
    """Write the averaged weights and the words that the last evaluation found to come out."""
    report = json.loads(order.place.report("evaluation").read_text(encoding="utf-8"))
    size = export(_trained(order), order.out)
    counts, relations = known_words(report["prompts"])
    names = [name for name in report["claimed"] if name not in order.drop]
    ideas = good_ideas(names, relations)
    words = describe(names, ideas, counts=counts, relations=relations)
    write_vocabulary(order.out, words)
    print(f"export: {size / 1e6:.1f} MB in {order.out}")


def run_sheets(order: Order) -> None:
    """Draw the contact sheets of what was exported, into its folder."""
    words = json.loads((order.out / "vocabulary.json").read_text(encoding="utf-8"))
    pipeline = StableDiffusionPipeline.from_pretrained(order.out, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    write_sheets(pipeline, words, order.sampling, order.out / "sheets")


_STAGES = {
    "tokenizer": make_tokenizer,
    "autoencoder": make_autoencoder,
    "data": make_data,
    "text": make_text,
    "denoiser": make_denoiser,
    "evaluate": run_evaluation,
    "export": run_export,
    "sheets": run_sheets,
    "renderings": make_renderings,
    "captioner": make_captioner,
    "telling": run_telling,
}


def main(arguments: Sequence[str] | None = None) -> None:
    asked = _parser().parse_args(arguments)
    order = Order(
        place=Workplace(asked.place),
        course=Course(asked.objects, asked.known),
        base=asked.base,
        chunks=asked.chunks,
        recipe=Recipe(
            asked.steps,
            asked.decay,
            asked.batch,
            asked.plain,
            foreground=asked.foreground,
            noise_bias=asked.noise_bias,
        ),
        device=asked.device,
        out=asked.out or (asked.place / "pipeline" if asked.trial else _EMBEDDED),
        describer=asked.describer or (asked.place / "describer" if asked.trial else BOX),
        sampling=Sampling(asked.sampling_steps, asked.guidance),
        questions=asked.questions,
        drop=frozenset(asked.drop),
        effort=TRIAL if asked.trial else Effort(),
    )
    order.place.prepare()
    for stage in list(_STAGES) if asked.stage == "all" else [asked.stage]:
        _STAGES[stage](order)


def _trainer(order: Order, recipe: Recipe) -> Trainer:
    unet = new_unet()
    if order.base:
        unet = UNet2DConditionModel.from_pretrained(order.base / "unet").float()
    tokenizer = CLIPTokenizer.from_pretrained(order.place.tokenizer)
    text = CLIPTextModel.from_pretrained(order.place.text, dtype=torch.float32)
    return Trainer(unet, text, tokenizer, recipe, order.device)


def _trained(order: Order) -> StableDiffusionPipeline:
    """The averaged weights of the last checkpoint as a pipeline, in full precision."""
    state = load_tensors(order.place.checkpoint("denoiser"))
    tokenizer = CLIPTokenizer.from_pretrained(order.place.tokenizer)
    unet = new_unet()
    text = CLIPTextModel.from_pretrained(order.place.text, dtype=torch.float32)
    unet.load_state_dict(state["mean_unet"])
    text.load_state_dict(state["mean_text"])
    autoencoder = AutoencoderTiny.from_pretrained(order.place.autoencoder)
    pipeline = assemble(unet, text, tokenizer, autoencoder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _objects(text: str) -> int:
    if not (text.isdecimal() and FEWEST <= int(text) <= len(THINGS)):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of objects from {FEWEST} to {len(THINGS)}"
        )
    return int(text)


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bot.models.training", description=__doc__)
    parser.add_argument("stage", choices=[*_STAGES, "all"])
    home = Path(os.environ.get("EASEL_TRAINING", Path.home() / ".cache" / "easel-training"))
    parser.add_argument("--place", type=Path, default=home, help="workplace (default: %(default)s)")
    parser.add_argument("--base", type=Path, help="pipeline folder to continue from")
    parser.add_argument("--out", type=Path, help="where export writes (default: what is shipped)")
    parser.add_argument(
        "--describer", type=Path, help="where the captioner goes (default: what is shipped)"
    )
    parser.add_argument(
        "--objects", type=_objects, default=40, help="the first N of the vocabulary"
    )
    parser.add_argument(
        "--known", type=int, default=0, help="of these, N are known: fewer pictures"
    )
    parser.add_argument("--chunks", type=int, default=20, help=f"of {CHUNK} pictures each")
    parser.add_argument("--steps", type=int, default=16_000, help="of the denoiser, in all")
    parser.add_argument("--decay", type=int, default=6_000, help="last steps, with a falling rate")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--plain", type=float, default=1.0, help="more of unstyled single objects")
    parser.add_argument(
        "--foreground", type=float, default=0.0, help="errors on objects count more"
    )
    parser.add_argument("--noise-bias", type=float, default=0.75, help="less: more noisy steps")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--sampling-steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--questions", type=int, default=48, help="prompts in each set")
    parser.add_argument(
        "--trial", action="store_true", help="next to nothing of everything: does each stage run?"
    )
    parser.add_argument("--drop", nargs="*", default=[], help="objects not to claim in export")
    return parser


if __name__ == "__main__":
    main()
