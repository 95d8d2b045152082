"""The rules of servers, read once: what is blocked where, by the operator and by admins.

Every plan asks, so they are remembered in memory; whoever changes some says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.domain.moderation import ServerRules, WordKind
from bot.filtering import WordFilter
from bot.filtering.pieces import shown
from bot.filtering.rule import Rule
from bot.service.rules import DIRECT
from bot.storage.moderation import ModerationRepository

REMEMBERED = 200
"""Servers whose rules are known without a look at the database."""
_AT_ONCE = 2000
"""Characters that are looked through on the event loop."""


@dataclass(frozen=True)
class Finding:
    """A blocked word in a text: as it is written in the rules, of what kind, whether it is the
    operator's, and the `said` words that it was found in."""

    word: str
    kind: WordKind
    operators: bool
    said: str


Listed = tuple[str, WordKind]


class WordList:
    """Words with their kinds, and a filter that finds them."""

    def __init__(self, words: Sequence[Listed], allowed: Iterable[str] = ()) -> None:
        self._words = words
        self._filter = WordFilter([Rule.typed(word) for word, _ in words], allowed)

    def find(self, text: str) -> Iterator[tuple[Listed, str]]:
        """Each that is in a text, and the words that say so."""
        for match in self._filter.find(text):
            yield self._words[match.rule], shown(text)[match.start : match.end]


class Rulings:
    """What holds in one place, ready to be asked."""

    def __init__(self, rules: ServerRules, operators: WordList) -> None:
        self.rules = rules
        own = [(word, kind) for word, kind in rules.words if kind is not WordKind.ALLOWED]
        # Nobody allows what the operator blocks.
        self._lists = (operators, WordList(own, rules.of(WordKind.ALLOWED)))

    def find(self, text: str) -> Iterator[Finding]:
        """Every word of the rules in a text, the operator's first."""
        operators, own = self._lists
        yield from (Finding(*each, True, said) for each, said in operators.find(text))
        yield from (Finding(*each, False, said) for each, said in own.find(text))

    def first(self, texts: Sequence[str], age_restricted: bool) -> Finding | None:
        """The first one that is not drawn where channels are such."""
        found = (each for text in texts for each in self.find(text))
        allowed = (WordKind.ADULT,) if age_restricted else ()
        return next((each for each in found if each.kind not in allowed), None)


class Rulebook:
    """`operators` are the words that the operator blocks everywhere."""

    def __init__(self, moderation: ModerationRepository, operators: Sequence[str] = ()) -> None:
        self._moderation = moderation
        self._changes = 0
        self.block(operators)

    def block(self, words: Sequence[str]) -> None:
        """From now on these are the operator's."""
        self._changes += 1
        self._operators = WordList([(word, WordKind.BLOCKED) for word in words])
        self._known: dict[int, Rulings] = {DIRECT: Rulings(ServerRules(), self._operators)}

    async def of(self, guild: int) -> Rulings:
        """What holds on a server, or in direct messages."""
        while guild not in self._known:
            changes = self._changes
            rules = await self._moderation.rules(guild)
            made = await asyncio.to_thread(Rulings, rules, self._operators)
            if changes == self._changes:
                self._remember(guild, made)
        return self._known[guild]

    async def found(
        self, guild: int, texts: Sequence[str], age_restricted: bool
    ) -> Finding | None:  # fmt: skip
        """The first word in these that is not drawn there."""
        rulings = await self.of(guild)
        if sum(map(len, texts)) <= _AT_ONCE:
            return rulings.first(texts, age_restricted)
        return await asyncio.to_thread(rulings.first, texts, age_restricted)

    async def operators(self, guild: int, texts: Sequence[str]) -> bool:
        """Whether the operator blocks a word in these, which nobody else allows."""
        rulings = await self.of(guild)
        return await asyncio.to_thread(
            lambda: any(each.operators for text in texts for each in rulings.find(text))
        )

    def changed(self, guild: int) -> None:
        """The rules of a server are others now, or gone."""
        self._changes += 1
        if guild != DIRECT:
            self._known.pop(guild, None)

    def _remember(self, guild: int, made: Rulings) -> None:
        if len(self._known) > REMEMBERED:
            self._known = {DIRECT: self._known[DIRECT]}
        self._known[guild] = made
