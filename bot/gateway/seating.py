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
    is for any and has none. What somebody held before waits for nobody: it goes to who is for any
    and has least. The shards are divided among `parts`, or as many as there are. Without
    parts, those that nobody held before are kept for who is for them until it is `late`."""
    free = {no: record for no, record in records.items() if record.member is None}
    found = list(_asked_for(free, members, len(records)))
    for record, _ in found:
        del free[record.no]
    open_to_all = [no for no, record in free.items() if parts or record.orphan or late]
    runs = divide(len(records), parts or len(members))
    spare = [one for one in members if not one.shards and one.wants is None]
    waiting = seats(open_to_all, runs)
    for run, member in zip(waiting, spare, strict=False):
        found += [(free[no], member) for no in run]
    busy = sorted((one for one in members if one.wants is None), key=lambda one: len(one.shards))
    for run in waiting[len(spare) :] if busy else ():
        found += [(free[no], busy[0]) for no in run if free[no].orphan]
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
