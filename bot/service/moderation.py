"""What a server's admins decide about words, places and people.

Every method raises NotAllowed for who is no admin and UserError for what makes no sense; every
change leaves an entry in the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.domain.errors import NotFound, UserError
from bot.domain.language import _, spoken
from bot.domain.moderation import Ban, PlaceKind, ServerRules, TimeoutRule, WordKind
from bot.domain.people import Account, Asker, Origin
from bot.domain.prompt.marks import visible
from bot.domain.prompt.parameter import quoted
from bot.filtering.rule import Rule
from bot.filtering.wordfilter import rule_of
from bot.service.conduct import Conduct
from bot.service.rulebook import Finding, Rulebook
from bot.service.rules import Rules, require_admin
from bot.service.stopping import Stopping
from bot.storage.desk import DeskRepository
from bot.storage.moderation import WORDS_MAX, ModerationRepository

FILE_MAX = 64 << 10
"""Bytes of a list of words."""


@dataclass(frozen=True)
class Overview:
    """Everything that holds on a server: its rules, whose bans hold, how many words the operator
    blocks everywhere, and the channel where moderators are told what waits, 0 for none."""

    rules: ServerRules
    bans: Sequence[Ban]
    operators: int
    desk: int = 0


@dataclass(frozen=True)
class Banished:
    """A ban, and how many jobs it ended."""

    ban: Ban
    stopped: int


@dataclass(frozen=True)
class Verdict:
    """What would be refused of a text, and whether it would be where it was tried."""

    findings: Sequence[Finding]
    refused: bool


class Moderation:
    """The use cases of admins. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        moderation: ModerationRepository,
        desks: DeskRepository,
        rulebook: Rulebook,
        conduct: Conduct,
        rules: Rules,
        stopping: Stopping,
        clock: Callable[[], float],
    ) -> None:
        self._moderation = moderation
        self._desks = desks
        self._rulebook = rulebook
        self._conduct = conduct
        self._rules = rules
        self._stopping = stopping
        self._clock = clock

    async def overview(self, asker: Asker, guild: int) -> Overview:
        """What holds on this server."""
        require_admin(asker, guild)
        rules = (await self._rulebook.of(guild)).rules
        bans = await self._conduct.banned(guild)
        desk = await self._desks.channel(guild)
        return Overview(rules, bans, len(self._rules.blocked_words), desk)

    def require_right(self, asker: Asker, guild: int) -> None:
        """Raises NotAllowed for who may not change anything."""
        require_admin(asker, guild)

    async def block(
        self, asker: Asker, guild: int, kind: WordKind, typed: Iterable[str]
    ) -> tuple[list[str], int]:
        """Take words, one of each text, as of a kind; these, and how many are new to it."""
        require_admin(asker, guild)
        words = _words(typed, kind)
        changed = await self._moderation.put_words(guild, kind, words, asker.user, self._clock())
        self._rulebook.changed(guild)
        return words, changed

    async def unblock(self, asker: Asker, guild: int, typed: Iterable[str]) -> list[str]:
        """Forget words of whatever kind; those that were there. Raises NotFound where none was."""
        require_admin(asker, guild)
        words = [_plain(text) for text in typed if text.strip()]
        if not words:
            raise UserError(_("Say which `word` is to be forgotten."))
        gone = await self._moderation.forget_words(guild, words, asker.user, self._clock())
        self._rulebook.changed(guild)
        if not gone:
            raise NotFound(_("{word} is not among this server's words.", word=quoted(words[0])))
        return gone

    async def known(self, asker: Asker, guild: int, typed: str) -> list[str]:
        """A server's words that hold what was typed; none for who is no admin."""
        if not asker.admin:
            return []
        words = [word for word, _kind in (await self._rulebook.of(guild)).rules.words]
        return [word for word in words if _plain(typed) in word]

    async def test(self, asker: Asker, origin: Origin, text: str) -> Verdict:
        """What of a text would be refused there, and why; it is no offence to try."""
        require_admin(asker, origin.guild)
        rulings = await self._rulebook.of(origin.guild)
        findings = [*rulings.find(text)]
        return Verdict(findings, rulings.first([text], origin.age_restricted) is not None)

    async def restrict(
        self, asker: Asker, guild: int, kind: PlaceKind, add: Collection[int],
        drop: Collection[int] | None,
    ) -> ServerRules:  # fmt: skip
        """Keep drawing to these and no more to those, to none any more where that is None."""
        require_admin(asker, guild)
        if not add and drop is not None and not drop:
            raise UserError(_("Say what to `add` or to `remove`."))
        rules = await self._moderation.change_places(
            guild, kind, add, drop, asker.user, self._clock()
        )
        self._rulebook.changed(guild)
        return rules

    async def choose(
        self, asker: Asker, guild: int, kind: PlaceKind, added: Collection[int],
        dropped: Collection[int],
    ) -> ServerRules:  # fmt: skip
        """Keep drawing to those that were added in a menu, and no more to those that were taken out
        of it, as far as it is not so already."""
        require_admin(asker, guild)
        rules = (await self._rulebook.of(guild)).rules
        known = rules.channels if kind is PlaceKind.CHANNEL else rules.roles
        add, drop = frozenset(added) - known, frozenset(dropped) & known
        if not add and not drop:
            return rules
        return await self.restrict(asker, guild, kind, sorted(add), sorted(drop))

    async def set_timeouts(
        self, asker: Asker, guild: int, refusals: int | None, within_s: int | None,
        lasts_s: int | None,
    ) -> TimeoutRule:  # fmt: skip
        """Change what refusals lead to; None leaves a number as it is."""
        require_admin(asker, guild)
        before = (await self._rulebook.of(guild)).rules.timeout
        rule = TimeoutRule(
            before.refusals if refusals is None else refusals,
            within_s or before.within_s,
            lasts_s or before.lasts_s,
        )
        if rule != before:
            await self._moderation.set_timeouts(guild, rule, asker.user, self._clock())
            self._rulebook.changed(guild)
        return rule

    async def ban(
        self, asker: Asker, guild: int, user: int, lasts_s: float | None, reason: str
    ) -> Banished:
        """Let somebody not draw on this server for so long, None for good; what they wait for there
        is cancelled, free of charge."""
        require_admin(asker, guild)
        if user == asker.user:
            raise UserError(_("You cannot ban yourself; name somebody else."))
        now = self._clock()
        ends = None if lasts_s is None else now + lasts_s
        ban = Ban(user, reason, asker.user, now, ends)
        await self._conduct.ban(guild, ban)
        account = Account(guild, user)
        return Banished(ban, await self._stopping.of_account(account, "who asked was banned"))

    async def unban(self, asker: Asker, guild: int, user: int) -> None:
        """Let somebody draw again. Raises NotFound where nothing kept them from it."""
        require_admin(asker, guild)
        if not await self._conduct.unban(Account(guild, user), asker.user):
            raise NotFound(_("This member is neither banned nor timed out here."))


def require_small(size: int) -> None:
    """Raises UserError for a file of more bytes than a list of words may have."""
    if size > FILE_MAX:
        raise UserError(_("A list of words has at most {most} KiB.", most=FILE_MAX >> 10))


def lines(data: bytes) -> list[str]:
    """The lines of a file, without those that are empty or begin with `#`. Raises UserError for
    what is no text, or too long."""
    require_small(len(data))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(_("The file is no text in UTF-8; save it as one, a word a line.")) from None
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _words(typed: Iterable[str], kind: WordKind) -> list[str]:
    # What is allowed is compared as it is written, so it need not be found in disguise.
    rule = Rule.typed if kind is WordKind.ALLOWED else rule_of
    words = [*dict.fromkeys(rule(text).text for text in typed if text.strip())]
    if not words:
        raise UserError(_("Give a `word`, a `file`, or lines with words."))
    if len(words) > WORDS_MAX:
        raise UserError(
            _(
                "A server has at most {most} words, and these are {count}.",
                most=spoken().number(WORDS_MAX),
                count=spoken().number(len(words)),
            )
        )
    return words


def _plain(typed: str) -> str:
    return " ".join(visible(typed).split()).casefold()
