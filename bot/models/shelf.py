"""The models that lie in MODELS_DIR: which of its files and folders are models, and what each is.

Reads names, headers, configs and NAME.toml, never weights. Nothing that lies there raises: what is
damaged, half copied or of another kind is told as unused. Knows files; not workers or users.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.models import addons, cards, facts, families, overrides, parts, pickles, single
from bot.models.addons import Addon
from bot.models.cards import EMBEDDED_CARD, ModelCard
from bot.models.facts import Facts, UnfitFile

_CONFIGS = "configs"
"""A folder of that name is where configs of single files are looked for."""


@dataclass(frozen=True)
class Model:
    """`key` is the shortest text for MODEL that means it. `own` are the operator's values, by field
    of the card, which has them; `troubles` are sentences about a file of them that does not hold,
    `rough` is one about previews, or empty, and `lacking` are some about what it is to be drawn
    with and is not there: it cannot be drawn with.
    """

    key: str
    card: ModelCard
    own: Mapping[str, Any]
    troubles: Sequence[str] = ()
    rough: str = ""
    lacking: Sequence[str] = ()

    @property
    def notices(self) -> Sequence[str]:
        """A sentence about each of the operator's values that has no effect."""
        return [*self.troubles, *self.lacking, *filter(None, [self.card.caveat, self.rough])]

    def disk_bytes(self) -> int | None:
        """What its files weigh; None where they are not on this disk."""
        path = Path(self.card.source).expanduser()
        try:
            if path.is_dir():
                return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            return path.stat().st_size
        except OSError:
            return None


@dataclass(frozen=True)
class Unused:
    """What lies there and is no model that can be drawn with; `why` completes its name."""

    name: str
    why: str


class Shelf:
    """The folder is read anew by every method, so that what came since is seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def everything(self, wanted: Callable[[str], bool] = bool) -> list[Model | Addon | Unused]:
        """By name, every model that can be drawn with, what models are drawn with, and what looks
        like either; nothing is read of what has another name than the `wanted` ones."""
        return list(self._everything(wanted))

    def model(self, text: str, own: Mapping[str, Any]) -> Model:
        """The model that a MODEL setting means, with `own` above what its NAME.toml says.

        What exists as a path, and the embedded model's name, mean what they say; of the rest,
        whatever is not here is a repository of the hub. A file that cannot be used is a model too:
        a worker says why, and again until it can.
        """
        sources = _sources(self._entries())
        path = _meant(text, sources)
        if path is None:
            card = cards.card_for(text, own)
            return Model(text or card.id, card, own)
        said = overrides.read(_beside(path))
        values = {**said.fields, **own}
        card = cards.card_for(str(path), values)
        rough = self._rough(card, cards.facts_at(path) if card.preview else None)
        return Model(_key(path, sources), card, values, said.troubles, rough, self.lacking(card))

    def refusal(self, text: str) -> str:
        """Why what a MODEL setting means is no model, as far as that can be told without a worker;
        empty for a model, and for what is not on this disk."""
        for one in self._found(text):
            if isinstance(one, Addon):
                return f"{one.path.name} is a {one.kind}: models are drawn with it."
            if isinstance(one, Unused):
                return f"{one.name} {one.why}."
        return ""

    def _found(self, text: str) -> Iterator[Model | Addon | Unused]:
        if text in ("", EMBEDDED_CARD.id):
            return
        path = _meant(text, _sources(self._entries()))
        if path is None and _sources([Path(text)]):
            path = Path(text)
        if path:
            yield self._opened(path, text)
        else:
            yield from self._everything(lambda name: text in (name, Path(name).stem))

    def _entries(self) -> list[Path]:
        try:
            there = sorted(self.folder.iterdir(), key=lambda path: path.name.lower())
        except OSError:
            return []
        return [path for path in there if not path.name.startswith(".")]

    def _everything(self, wanted: Callable[[str], bool]) -> Iterator[Model | Addon | Unused]:
        there = self._entries()
        sources = _sources(there)
        names = {facts.name_of(path.name) for path in sources}
        for path in filter(lambda path: wanted(path.name), there):
            if why := passed_over(path):
                yield Unused(facts.readable(path.name), why)
            elif path in sources:
                yield self._opened(path, _key(path, sources))
            elif (path.is_dir() or path.suffix.lower() in pickles.SUFFIXES) and (
                addon := addons.opened(path)
            ):
                yield addon
            elif path.suffix.lower() == overrides.SUFFIX and path.stem not in names:
                yield Unused(path.name, f"has no effect: there is no model {path.stem} beside it")
            elif path.suffix.lower() in pickles.SUFFIXES and os.path.isfile(path):
                yield Unused(path.name, addons.why_not(path))

    def _opened(self, path: Path, key: str) -> Model | Addon | Unused:
        if addon := addons.opened(path):
            return addon
        try:
            found = _read(path)
        except UnfitFile as error:
            return Unused(path.name, str(error))
        except OSError as error:
            return Unused(path.name, f"cannot be read: {error.strerror}")
        said = overrides.read(_beside(path))
        card = replace(cards.card_from(str(path), found), **said.fields)
        rough, lacking = self._rough(card, found), self.lacking(card)
        return Model(key, card, said.fields, said.troubles, rough, lacking)

    def lacking(self, card: ModelCard) -> Sequence[str]:
        """A sentence about each thing that a model is to be drawn with and that is not there."""
        wanted = [
            *((addons.DECODER, name) for name in filter(None, [card.vae])),
            *((addons.EMBEDDING, name) for name in card.embeddings),
            *((addons.LORA, name) for name in card.loras),
        ]
        folders = self._folders(card)
        return [
            f"There is no {kind} {name} beside the model {card.name}, which is to be drawn with it."
            for kind, name in wanted
            if addons.named(folders, kind, name) is None
        ]

    def _rough(self, card: ModelCard, found: Facts | None) -> str:
        """A sentence about a decoder for previews that does not act."""
        if not card.preview:
            return ""
        one = addons.named(self._folders(card), addons.PREVIEWER, card.preview)
        return addons.unfit(one, card.preview, replace(found or Facts("", ""), name=card.name))

    def _folders(self, card: ModelCard) -> list[Path]:
        """Where lies what it is drawn with: beside it, or here."""
        return [Path(card.source).parent, self.folder]


def _sources(there: Collection[Path]) -> list[Path]:
    """What may be a model: single files, and folders that are not the configs of one."""
    there = list(filter(facts.is_named, there))
    files = [p for p in there if facts.is_single_file(p.name) and os.path.isfile(p)]
    folders = [path for path in there if os.path.isfile(path / facts.INDEX)]
    return files + [path for path in folders if not _is_configs(path, files)]


def passed_over(path: Path) -> str:
    """Why what lies there is not looked at, where somebody may think that it is; completes its
    name. Empty for what is, and for what is nobody's business."""
    if not facts.is_named(path):
        return "has letters in its name that are not UTF-8: rename it"
    if path.is_symlink() and not os.path.exists(path):
        return "is a link that leads nowhere, or where this user may not look"
    if path.name == _CONFIGS or os.path.isfile(path / facts.INDEX):
        return ""
    config = facts.config_in(path)
    if "model_type" in config or config.get("_class_name") == addons.TINY:
        return ""  # a model of transformers, for something else than drawing; or one for previews
    if not (found := parts.stray(path)):
        return ""
    return (
        f"is a folder without {facts.INDEX}, so {found} in it is not looked at: move that up, or "
        "copy the folder again"
    )


