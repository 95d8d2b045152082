"""What pictures show: by the model in the box, and by an operator's own."""

from __future__ import annotations

import functools
import io
import json
import shutil
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from bot.domain.errors import RenderFailed
from bot.engine.seam import CAPTIONS, Answer, Question
from bot.models import describer
from bot.models.cards import EMBEDDED_CARD
from bot.worker.describing import Captioner, Describing
from bot.worker.diffusion import DiffusionEngine
from bot.worker.questions import Asked, Forgotten
from tests.kit import captioners
from tests.kit.workers import attempt
from tests.worker.test_painter import Studio, ask
from tests.worker.test_questions import result

THINGS = ("fox", "castle", "pizza", "rocket", "tree")


def question(picture: Image.Image | bytes, count: int = 4, besides: Sequence[str] = ()) -> Question:
    if isinstance(picture, Image.Image):
        file = io.BytesIO()
        picture.save(file, "PNG")
        picture = file.getvalue()
    return Question(CAPTIONS, "", {"count": count, "besides": list(besides)}, (picture,))


def captions(describing: Any, asked: Question) -> list[str]:
    return result(describing.answer(asked))["captions"]


@functools.cache
def boxed() -> DiffusionEngine:
    engine = DiffusionEngine({EMBEDDED_CARD.id: EMBEDDED_CARD}, device="cpu")
    engine.load(EMBEDDED_CARD.id, lambda text: None)
    return engine


def drawn(engine: DiffusionEngine, text: str, seed: int) -> Image.Image:
    """One picture as somebody would get it."""
    wanted = {"text": text, "seeds": [seed], "count": 1, "width": 128, "height": 128, "steps": 8}
    one = attempt("one", (0,), model=EMBEDDED_CARD.id, **wanted)
    run = engine.begin(one, lambda event: None, lambda: False)
    while not run.done:
        engine.step([run])
    [picture] = engine.retire(run)
    return picture


@captioners.needs_box
def test_the_model_in_the_box_names_what_the_embedded_one_draws() -> None:
    named = 0
    for seed, thing in enumerate(THINGS, 40):
        found = captions(boxed(), question(drawn(boxed(), f"a {thing} in the forest", seed)))
        assert len({each.casefold() for each in found}) == 4
        named += thing in found[0]
    assert named >= 4


@captioners.needs_box
def test_others_are_others_again_and_again() -> None:
    picture = drawn(boxed(), "a fox in the snow", 3)
    known: list[str] = []
    for _ in range(3):
        found = captions(boxed(), question(picture, besides=known))
        assert len(found) == 4
        assert not {each.casefold() for each in found} & {each.casefold() for each in known}
        known += found


@pytest.mark.parametrize("kind", describer.KINDS)
def test_a_model_of_an_operator_is_asked(kind: str, tmp_path: Path) -> None:
    folder = captioners.write(kind, tmp_path / "own")
    engine = DiffusionEngine({}, device="cpu", more={"describe": str(folder)})
    picture = Image.effect_noise((70, 50), 90).convert("RGB")
    found = captions(engine, question(picture))
    assert len(set(found)) == 4
    captioner = engine._describing._captioner
    assert captioner is not None
    assert captioner._model.config.model_type == kind
    assert captioner._most <= 38


def test_its_likeliest_caption_depends_on_its_weights(tmp_path: Path) -> None:
    folder = captioners.write("vision-encoder-decoder", tmp_path / "own")
    captioner = Captioner(folder)
    picture = Image.new("RGB", (40, 40), "red")
    head = captioner._model.get_output_embeddings()
    [fox] = captioner._words("fox", add_special_tokens=False).input_ids
    with torch.no_grad():
        head.weight.zero_()
        captioner._model.decoder.transformer.ln_f.bias.fill_(1.0)
        head.weight[fox] = 1.0
    [first] = result(captioner.captions(picture, 1, ()))
    assert set(first.split()) == {"fox"}


def broken(folder: Path, how: str) -> None:
    weights = folder / "model.safetensors"
    match how:
        case "no weights":
            weights.unlink()
        case "cut off":
            weights.write_bytes(weights.read_bytes()[:-1000])
        case "another kind":
            (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
        case "no words":
            (folder / "tokenizer_config.json").unlink()
        case "other sizes":
            config = json.loads((folder / "config.json").read_text())
            config["decoder"]["n_embd"] = 64
            (folder / "config.json").write_text(json.dumps(config))
        case "no folder":
            shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("no weights", "holds no weights"),
        ("cut off", "is cut off"),
        ("another kind", "of the kind llama; take one of blip, git"),
        ("no words", "holds no tokenizer_config.json"),
        ("other sizes", "not the weights that its config.json speaks of"),
        ("no folder", "is no folder"),
    ],
)
def test_what_is_wrong_with_a_folder_is_one_sentence(how: str, said: str, tmp_path: Path) -> None:
    folder = captioners.write("vision-encoder-decoder", tmp_path / "own")
    broken(folder, how)
    describing = Describing(str(folder))
    picture = Image.new("RGB", (40, 40), "red")
    with pytest.raises(RenderFailed, match=said) as failed:
        captions(describing, question(picture))
    assert failed.value.code == "model_missing"
    assert str(tmp_path) not in str(failed.value)
    if how == "no folder":  # and it may have been mended
        captioners.write("vision-encoder-decoder", folder)
        assert len(captions(describing, question(picture))) == 4


@pytest.mark.parametrize("data", [b"", b"no picture"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(RenderFailed, match="cannot be read") as failed:
        captions(Describing(""), question(data))
    assert failed.value.code == "bad_input"


def test_drawings_go_on_meanwhile_and_what_nobody_waits_for_is_forgotten() -> None:
    said: list[int] = []

    def answer(asked: Question) -> Generator[None, None, Answer]:
        for number in range(9):
            said.append(number)
            yield
        return {"captions": []}

    studio = Studio()
    studio.engine.answer = answer
    studio.order(ask("a", 4), Asked(1, question(b"x"))).turns(2)
    assert studio.engine.steps == ["a", "a"]
    assert said == [0, 1]
    studio.order(Forgotten(1))
    assert studio.until_done() == "a a a a"
    assert len(said) < 4
    assert studio.of("answer") == []
    assert studio.engine.loads == ["embedded after 0"]
