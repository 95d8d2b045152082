"""What a picture shows as prompts to draw: captions made harmless, and the shape of the picture.

Knows words and what a prompt looks like; not who found the captions.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence

from bot.domain.prompt.marks import visible
from bot.domain.size import SQUARE, AspectRatio, Size

COUNT = 4
LONGEST = 400
"""Characters of a caption."""
_SHAPES = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (2, 1), (5, 2), (3, 1))
_LINK = re.compile(r"\S*//\S*")
_ODD = re.compile(r"[\"\u201c\u201d`{}\\|<>=\x00-\x1f\x7f]")
_DASHES = re.compile(r"[-\u2013\u2014]{2,}|(?<!\S)[-\u2013\u2014]+(?=\S)|[\u2013\u2014]+")
_WEIGHTS = re.compile(r":{2,}\S*|(?<='):|:(?=')")


def plain(caption: str) -> str:
    """One line of text that a prompt takes as it stands: what a model says may hold what means
    links, parameters, weights or alternatives in one."""
    text = _ODD.sub("", _LINK.sub(" ", visible(caption)))
    text = " ".join(_WEIGHTS.sub(" ", _DASHES.sub(" ", text)).split()).strip(" ,;")
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST].rpartition(" ")[0] or text[:LONGEST]


def shape(size: Size) -> AspectRatio:
    """The usual one that a picture comes nearest to."""
    both = itertools.chain(_SHAPES, ((height, width) for width, height in _SHAPES))
    wanted = math.log(size.width / size.height)
    width, height = min(both, key=lambda one: abs(math.log(one[0] / one[1]) - wanted))
    return AspectRatio(width, height)


def prompts(captions: Iterable[str], size: Size) -> list[str]:
    """A prompt for each caption, in the shape of the picture."""
    ratio = shape(size)
    ending = "" if ratio == SQUARE else f" --ar {ratio}"
    return [f"{caption}{ending}" for caption in captions]


def caption_of(prompt: str) -> str:
    """Of a prompt that `prompts` made."""
    return prompt.partition(" --ar ")[0]


def together(some: Sequence[str]) -> str:
    """One text that stands for all of these prompts, which are of one shape."""
    captions = (caption_of(each).replace(",", "\\,") for each in some)
    _, parameter, ratio = some[0].partition(" --ar ")
    return "{" + ", ".join(captions) + "}" + parameter + ratio
