"""Who is to hold which shard. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.gateway.member import Member, Record
from bot.gateway.shards import divide, seats

Seat = tuple[Record, Member]


def seat(
    records: Mapping[int, Record], members: Sequence[Member], parts: int, *, late: bool
) -> list[Seat]:
    """What those have to be given that nobody holds: to who is for them, else all of a run to who
    is for any and has none. The shards are divided among `parts`, or as many as there are. Without
    parts, those that nobody held before are kept for who is for them until it is `late`."""
    free = {no: record for no, record in records.items() if record.member is None}
    found = list(_asked_for(free, members, len(records)))
    for record, _ in found:
        del free[record.no]
    open_to_all = [no for no, record in free.items() if parts or record.orphan or late]
    runs = divide(len(records), parts or len(members))
    spare = (one for one in members if not one.shards and one.wants is None)
    for run, member in zip(seats(open_to_all, runs), spare, strict=False):
        found += [(free[no], member) for no in run]
    return found


def _asked_for(
    free: Mapping[int, Record], members: Sequence[Member], count: int
) -> Iterator[Seat]:  # fmt: skip
    taken: set[int] = set()
    for member in members:
        if member.wants is not None and member.of in (0, count):
            mine = [no for no in member.wants if no in free and no not in taken]
            taken.update(mine)
            yield from ((free[no], member) for no in mine)
