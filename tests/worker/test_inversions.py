"""Embeddings in the engine: words that a model was not taught, each by the name of its file."""

from __future__ import annotations

import functools
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bot.domain.errors import RenderFailed
from bot.models.addons import EMBEDDING, Addon
from bot.models.shelf import Shelf, Unused
from bot.models.watch import Watch
from bot.worker import pipelines
from bot.worker.diffusion import DiffusionEngine
from tests.kit import original, small
from tests.kit.shelves import card, drawn, engine, far
from tests.kit.sources import FIRST, SD, weights

pytestmark = pytest.mark.filterwarnings("ignore")

CAT, DOG = 2368, 1929
MODELS = ("sd1", "sdxl", "sd3")


@pytest.fixture(autouse=True, scope="module")
def _hushed() -> None:
    pipelines.hush()


@functools.cache
def pipe_of(model: str) -> Any:
    return small.sd3() if model == "sd3" else small.pipeline(model)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    for name in MODELS:
        save_file(getattr(original, name)(pipe_of(name)), folder / f"{name}.safetensors")
    return folder


@pytest.fixture(scope="module")
def one(shelf: Path) -> DiffusionEngine:
    """Which knows no words but its own."""
    return engine(shelf, *(card(shelf, model) for model in MODELS))


def words_of(model: str, *tokens: int, part: str = "text_encoder") -> torch.Tensor:
    """What these tokens mean to a model."""
    table = getattr(pipe_of(model), part).get_input_embeddings().weight
    return table[list(tokens)].detach().clone()


def test_an_embedding_has_its_meaning_under_its_own_name(one: DiffusionEngine, shelf: Path) -> None:
    words = pipe_of("sd1").text_encoder.get_input_embeddings().weight
    save_file({"emb_params": words[[2368, 1929]].clone()}, shelf / "catdog.safetensors")
    plain, taught = one, engine(shelf, card(shelf, embeddings=("catdog",)))
    text = {"text": "a photo of cat dog"}
    assert np.array_equal(drawn(taught, **text), drawn(plain, **text))
    assert np.array_equal(drawn(taught, text="a photo of catdog"), drawn(plain, **text))
    assert far(drawn(plain, text="a photo of catdog"), drawn(plain, **text)) > 0


def test_an_embedding_that_is_another_now_is_learned_anew(shelf: Path, tmp_path: Path) -> None:
    file, asked = tmp_path / "zorg.safetensors", card(shelf, embeddings=("zorg",))
    one = engine(tmp_path, asked)
    pictures = []
    for number in (CAT, DOG):
        save_file({"emb_params": words_of("sd1", number)}, file)
        one.learn([asdict(replace(asked, revision=f"with {number}"))])
        pictures.append(drawn(one, text="a zorg"))
    assert far(*pictures) > 0
    assert np.array_equal(pictures[1], drawn(engine(tmp_path, asked), text="a zorg"))


def test_an_embedding_for_two_encoders(one: DiffusionEngine, shelf: Path) -> None:
    pipe = pipe_of("sdxl")
    vectors = {
        "clip_l": pipe.text_encoder.get_input_embeddings().weight[[2368]].clone(),
        "clip_g": pipe.text_encoder_2.get_input_embeddings().weight[[2368]].clone(),
    }
    save_file(vectors, shelf / "purring.safetensors")
    taught = engine(shelf, card(shelf, "sdxl", embeddings=("purring",)))
    assert np.array_equal(drawn(taught, "sdxl", text="a purring"), drawn(one, "sdxl", text="a cat"))


@pytest.mark.parametrize(
    ("model", "name", "words"),
    [
        ("sd1", "nobody", "The model sd1 is to know nobody, which is no embedding beside it."),
        ("sd1", "cat", "The embedding cat is called as a word is: rename its file."),
        ("sd1", "wrongsize", "The embedding wrongsize does not fit the model sd1."),
        ("sd3", "wrongsize", "The embedding wrongsize does not fit the model sd3."),
    ],
)
def test_an_embedding_that_cannot_be_used_is_a_sentence(
    shelf: Path, model: str, name: str, words: str
) -> None:
    for key in ("wrongsize", "cat"):
        save_file({"emb_params": torch.ones(1, 5)}, shelf / f"{key}.safetensors")
    with pytest.raises(RenderFailed) as caught:
        drawn(engine(shelf, card(shelf, model, embeddings=(name,))), model)
    assert (caught.value.code, str(caught.value)) == ("model_missing", words)


