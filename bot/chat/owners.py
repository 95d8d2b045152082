"""Whose application the bot is."""

from __future__ import annotations

import discord


def owners_of(application: discord.AppInfo | None) -> set[int]:
    """Whose application this is: a person, or those who joined a team."""
    if application is None:
        return set()
    if application.team is None:
        return {application.owner.id}
    joined = discord.TeamMembershipState.accepted
    return {each.id for each in application.team.members if each.membership_state is joined}
