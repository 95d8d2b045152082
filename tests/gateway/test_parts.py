"""Ranges of shards, who gets which, whose turn it is, and what the core has not taken."""

from __future__ import annotations

import json
from typing import cast

import pytest

from bot.gateway.line import Line, Unwelcome
from bot.gateway.member import Member, Record
from bot.gateway.named import Named
from bot.gateway.pacing import SPACE_S, Pacing
from bot.gateway.seating import seat
from bot.gateway.shards import divide, parse, seats, shown
from bot.gateway.unacked import Unacked
from tests.kit.executor import Clock


@pytest.mark.parametrize(
    ("count", "parts", "runs"),
    [
        (4, 2, [range(0, 2), range(2, 4)]),
        (5, 2, [range(0, 2), range(2, 5)]),
        (2, 3, [range(0, 1), range(1, 2)]),
        (1, 1, [range(0, 1)]),
        (0, 2, []),
        (3, 0, []),
    ],
)
def test_shards_are_divided_into_runs(count: int, parts: int, runs: list[range]) -> None:
    assert divide(count, parts) == runs


@pytest.mark.parametrize("count", range(1, 40))
@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_every_shard_is_in_one_run(count: int, parts: int) -> None:
    runs = divide(count, parts)
    assert [shard for run in runs for shard in run] == list(range(count))
    assert max(map(len, runs)) - min(map(len, runs)) <= 1


@pytest.mark.parametrize(
    ("text", "run"), [("5", range(5, 6)), ("0-3", range(4)), (" 7-7 ", range(7, 8))]
)
def test_a_run_is_read(text: str, run: range) -> None:
    assert parse(text) == run


@pytest.mark.parametrize("text", ["", "a", "3-1", "-1", "0-", "1,2", "0-100000", "1" * 9])
def test_what_is_no_run_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no run"):
        parse(text)


@pytest.mark.parametrize(
    ("shards", "text"), [([], "none"), ([3], "3"), ([6, 0, 1, 2], "0-2, 6"), ({4, 5}, "4-5")]
)
def test_runs_are_shown(shards: list[int], text: str) -> None:
    assert shown(shards) == text


def test_seats_are_what_is_free_of_a_run() -> None:
    assert seats([0, 1, 5], [range(3), range(3, 5), range(5, 7)]) == [[0, 1], [5]]


# Who gets which


def member(wants: range | None = None, *held: int, of: int = 0) -> Member:
    return Member(cast("Line", None), "x", wants, of=of, shards=set(held))


def given(
    records: dict[int, Record], members: list[Member], parts: int, *, late: bool = False
) -> dict[int, int]:
    """Shard → who gets it, by place."""
    found = seat(records, members, parts, late=late)
    return {record.no: members.index(who) for record, who in found}


def free(count: int, **more: object) -> dict[int, Record]:
    return {no: Record(no, **more) for no in range(count)}  # type: ignore[arg-type]


def test_the_first_to_come_get_a_run_each_and_the_last_is_to_spare() -> None:
    assert given(free(4), [member()], 2) == {0: 0, 1: 0}
    assert given(free(4), [member(), member(), member()], 2) == {0: 0, 1: 0, 2: 1, 3: 1}


def test_who_is_to_spare_takes_over_what_somebody_held() -> None:
    records, busy, spare = free(4), member(None, 0, 1), member()
    records[0].member = records[1].member = busy
    assert given(records, [busy, spare], 2) == {2: 1, 3: 1}
    assert given(records, [busy], 2) == {}


def test_where_nobody_is_to_spare_who_has_least_takes_over() -> None:
    records, much, little = free(6), member(None, 0, 1, 2), member(None, 3)
    for no in range(4):
        records[no].member = much
    records[4].orphan = True
    assert given(records, [much, little, member(range(1))], 3) == {4: 1}


def test_who_is_for_some_gets_those_and_no_others() -> None:
    records, one, two = free(4), member(range(2)), member(range(2, 4))
    assert given(records, [one, two], 0) == {0: 0, 1: 0, 2: 1, 3: 1}
    assert given(records, [one], 0, late=True) == {0: 0, 1: 0}
    assert given(records, [member(range(4), of=8)], 0) == {}
    assert given(records, [one, member(range(1, 3))], 0) == {0: 0, 1: 0, 2: 1}