def _is_configs(folder: Path, files: Collection[Path]) -> bool:
    """Where a worker looks for what single files lack, and finds nothing else."""
    named = [file for file in files if file.stem == folder.name]
    rest = any(map(facts.is_gguf, named)) or (named and not parts.has_denoiser(folder))
    return folder.name == _CONFIGS or bool(rest)


def _meant(text: str, sources: Collection[Path]) -> Path | None:
    """A whole name means that file or folder; of two files of one stem, the .safetensors."""
    if text in ("", EMBEDDED_CARD.id):
        return None
    if os.path.exists(text):
        return next((path for path in sources if _is_same(path, text)), None)
    named = [path for path in sources if path.name == text]
    stemmed = [path for path in sources if facts.name_of(path.name) == text]
    stemmed.sort(key=lambda path: path.suffix.lower(), reverse=True)
    return next(iter(named + stemmed), None)


def _key(path: Path, sources: Collection[Path]) -> str:
    texts = (facts.name_of(path.name), path.name)
    return next((text for text in texts if _meant(text, sources) == path), str(path))


def _is_same(path: Path, text: str) -> bool:
    try:
        return path.samefile(text)
    except OSError:  # moved away meanwhile
        return False


def _beside(path: Path) -> Path:
    """What its operator says of it, with an ending in capitals if need be."""
    said = path.with_name(facts.name_of(path.name) + overrides.SUFFIX)
    loud = said.with_suffix(overrides.SUFFIX.upper())
    return loud if os.path.isfile(loud) and not os.path.isfile(said) else said


def _folder_of(path: Path) -> Path:
    """Of the configs of a single file."""
    return path.with_name(facts.name_of(path.name))


def _read(path: Path) -> Facts | None:
    """What its files say; None where only a worker reads them. Raises UnfitFile, OSError."""
    if path.is_dir():
        found = parts.of_whole(path)
    else:
        shapes = facts.shapes_in(path)
        if shapes is None:
            held = pickles.read(path)
            if why := single.no_checkpoint(held.texts):
                raise UnfitFile(held.harm or why)
            if not held.shapes:
                return None
            shapes = held.shapes
        if why := single.no_model(shapes):
            raise UnfitFile(why)
        if single.is_strange(shapes) and not os.path.isfile(_folder_of(path) / facts.INDEX):
            raise UnfitFile(single.STRANGE.format(name=_folder_of(path).name))
        found = cards.of_single(path, shapes)
    if found and (why := families.unfit(found)):
        raise UnfitFile(why)
    return found
