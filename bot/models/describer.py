"""The model that says what pictures show: the one in the box, or a folder in transformers' format.

Reads names, small JSON files and the headers of weights, never weights; not torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.models import facts
from bot.models.facts import UnfitFile

BOX = Path(__file__).parent / "captioner"
KINDS: Mapping[str, str] = {
    "blip": "BLIP", "git": "GIT", "vision-encoder-decoder": "an encoder with a decoder",
}  # fmt: skip
"""What transformers calls those that caption a picture without being told how."""
_WEIGHTS = (".safetensors", ".bin")
_NEEDED = {
    "preprocessor_config.json": "how it wants its pictures",
    "tokenizer_config.json": "its words",
}


def folder_of(named: str) -> Path:
    """Of the setting; the box's where it names none."""
    return Path(named) if named else BOX


def require_whole(folder: Path) -> str:
    """The kind of model that is all there. Raises UnfitFile, whose text completes its name."""
    if not folder.is_dir():
        raise UnfitFile("is no folder; name one with a transformers image-to-text model")
    kind = facts.config_in(folder).get("model_type")
    if not kind:
        raise UnfitFile("holds no config.json that names a model; name another folder")
    if kind not in KINDS:
        raise UnfitFile(f"holds a model of the kind {kind}; take one of {', '.join(KINDS)}")
    for name, what in _NEEDED.items():
        if not (folder / name).is_file():
            raise UnfitFile(f"holds no {name}, which says {what}; download it again")
    _require_weights(folder)
    return str(kind)


def _require_weights(folder: Path) -> None:
    weights = [each for each in sorted(folder.iterdir()) if each.suffix in _WEIGHTS]
    if not weights:
        raise UnfitFile("holds no weights, such as model.safetensors; download it again")
    for file in weights:
        try:
            if file.suffix == facts.SAFETENSORS:
                facts.shapes_in(file)
        except UnfitFile as unfit:
            raise UnfitFile(f"holds a {file.name} that {unfit}") from None
