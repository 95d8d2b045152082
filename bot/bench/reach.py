"""How many people one bot process serves: what they do, what that costs, and which limit comes
first. Pure; the costs are measured elsewhere (`bot.bench.capacity`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

DAY_S, HOUR_S = 86_400, 3600
DISCORD_REQUESTS = 50.0
"""A second, of a bot's token; answers to interactions are beside that."""
CHANNEL_MESSAGES = 1.0
"""A second, in one channel: five in five seconds."""
SHARD_SERVERS = 1000
"""As many as Discord recommends for one; more than 2,500 it refuses."""
IDENTIFY_S = 5.0
"""Between two shards that begin, where Discord lets one begin at a time."""


@dataclass(frozen=True)
class Habits:
    """What people do. Each user, who is somebody that asks for pictures at all, asks for `grids` a
    day, of which a share `busy` falls into the busiest hour, and does something else with the bot
    `clicks` times for each. A server has `members`, of whom a share `active` are users, and who
    react to messages `reactions` times a day each."""

    grids: float = 10.0
    busy: float = 0.1
    clicks: float = 2.0
    members: float = 175.0
    active: float = 0.075
    reactions: float = 1.0


@dataclass(frozen=True)
class Costs:
    """What was measured: processor seconds of the bot for a grid (asked for, stored, drawn
    elsewhere, uploaded), for another click and for an event that it passes over; commits a second;
    bytes of the database for a grid; MiB of an idle bot, and for a server and a member."""

    grid_s: float
    click_s: float
    event_s: float
    commits: float
    grid_bytes: float
    idle_mib: float
    server_mib: float
    member_mib: float


@dataclass(frozen=True)
class Room:
    """What there is: a share of one core (Python uses no more of several), of what Discord allows,
    and of what the disk can commit; MiB; and seconds until all shards have begun."""

    core: float = 0.7
    requests: float = 0.9
    commits: float = 0.7
    mib: float = 4096.0
    start_s: float = 600.0


@dataclass(frozen=True)
class Load:
    """Of so many users: servers, shards, what happens in a second of the busiest hour, and what of
    each limit that takes, by its name."""

    users: int
    servers: int
    shards: int
    grids_s: float
    clicks_s: float
    events_s: float
    database_day: float
    used: dict[str, float]

    @property
    def first(self) -> str:
        """The limit that is nearest, or farthest behind."""
        return max(self.used, key=lambda name: self.used[name])

    @property
    def held(self) -> bool:
        """Whether one process serves them."""
        return self.used[self.first] <= 1


CORE, REQUESTS, COMMITS, MEMORY, START = (
    "the processor", "Discord's 50 requests a second", "commits", "memory", "the start of shards",
)  # fmt: skip


def load(users: int, habits: Habits, costs: Costs, room: Room) -> Load:
    """What so many users come to."""
    servers = math.ceil(users / (habits.members * habits.active))
    shards = math.ceil(servers / SHARD_SERVERS)
    grids = users * habits.grids * habits.busy / HOUR_S
    clicks = grids * habits.clicks
    members = servers * habits.members
    events = members * habits.reactions * habits.busy / HOUR_S
    busy = grids * costs.grid_s + clicks * costs.click_s + events * costs.event_s
    mib = costs.idle_mib + servers * costs.server_mib + members * costs.member_mib
    used = {
        CORE: busy / room.core,
        REQUESTS: grids / (DISCORD_REQUESTS * room.requests),
        # Asked for, begun, drawn and delivered; and every second click writes something down.
        COMMITS: (4 * grids + clicks / 2) / (costs.commits * room.commits),
        MEMORY: mib / room.mib,
        START: (shards - 1) * IDENTIFY_S / room.start_s,
    }
    stored = users * habits.grids * costs.grid_bytes
    return Load(users, servers, shards, grids, clicks, events, stored, used)


def most(habits: Habits, costs: Costs, room: Room) -> Load:
    """The most users that one process serves."""
    least, above = 0, 1
    while load(above, habits, costs, room).held:
        least, above = above, 2 * above
    while above - least > 1:
        middle = (least + above) // 2
        if load(middle, habits, costs, room).held:
            least = middle
        else:
            above = middle
    return load(least, habits, costs, room)


def channel_users(habits: Habits) -> int:
    """Users whose grids all go to one channel, at its limit in the busiest hour."""
    return int(CHANNEL_MESSAGES * HOUR_S / (habits.grids * habits.busy))