def test_what_is_for_somebody_who_has_not_come_is_kept_for_a_while() -> None:
    assert given(free(2), [member()], 0) == {}
    assert given(free(2), [member()], 0, late=True) == {0: 0, 1: 0}
    assert given(free(2, orphan=True), [member()], 0) == {0: 0, 1: 0}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"wants": [0, 2], "holds": [], "of": "x"},
        {"wants": [3, 1], "holds": [], "of": 0},
        {"wants": [-1, 1], "holds": [], "of": 0},
        {"wants": [0, 10**9], "holds": [], "of": 0},
        {"wants": None, "holds": [{}], "of": 0},
    ],
)
def test_a_process_that_says_what_cannot_be_is_not_let_in(said: dict[str, object]) -> None:
    with pytest.raises(Unwelcome):
        Member.of_words(cast("Line", None), said, own=False)


# Whose turn it is


def test_one_of_a_bucket_at_a_time() -> None:
    clock = Clock(100.0)
    pacing = Pacing(2, 1000, clock=clock)
    for shard in range(5):
        pacing.ask(shard)
    pacing.ask(0)
    assert pacing.due() == [0, 1]
    assert pacing.due() == []
    pacing.identified(0)
    clock.now += SPACE_S - 0.01
    assert pacing.due() == []
    clock.now += 0.02
    assert pacing.due() == [2]
    pacing.identified(1)
    pacing.identified(2)
    clock.now += SPACE_S
    assert pacing.due() == [4, 3]


def test_who_is_gone_holds_nobody_up() -> None:
    clock = Clock(100.0)
    pacing = Pacing(1, 1000, clock=clock)
    for shard in (0, 1, 2):
        pacing.ask(shard)
    assert pacing.due() == [0]
    pacing.forget(0)
    pacing.forget(1)
    clock.now += SPACE_S
    assert pacing.due() == [2]
    pacing.forget(9)


def test_no_more_starts_a_day_than_discord_allows() -> None:
    clock = Clock(100.0)
    pacing = Pacing(4, 2, reset_s=3600.0, total=3, clock=clock)
    for shard in range(4):
        pacing.ask(shard)
    assert pacing.due() == [0, 1]
    clock.now += 3599
    assert pacing.due() == []
    clock.now += 1
    assert pacing.due() == [2, 3]


# What was not taken


def test_what_is_acknowledged_is_forgotten() -> None:
    kept = Unacked()
    for seq in (1, 2, 3):
        kept.add(seq, "X", b"abc")
    kept.ack(2)
    assert kept.all() == [(3, "X", b"abc")]
    kept.ack(1)
    kept.ack(9)
    assert len(kept) == 0


def test_what_was_taken_in_another_order_is_forgotten() -> None:
    kept = Unacked()
    for seq, name in ((1, "A"), (2, "B"), (3, "A")):
        kept.add(seq, name, b"abc")
    kept.drop(1)
    assert [seq for seq, _, _ in kept.all()] == [2, 3]
    kept.keep(lambda name: name == "A")
    assert [seq for seq, _, _ in kept.all()] == [3]


def test_more_than_fits_is_left_with_discord() -> None:
    kept = Unacked(most_bytes=5)
    kept.add(1, "X", b"abc")
    assert kept.room.is_set()
    kept.add(2, "X", b"abc")
    assert not kept.room.is_set()
    kept.ack(1)
    assert kept.room.is_set()
    kept.add(3, "X", b"abcdef")
    kept.clear()
    assert kept.room.is_set()
    assert len(kept) == 0


# Who was named


def test_servers_that_came_and_left_are_known() -> None:
    named = Named()
    assert named.ready() == b""
    guilds = [{"id": "1", "unavailable": True}, {"id": "2", "unavailable": True}]
    named.begin(json.dumps({"op": 0, "t": "READY", "s": 1, "d": {"guilds": guilds}}).encode())
    for name, said in (
        ("GUILD_CREATE", {"id": "3"}),
        ("GUILD_DELETE", {"id": "1"}),
        ("GUILD_DELETE", {"id": "2", "unavailable": True}),
        ("MESSAGE_CREATE", {"id": "9"}),
    ):
        named.hear(name, json.dumps({"op": 0, "t": name, "d": said}))
    ready = json.loads(named.ready())
    assert [each["id"] for each in ready["d"]["guilds"]] == ["2", "3"]
    assert (ready["t"], ready["s"]) == ("READY", 1)
