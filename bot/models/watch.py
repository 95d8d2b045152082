"""What lies in MODELS_DIR from one look to the next: what came is taken when it is whole.

A file or folder counts as whole when sizes and times are what they were at the look before, and
what stands in its headers does not speak against it (`bot.models.shelf`). There is no waiting for
the system's word of a change: network drives give none, and it tells that something is written,
not that it is whole. Reads names, sizes, times and headers, never weights. Knows no workers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.models import addons, facts, overrides, shelf
from bot.models.addons import Addon
from bot.models.cards import EMBEDDED
from bot.models.shelf import Model, Shelf, Unused

Found = Model | Addon | Unused
Stamp = tuple[tuple[str, int, int], ...]
"""Files by name, each with its bytes and its time in nanoseconds."""


@dataclass(frozen=True)
class Look:
    """`default` is the model of the MODEL setting, wherever it lies; `others` lie in the folder, as
    do the `addons` and what is `unused`. Where it lies elsewhere, what is `beside` it is for it
    alone."""

    default: Model
    others: Sequence[Model]
    addons: Sequence[Addon]
    unused: Sequence[Unused]
    beside: Sequence[Addon] = ()


class Watch:
    """`text` is the MODEL setting, `own` are the operator's values for it. The first look takes
    what is there as it is; later ones what has settled. Who calls `look` waits for the disk."""

    def __init__(self, shelf: Shelf, text: str, own: Mapping[str, Any]) -> None:
        self._shelf = shelf
        self._text = text
        self._own = own
        self._seen: dict[str, Stamp] | None = None
        self._taken: dict[str, Stamp] = {}
        self._found: dict[str, list[Found]] = {}
        self._default: Model | None = None
        self._disk = 0
        self._elsewhere: Stamp = ()

    def look(self) -> Look | None:
        """What there is now; None where that is what it was.

        A folder that cannot be read, or is empty because its drive is not there, changes nothing.
        """
        now, elsewhere = self._stamps(), self._stamp_beside()
        first = self._seen is None
        if now is None and not first:
            return self._told(self._taken) if elsewhere != self._elsewhere else None
        now, before = now or {}, self._seen if self._seen is not None else now or {}
        self._seen = now
        settled = {name: stamp for name, stamp in now.items() if before.get(name) == stamp}
        gone = self._taken.keys() - now.keys() - before.keys()
        same = not gone and settled.items() <= self._taken.items()
        if not first and same and elsewhere == self._elsewhere:
            return None
        self._take(settled, gone)
        return self._told(settled)

    def _stamps(self) -> dict[str, Stamp] | None:
        """Of every model with what belongs to it, by its stem; None while the drive is away."""
        stamps: dict[str, Stamp] = {}
        try:
            disk = os.stat(self._shelf.folder).st_dev
            for name, stamp in sorted(_entries(self._shelf.folder)):
                stem = _stem(name)
                stamps[stem] = stamps.get(stem, ()) + stamp
        except OSError:
            return None
        if not stamps and self._taken and disk != self._disk:
            return None
        self._disk = disk
        return stamps

    def _take(self, settled: Mapping[str, Stamp], gone: set[str]) -> None:
        for name in gone:
            del self._taken[name]
            self._found.pop(name, None)
        new = {
            name: stamp
            for name, stamp in settled.items()
            if self._taken.get(name) != stamp or not _is_of_use(self._found[name])
        }
        self._taken |= new
        self._found |= {name: [] for name in new}
        for one in self._shelf.everything(lambda name: _stem(name) in new):
            name = _stem(_name(one))
            self._found[name].append(_dated(one, new[name]))

    def _told(self, settled: Mapping[str, Stamp]) -> Look:
        everything = [one for name in sorted(self._found) for one in self._found[name]]
        models = [self._completed(one) for one in everything if isinstance(one, Model)]
        self._default = self._newest_default(models, settled)
        self._elsewhere = self._stamp_beside()
        return Look(
            self._default,
            [one for one in models if one.card.id != self._default.card.id],
            [one for one in everything if isinstance(one, Addon)],
            [one for one in everything if isinstance(one, Unused)],
            list(addons.inside(folder)) if (folder := self._apart()) else (),
        )

    def _stamp_beside(self) -> Stamp:
        """Of what lies beside the default, where that is elsewhere."""
        folder = self._apart()
        return addons.stamp(folder) if folder else ()

    def _apart(self) -> Path | None:
        """The folder of the default, if it is another one."""
        path = Path(self._default.card.source).expanduser() if self._default else EMBEDDED
        if path == EMBEDDED or not path.exists():
            return None
        try:
            same = path.parent.samefile(self._shelf.folder)
        except OSError:
            same = False
        return None if same else path.parent

    def _completed(self, model: Model) -> Model:
        """Of another revision where what it is opened with beside its own files is another, and
        lacking what is gone."""
        card = model.card
        model = replace(model, lacking=self._shelf.lacking(card))
        named = [facts.name_of(name) for name in (card.vae, card.preview, *card.embeddings) if name]
        kinds = _TAKEN_UP.get(card.family, ())
        there = (name for name, found in self._found.items() if any(_is_of(kinds, found)))
        parts = [(name, self._taken.get(name)) for name in (*named, *sorted(there))]
        if not parts:
            return model
        return _of_revision(model, _digest((card.revision, parts)))

    def _newest_default(self, models: Sequence[Model], settled: Mapping[str, Stamp]) -> Model:
        """It stays what it was while it is being written."""
        if self._default is not None:
            stem = _stem(Path(self._default.card.source).name)
            if stem in self._taken and stem not in settled:
                return self._default
        found = self._shelf.model(self._text, self._own)
        same = next((one for one in models if one.card.id == found.card.id), None)
        return _of_revision(found, same.card.revision) if same else found


def _entries(folder: Path) -> Iterator[tuple[str, Stamp]]:
    """Of files and of folders in diffusers' format, by name. Raises OSError for the folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if stamp := tuple(sorted(_files(entry))):
                yield entry.name, stamp


