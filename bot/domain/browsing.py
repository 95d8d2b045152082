"""Looking through results page by page: what is looked at, and what a page holds."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace

from bot.domain.errors import InvalidPrompt
from bot.domain.job import Job
from bot.domain.language import _

PAGE = 8
"""Results on a page."""
WHOLE = 16
"""The same of a sheet that is to have all of a channel."""
SEARCH_MAX = 45
"""UTF-16 units of what is looked for: it travels in the id of a button."""


class Order(enum.StrEnum):
    """Whose results, and in which order; the value is its code in ids of buttons."""

    OWN = "o"
    """One's own, newest first."""
    NEWEST = "n"
    """A server's public ones, newest first."""
    LIKED = "l"
    """A server's public ones, most liked first."""
    HERE = "h"
    """The public ones of a channel or thread, newest first."""


@dataclass(frozen=True)
class Place:
    """Where a result stands: by its number alone, or by its likes and then its number."""

    likes: int
    number: int


@dataclass(frozen=True)
class Browse:
    """What somebody looks at. `place` is the result next to the page, None for the first page;
    `back` says that the page is the one before that result instead of the one behind it."""

    order: Order
    search: str = ""
    action: str = ""
    place: Place | None = None
    back: bool = False

    @property
    def size(self) -> int:
        """Results on a page."""
        return WHOLE if self.order is Order.HERE else PAGE

    @classmethod
    def typed(cls, order: Order, search: str = "", action: str = "") -> Browse:
        """The first page of what somebody looks for. Raises InvalidPrompt for a search that is too
        long."""
        said = " ".join("".join(c if c.isprintable() else " " for c in search).split())
        if len(said.encode("utf-16-le", "replace")) // 2 > SEARCH_MAX:
            raise InvalidPrompt(
                _("A search has at most {most} characters; leave words out.", most=SEARCH_MAX)
            )
        return cls(order, said, action)

    def beyond(self, place: Place, *, back: bool = False) -> Browse:
        """The page behind a result, or the one before it."""
        return replace(self, place=place, back=back)

    @property
    def code(self) -> str:
        """As the id of a button says it; `read` is the inverse."""
        place = f"{'<' if self.back else '>'}{self.place.likes}.{self.place.number}" if (
            self.place
        ) else ""  # fmt: skip
        return f"{self.order.value}:{place}:{self.action}:{self.search}"

    @classmethod
    def read(cls, code: str) -> Browse | None:
        """None for what this version did not write."""
        found = _CODE.fullmatch(code)
        if found is None:
            return None
        way, likes, number = found["way"], found["likes"], found["number"]
        place = Place(int(likes), int(number)) if way else None
        return cls(Order(found["order"]), found["search"], found["action"], place, way == "<")


_CODE = re.compile(
    r"(?P<order>[onlh]):(?:(?P<way>[<>])(?P<likes>\d{1,9})\.(?P<number>\d{1,15}))?"
    r":(?P<action>[a-z0-9_]{0,24}):(?P<search>.*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Result:
    """A result on a page. `message` is where it was posted, in `channel`; 0 where it was not.
    `spoiler` says that its picture is covered until somebody wants to see it."""

    job: Job
    place: Place
    channel: int = 0
    message: int = 0
    spoiler: bool = False


@dataclass(frozen=True)
class Page:
    """Results in order, and whether there are more before and behind them."""

    browse: Browse
    results: tuple[Result, ...]
    before: bool = False
    behind: bool = False
