"""What a server's admins want to be done about unsafe pictures.

Every method raises NotAllowed for who is no admin and UserError for what makes no sense, and leaves
an entry in the audit trail otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.errors import NotAllowed, UserError
from bot.domain.language import _, spoken
from bot.domain.people import Asker
from bot.domain.safety import LOOSEST, Reaction, SafetyPolicy, SafetySetting, Stance
from bot.service.rules import require_admin
from bot.storage.audit import AuditRepository
from bot.storage.safety import SafetyRepository


@dataclass(frozen=True)
class SafetyView:
    """What a server decided, what holds of it, and what the operator wants."""

    setting: SafetySetting
    policy: SafetyPolicy
    stance: Stance


class Safety:
    """The use cases of admins. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self, settings: SafetyRepository, audit: AuditRepository, stance: Stance,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._audit = audit
        self._stance = stance
        self._clock = clock

    async def show(self, asker: Asker, guild: int) -> SafetyView:
        """What holds on this server."""
        require_admin(asker, guild)
        await self._audit.write(guild, asker.user, "safety show", {}, self._clock())
        return self._view(await self._settings.setting(guild))

    async def set(self, asker: Asker, guild: int, setting: SafetySetting) -> SafetyView:
        """Decide what `setting` says, and leave the rest as it is."""
        require_admin(asker, guild)
        if setting.empty:
            raise UserError(_("Give at least one of `reaction`, `threshold` or `adults`."))
        if setting.reaction is Reaction.OFF and not self._may_switch_off:
            raise NotAllowed(
                _(
                    "The operator of this bot wants pictures to be checked on every server; choose"
                    " `spoiler` or `block`."
                )
            )
        if setting.threshold is not None and not 0 <= setting.threshold <= LOOSEST:
            raise UserError(_("A threshold is from 0 to {most}.", most=spoken().percent(LOOSEST)))
        return self._view(await self._settings.set(guild, setting, asker.user, self._clock()))

    async def reset(self, asker: Asker, guild: int) -> SafetyView:
        """As the operator wants it."""
        require_admin(asker, guild)
        await self._settings.clear(guild, asker.user, self._clock())
        return self._view(SafetySetting())

    @property
    def _may_switch_off(self) -> bool:
        return self._stance.may_switch_off or self._stance.policy.reaction is Reaction.OFF

    def _view(self, setting: SafetySetting) -> SafetyView:
        return SafetyView(setting, self._stance.effective(setting), self._stance)