def _files(entry: os.DirEntry[str]) -> Iterator[tuple[str, int, int]]:
    if os.path.isfile(entry.path):  # the entry's own word for it fails at a link that leads nowhere
        paths = [entry.path]
    elif os.path.isfile(os.path.join(entry.path, facts.INDEX)):
        paths = [os.path.join(at, name) for at, _, names in os.walk(entry.path) for name in names]
    else:
        if shelf.passed_over(Path(entry.path)):
            yield entry.name, 0, 0
        return
    for path in paths:
        try:
            found = os.stat(path)
        except OSError:  # moved away meanwhile, or a link that leads nowhere
            continue
        yield os.path.relpath(path, os.path.dirname(entry.path)), found.st_size, found.st_mtime_ns


def _stem(name: str) -> str:
    """What a model is called, and what belongs to it: its NAME.toml, the configs beside it."""
    name = facts.readable(name)
    if name.lower().endswith(overrides.SUFFIX):
        return name[: -len(overrides.SUFFIX)]
    return facts.name_of(name)


def _name(one: Found) -> str:
    """Of the file or folder."""
    match one:
        case Model(card=card):
            return Path(card.source).name
        case Addon(path=path):
            return path.name
    return one.name


def _is_of_use(found: Sequence[Found]) -> bool:
    return not all(isinstance(one, Unused) for one in found)


def _dated(one: Found, stamp: Stamp) -> Found:
    if not isinstance(one, Model):
        return one
    files = [file for file in stamp if not file[0].lower().endswith(overrides.SUFFIX)]
    return _of_revision(one, _digest(files))


def _digest(said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]


_PIECES = (addons.DECODER, addons.CLIP, addons.T5)
_SIGHT = (addons.IP_ADAPTER, addons.EYE)
_TAKEN_UP = {"sd": _SIGHT, "sdxl": _SIGHT, "sd3": _PIECES, "flux": _PIECES}
"""What models of a family are opened with where it lies there, whether or not somebody named it."""


def _is_of(kinds: Collection[str], found: Sequence[Found]) -> Iterator[bool]:
    return (isinstance(one, Addon) and one.kind in kinds for one in found)


def _of_revision(model: Model, revision: str) -> Model:
    return replace(model, card=replace(model.card, revision=revision))
