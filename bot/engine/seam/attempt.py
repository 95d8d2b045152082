"""What is to be drawn, and what is said of it while it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Attempt:
    """One try at drawing the pictures `indices` (0-based) of a job.

    `no` is the fencing token. `request` is plain data in which "source", where present, is the
    content hash (sha256 hex) of the source picture; `inputs` maps such hashes to the encoded bytes
    of the picture. `upload_limit` asks for a picture to be posted of at most so many bytes, made of
    all pictures together; 0 asks for none. Attempts of one `person`, a name that means nothing
    here, take turns as one. The more work they had `before`, as a multiple of this one's, the
    longer it may be paused for others.
    """

    job: str
    no: int
    model: str
    indices: tuple[int, ...]
    request: Mapping[str, Any]
    inputs: Mapping[str, bytes] = field(default_factory=dict)
    upload_limit: int = 0
    person: str = ""
    before: float = 0.0


# What a running attempt says. `t` is the worker's monotonic time in seconds.


@dataclass(frozen=True)
class LoadingModel:
    """The model is being loaded; `text` is a few words about it."""

    text: str
    t: float = 0.0


@dataclass(frozen=True)
class Begun:
    """Everything is loaded and the first step follows: from here on a death is this job's.

    Said again where the model had to be loaded once more meanwhile, and after a pause.
    """

    t: float = 0.0


@dataclass(frozen=True)
class Paused:
    """Others make their steps first: until it has `Begun` again, a death is theirs."""

    t: float = 0.0


@dataclass(frozen=True)
class Progress:
    """Step `step` of `of` is done."""

    step: int
    of: int
    t: float = 0.0


@dataclass(frozen=True)
class Preview:
    """A small encoded picture of the grid so far."""

    data: bytes
    t: float = 0.0


@dataclass(frozen=True)
class Image:
    """Picture `index` (0-based), losslessly encoded (WebP), and how likely it is unsafe, from 0 to
    1; None where it was not looked at. A worker says it; listeners hear it in `Images`."""

    index: int
    data: bytes
    score: float | None = None
    t: float = 0.0


@dataclass(frozen=True)
class Images:
    """Every `Image` of an attempt that has come since the listener looked: encoded pictures by
    index, and the scores of those that were looked at."""

    data: Mapping[int, bytes]
    scores: Mapping[int, float] = field(default_factory=dict)
    t: float = 0.0


@dataclass(frozen=True)
class Upload:
    """All pictures of the attempt in one file of at most `Attempt.upload_limit` bytes.

    Comes after the last picture, if it was asked for.
    """

    data: bytes
    extension: str
    lossless: bool
    t: float = 0.0


@dataclass(frozen=True)
class Result:
    """Plain data, for work that is not a picture."""

    data: Mapping[str, Any]
    t: float = 0.0


@dataclass(frozen=True)
class Done:
    """Everything has been said; drawing took `seconds` of the time of `device`, by `engine`, in
    words."""

    seconds: float
    device: str
    engine: str = ""
    t: float = 0.0


Event = LoadingModel | Begun | Paused | Progress | Preview | Image | Images | Upload | Result | Done
