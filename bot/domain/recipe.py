"""A recipe as a file: everything that draws a picture again, readable, for people and for Easel.

Whoever gets one may have changed it, so nothing in it is believed: what no prompt could have asked
for is refused. Knows requests; neither models that are here nor who may see what.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import InvalidPrompt, InvalidRecipe
from bot.domain.language import N_, _
from bot.domain.request import GenerationRequest
from bot.domain.soundness import require_sound

FORMAT = "easel recipe"
VERSION = 1
LARGEST = 256 << 10
"""Bytes of a file."""
LINEAGE = 16
"""Ancestors that are named at most."""
_CHECK = "check"
_ID = re.compile(r"[0-9a-f]{32}")
_NONE = N_(
    "This file is no recipe of Easel's: take one that *Recipe* in the menu of a picture gave."
)
_CHANGED = N_("This recipe was changed since it was written, so it is not drawn: ask for it anew.")


@dataclass(frozen=True)
class Origins:
    """Where a recipe is from: the `job` of which it draws the pictures again, and which of them it
    is about (0: all); `lineage` are its ancestors, nearest first, each with what was done to it."""

    job: str = ""
    picture: int = 0
    lineage: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Drawer:
    """What drew it: a model, by what people call it and by its file's name and `fingerprint`, and
    the `engine` in words; `easel` is the version."""

    model: str = ""
    file: str = ""
    fingerprint: str = ""
    engine: str = ""
    easel: str = ""


@dataclass(frozen=True)
class Recipe:
    """`request` is all that is drawn by; the rest says where it is from."""

    request: GenerationRequest
    origins: Origins
    drawer: Drawer

    def file(self) -> bytes:
        """UTF-8 JSON. What is for people alone comes first."""
        request, drawer = self.request, self.drawer
        said = {
            "format": FORMAT,
            "version": VERSION,
            "easel": drawer.easel,
            "prompt": str(request.prompt),
            "model": {"id": request.model, "name": drawer.model, "file": drawer.file,
                      "fingerprint": drawer.fingerprint},
            "engine": drawer.engine,
            "size": str(request.size),
            "steps": request.sampling.steps,
            "guidance": request.sampling.guidance,
            "sampler": request.sampling.sampler,
            "seed": request.seed,
            "seeds": request.seeds,
            "job": self.origins.job,
            "picture": self.origins.picture,
            "lineage": [list(each) for each in self.origins.lineage],
            "request": request.to_json(),
        }  # fmt: skip
        whole = {**said, _CHECK: _sum(said)}
        return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()

    @classmethod
    def read(cls, data: bytes) -> Recipe:
        """What `file` made, of this version. Raises InvalidRecipe for anything else."""
        said = _object(data)
        try:
            recipe = _recipe(said)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
            raise InvalidRecipe(_("This recipe is damaged and cannot be read.")) from None
        except InvalidPrompt:
            raise InvalidRecipe(_("The prompt in this recipe cannot be read.")) from None
        if _sum({name: said[name] for name in said if name != _CHECK}) != said.get(_CHECK):
            raise InvalidRecipe(_(_CHANGED))
        require_sound(recipe.request)
        return recipe


def _object(data: bytes) -> dict[str, Any]:
    """Of a version that can be read."""
    if len(data) > LARGEST:
        raise InvalidRecipe(too_large(len(data)))
    try:
        said = json.loads(data.decode(), parse_constant=_no_number)
        json.dumps(said, ensure_ascii=False).encode()  # half a character is no text
    except (ValueError, RecursionError):
        raise InvalidRecipe(_(_NONE)) from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise InvalidRecipe(_(_NONE))
    version = said.get("version")
    if isinstance(version, int) and version > VERSION:
        raise InvalidRecipe(
            _(
                "This recipe was written by a newer Easel ({easel}); this one reads version"
                " {version}: it has to be updated first.",
                easel=repr(str(said.get("easel"))[:20]),
                version=VERSION,
            )
        )
    if version != VERSION:
        raise InvalidRecipe(_(_NONE))
    return said


def too_large(length: int) -> str:
    """The refusal of a file of so many bytes."""
    return _(
        "This file has {size} KiB and a recipe at most {most}: it is none.",
        size=format(length / 1024, ".0f"),
        most=LARGEST >> 10,
    )


def _no_number(name: str) -> float:
    raise ValueError(name)


def _recipe(said: Mapping[str, Any]) -> Recipe:
    model = said["model"]
    drawer = Drawer(
        *(str(model[name])[:200] for name in ("name", "file", "fingerprint")),
        *(str(said[name])[:200] for name in ("engine", "easel")),
    )
    lineage = tuple((str(id), str(action)) for id, action in said["lineage"][:LINEAGE])
    job = str(said["job"])
    if job and not _ID.fullmatch(job):
        raise ValueError(job)
    origins = Origins(job, int(said["picture"]), lineage)
    return Recipe(GenerationRequest.from_json(said["request"]), origins, drawer)


def _sum(said: Mapping[str, Any]) -> str:
    """Of everything that a recipe says, however it is laid out."""
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()
