"""What a picture shows, in words, by a transformers model. Imported in a worker only.

The model is loaded when it is first asked, and stays on the processor, whatever draws: so it takes
no video memory, and a drawing waits for a caption at most. transformers 5 has one class for all of
them, `AutoModelForImageTextToText`, and no pipeline for captions any more.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.engine.seam import Answer, Question
from bot.models import describer
from bot.models.facts import UnfitFile
from bot.worker import failures
from bot.worker.causes import cause

log = logging.getLogger(__name__)

LONGEST = 48
"""Tokens of a caption, where the model can say so many."""
_TRIES = 5
_SHARE = 0.9
"""Of what may come next, the likeliest that make up so much are chosen from (Holtzman et al., The
Curious Case of Neural Text Degeneration, 2020), which BLIP's authors found to bring more, and more
different, captions than beams do (Li et al., 2022)."""
_HEAT = 0.25
"""By how much each try is more daring."""
_BEFORE_MARKS = re.compile(r"\s+(?=[,.;:!?])")


class Describing:
    """The model in a folder (empty: the box's). One that cannot be used is looked at again by the
    next question: it may have been mended."""

    def __init__(self, folder: str) -> None:
        self._folder = describer.folder_of(folder)
        self._captioner: Captioner | None = None

    def answer(self, question: Question) -> Generator[None, None, Answer]:
        """See `CAPTIONS`. Raises RenderFailed("model_missing") where the model cannot be used, and
        RenderFailed("bad_input") for a picture that cannot be read."""
        picture = _picture(question.pictures)
        self._captioner = captioner = self._captioner or self._loaded()
        yield
        asked = question.asked
        found = yield from captioner.captions(picture, asked["count"], asked.get("besides", ()))
        return {"captions": found}

    def _loaded(self) -> Captioner:
        if self._folder == describer.BOX and not self._folder.exists():
            why = (
                "Nothing here describes pictures; the operator can name a model in DESCRIBE_MODEL."
            )
            raise RenderFailed("model_missing", why)
        try:
            describer.require_whole(self._folder)
            return Captioner(self._folder)
        except UnfitFile as unfit:
            why = str(unfit)
        except Exception as error:
            log.exception("the model in %s cannot be loaded", self._folder)
            why = f"cannot be loaded ({cause(error)})"
        raise RenderFailed("model_missing", f"The model for `/describe` {why}.")


class Captioner:
    """A model with what makes pictures into its numbers, and its numbers into words. Raises
    UnfitFile, and whatever transformers does, where a folder holds none."""

    def __init__(self, folder: Path) -> None:
        # It takes a second, which a worker that starts has no use for.
        from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

        local: dict[str, Any] = {"local_files_only": True}
        self._seen_by = AutoImageProcessor.from_pretrained(folder, **local)
        self._words = AutoTokenizer.from_pretrained(folder, **local)
        loaded: Any = AutoModelForImageTextToText.from_pretrained(
            folder,
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **local,
        )
        self._model, said = loaded
        others = (each[0] for each in said["mismatched_keys"])
        if lacking := sorted([*said["missing_keys"], *others]):
            named = f"such as {lacking[0]}; download it again"
            raise UnfitFile(f"has not the weights that its config.json speaks of, {named}")
        self._model.eval()
        self._most = min(LONGEST, _positions(self._model.config) - 2)

    def captions(
        self, picture: Image.Image, count: int, besides: Iterable[str]
    ) -> Generator[None, None, list[str]]:
        """So many different ones at most, the likeliest first, none of `besides`. Yields after each
        try."""
        numbers = self._seen_by(images=picture, return_tensors="pt")["pixel_values"]
        known, found = {each.casefold() for each in besides}, list[str]()
        for choosing in _ways(count, len(known)):
            for text in self._said(numbers, choosing):
                if text and text.casefold() not in known and len(found) < count:
                    known.add(text.casefold())
                    found.append(text)
            if len(found) == count:
                break
            yield
        return found

    def _said(self, numbers: torch.Tensor, choosing: Mapping[str, Any]) -> list[str]:
        with failures.told(), torch.no_grad():
            tokens = self._model.generate(
                pixel_values=numbers, max_new_tokens=self._most, **choosing
            )
        texts = self._words.batch_decode(tokens, skip_special_tokens=True)
        return [_BEFORE_MARKS.sub("", " ".join(text.split())) for text in texts]


def _ways(count: int, known: int) -> Iterable[dict[str, Any]]:
    """The likeliest caption; then dice, more daring each time; then what is likely without dice,
    which is different by itself."""
    yield {"do_sample": False, "num_beams": 1}
    for number in range(_TRIES):
        yield {
            "do_sample": True, "num_beams": 1, "num_return_sequences": count, "top_k": 0,
            "top_p": _SHARE, "temperature": 1 + _HEAT * number,
        }  # fmt: skip
    beams = 2 * (count + known)
    yield {"do_sample": False, "num_beams": beams, "num_return_sequences": beams}


def _positions(config: Any) -> int:
    """How many tokens a model can say, the first and the last included."""
    said = getattr(config, "decoder", None) or config.get_text_config()
    return int(getattr(said, "max_position_embeddings", 0) or LONGEST + 2)


def _picture(files: Sequence[bytes]) -> Image.Image:
    try:
        [data] = files
        return imaging.decode(data)
    except (ValueError, imaging.PictureError) as error:
        raise RenderFailed("bad_input", f"The picture cannot be read ({error}).") from None