def by_gal(vectors: torch.Tensor) -> dict[str, Any]:
    table = torch.nn.ParameterDict({"*": torch.nn.Parameter(vectors)})
    return {"string_to_token": {"*": torch.tensor(265)}, "string_to_param": table}


FORMS: dict[str, Any] = {
    "WebUI.pt": lambda vectors: {
        "string_to_token": {"*": 265},
        "string_to_param": {"*": vectors},
        "name": "catdog",
        "step": 5000,
        "sd_checkpoint_name": None,
    },
    "bygal.pt": by_gal,
    "bydiffusers.bin": lambda vectors: {"<cat.dog>": vectors},
    "halved.BIN": lambda vectors: {"emb_params": vectors.half()},
}


@pytest.mark.parametrize(("name", "old"), [*((name, False) for name in FORMS), ("WebUI.pt", True)])
def test_an_embedding_may_be_a_pickle(
    one: DiffusionEngine, shelf: Path, name: str, old: bool
) -> None:
    held = FORMS[name](words_of("sd1", CAT, DOG))
    torch.save(held, shelf / name, _use_new_zipfile_serialization=not old)
    key = name.partition(".")[0]
    [listed] = Shelf(shelf).everything(lambda there: there == name)
    assert listed == Addon(key, shelf / name, EMBEDDING, (), {})
    taught = engine(shelf, card(shelf, embeddings=(key,)))
    expected = drawn(one, text="a photo of cat dog")
    for said in (key, key.lower()):
        picture = drawn(taught, text=f"a photo of {said}")
        assert far(picture, expected) < (0.1 if "half" in name else 1e-9)
    assert far(drawn(taught, text="a photo of"), expected) > 0.2


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_several_vectors_for_two_encoders(one: DiffusionEngine, shelf: Path, suffix: str) -> None:
    vectors = {
        "clip_l": words_of("sdxl", CAT, DOG),
        "clip_g": words_of("sdxl", CAT, DOG, part="text_encoder_2"),
    }
    file = shelf / f"Pair{suffix}.{suffix}"
    torch.save(vectors, file) if suffix == "pt" else save_file(vectors, file)
    taught = engine(shelf, card(shelf, "sdxl", embeddings=(file.stem,)))
    expected = drawn(one, "sdxl", text="a cat dog")
    assert np.array_equal(drawn(taught, "sdxl", text=f"a {file.stem}"), expected)


def test_a_pickle_that_is_replaced_is_noticed(tmp_path: Path) -> None:
    weights(tmp_path / "painter.safetensors", {FIRST: [320, 4, 3, 3], SD: [320, 768]})
    (tmp_path / "painter.toml").write_text('embeddings = ["style"]')
    watch, seen = Watch(Shelf(tmp_path), "", {}), []
    for width in (768, 768, 1024):
        torch.save({"<x>": torch.ones(2, width)}, tmp_path / "style.bin")
        os.utime(tmp_path / "style.bin", ns=(0, len(seen)))
        look = [look for look in (watch.look(), watch.look()) if look][-1]
        [model], [addon] = look.others, look.addons
        assert list(model.notices) == []
        seen.append((model.card.revision, addon.fits))
    assert len({revision for revision, _ in seen}) == 3
    assert [fits for _, fits in seen] == [("sd1",), ("sd1",), ("sd2",)]


class Harm:
    """Whoever unpickles it makes a folder."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._file),)


@pytest.mark.parametrize("old", [False, True])
def test_nothing_in_a_pickle_is_run(shelf: Path, tmp_path: Path, old: bool) -> None:
    trap = tmp_path / "sprung"
    held = {"string_to_param": {"*": words_of("sd1", CAT)}, "name": Harm(trap)}
    torch.save(held, shelf / "bad.pt", _use_new_zipfile_serialization=not old)
    with pytest.raises(RenderFailed, match="is to know bad, which is no embedding beside it"):
        drawn(engine(shelf, card(shelf, embeddings=("bad",))))
    [listed] = Shelf(shelf).everything(lambda name: name == "bad.pt")
    assert listed == Unused(
        "bad.pt",
        "holds more than weights (posix.mkdir), which is not run: take it as .safetensors, "
        "or from another source",
    )
    assert not trap.exists()


def test_vectors_that_are_no_numbers_are_not_laid_at_the_models_door(shelf: Path) -> None:
    torch.save({"<x>": words_of("sd1", CAT) * torch.inf}, shelf / "endless.bin")
    with pytest.raises(RenderFailed) as caught:
        drawn(engine(shelf, card(shelf, embeddings=("endless",))))
    assert str(caught.value) == "The embedding endless is damaged: it holds what are no numbers."
