"""What the operator allows, and who may do what. Every refusal is a `UserError` for the user."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bot.domain.errors import NotAllowed, NotFound, OutOfCredits
from bot.domain.job import Job
from bot.domain.language import _
from bot.domain.people import Asker, Origin
from bot.domain.prompt.parameter import quoted
from bot.domain.quota import Caps, Claim, Quota
from bot.domain.safety import Stance
from bot.domain.shop import Assortment
from bot.models.cards import ModelCard

_LIVE = (
    "quota", "dm_quota", "caps", "guilds", "queue_limit", "images_max_bytes", "images_max_age_s",
    "operators", "blocked_words",
)  # fmt: skip

DIRECT = 0
"""The guild of direct messages."""


@dataclass
class Rules:
    """What the operator's settings say about users and disk.

    `guilds` are the only servers that are served; empty is all of them. `blobs_max_age_s` counts
    from the last use of what somebody uploaded, `left_age_s` from when the bot was removed from a
    server, 0 being never. `versions` say which model a version means, `assortment` what is sold,
    `stance` what is done about unsafe pictures, `blocked_words` are drawn nowhere. `operators` are
    people; empty is whose application the bot is.

    One object for a bot: who holds it sees what it has `become`.
    """

    quota: Quota = Quota()
    dm_quota: Quota = Quota()
    caps: Caps = Caps()
    guilds: frozenset[int] = frozenset()
    queue_limit: int = 1000
    images_max_bytes: int = 20 << 30
    images_max_age_s: float = 0.0
    blobs_max_age_s: float = 30 * 86_400.0
    left_age_s: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    assortment: Assortment = Assortment()
    stance: Stance = field(default_factory=Stance)
    operators: frozenset[int] = frozenset()
    blocked_words: tuple[str, ...] = ()

    def become(self, new: Rules) -> None:
        """Say the same as `new` about everything that may change while a bot runs."""
        self.stance.become(new.stance)
        for name in _LIVE:
            setattr(self, name, getattr(new, name))

    def claim(self, guild: int, roles: frozenset[int]) -> Claim:
        """What the operator's settings say about the quota of somebody with these roles there."""
        return Claim(self.dm_quota if guild == DIRECT else self.quota, roles, self.caps)

    def admit(self, asker: Asker, origin: Origin) -> Claim:
        """`claim` for somebody who wants something drawn there. Raises NotAllowed for a server that
        is not served, OutOfCredits where drawing in direct messages is switched off."""
        self.require_served(origin.guild)
        claim = self.claim(origin.guild, asker.roles)
        if origin.guild == DIRECT and claim.fallback.credits == 0:
            raise OutOfCredits(_("Drawing in direct messages is switched off; ask on a server."))
        return claim

    def require_served(self, guild: int) -> None:
        """Raises NotAllowed for a server that the operator did not name."""
        if self.guilds and guild != DIRECT and guild not in self.guilds:
            raise NotAllowed(_("I am not at this server's service; my operator says where I am."))


def visible(asker: Asker, origin: Origin, job: Job) -> bool:
    """Whether the asker may see a job, press the buttons under it and draw from it, at `origin`.

    On a server that is who reads the channel where it was asked for, and its owner; in direct
    messages who is in that conversation. What is hidden its owner alone sees, there and in direct
    messages, to which it is brought.
    """
    if job.hidden:
        return asker.user == job.user and origin.guild in (DIRECT, job.origin.guild)
    if job.origin.guild != origin.guild:
        return False
    if job.origin.channel == origin.channel:
        return True
    return origin.guild != DIRECT and (asker.user == job.user or asker.reads(job.origin.channel))


def require_visible(asker: Asker, origin: Origin, job: Job | None) -> Job:
    """The job if it is `visible`; another server's job does not exist here. Raises NotFound."""
    if job is None or not visible(asker, origin, job):
        raise NotFound(_("I do not know this job here; its message may be from another server."))
    return job


def may_look(asker: Asker, origin: Origin, job: Job) -> bool:
    """Whether the asker may be shown what came of a job, alone: what is `visible` there, and in
    direct messages everything of theirs, whose buttons work where it is visible."""
    return visible(asker, origin, job) or (origin.guild == DIRECT and asker.user == job.user)


def in_gallery(origin: Origin, job: Job, channels: Collection[int]) -> bool:
    """Whether a job is for the gallery that somebody sees who may read these channels there: that
    of a server, without anything hidden, one's own included."""
    public = origin.guild != DIRECT and not job.hidden
    return public and job.origin.guild == origin.guild and job.origin.channel in channels


def may_use(asker: Asker, origin: Origin, card: ModelCard) -> bool:
    """Whether a model is for the asker: as a person, by a role, or by being at a server."""
    who = {asker.user, origin.guild, *asker.roles}
    return not card.allowed or not who.isdisjoint(card.allowed)


def require_use(asker: Asker, origin: Origin, card: ModelCard) -> None:
    """Raises NotAllowed for a model that the operator keeps for others."""
    if not may_use(asker, origin, card):
        raise NotAllowed(
            _("The model {model} is kept for those whom my operator chose.",
              model=quoted(card.name))
        )  # fmt: skip


def require_own(asker: Asker, origin: Origin, job: Job | None) -> Job:
    """The job, if it is the asker's own and they may look at it there. Raises NotFound where they
    may not, NotAllowed for somebody else's."""
    if job is None or not may_look(asker, origin, job):
        raise NotFound(_("I do not know this job here; its message may be from another server."))
    if job.user != asker.user:
        raise NotAllowed(
            _("This menu is for whoever asked for the picture; yours stand under your own.")
        )
    return job


def require_right_to_cancel(asker: Asker, job: Job) -> None:
    """Raises NotAllowed for somebody else's job without Manage Messages."""
    if asker.user != job.user and not asker.moderator:
        raise NotAllowed(
            _(
                "Only the person who asked for this, or a member with Manage Messages, can cancel"
                " it."
            )
        )


def require_right_to_repost(asker: Asker, job: Job) -> None:
    """Raises NotAllowed on a server without Manage Messages: only who has it deletes what a bot
    posted, and what moderators took away nobody else brings back. They see nothing hidden."""
    if not job.hidden and job.origin.guild != DIRECT and not asker.moderator:
        raise NotAllowed(
            _(
                "A moderator deleted this picture here, so only a member with Manage Messages can"
                " bring it back."
            )
        )


def require_review(asker: Asker, origin: Origin) -> None:
    """Raises NotAllowed for who does not moderate the server."""
    if origin.guild == DIRECT:
        raise NotAllowed(_("Reports belong to a server; use this command there."))
    if not asker.moderator:
        raise NotAllowed(
            _("Only members with Manage Messages on this server see what was reported.")
        )


def require_impartial(asker: Asker, user: int) -> None:
    """Raises NotAllowed for a moderator who would answer what is about themselves; admins may, who
    could change the rule as well."""
    if asker.user == user and not asker.admin:
        raise NotAllowed(
            _("This is about you: another moderator answers it, or who has Manage Server.")
        )


def require_admin(asker: Asker, guild: int) -> None:
    """Raises NotAllowed where there is nothing to administer, or no right to."""
    if guild == DIRECT:
        raise NotAllowed(_("Limits, styles and rules belong to a server; use this command there."))
    if not asker.admin:
        raise NotAllowed(_("Only members with the Manage Server permission can do this."))
