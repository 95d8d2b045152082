"""`easel ledger statement` and `export`: what an operator reads of each account, and that reading
leaves a running bot alone."""

from __future__ import annotations

import csv
import datetime as dt
import io
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.domain.quota import Quota
from bot.domain.shop import Assortment, Entitlement, Pack
from bot.service.rules import Rules
from bot.storage.database import newest
from bot.storage.statements import COLUMNS
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, DIRECT, ELSEWHERE, House
from tests.kit.values import ANNA, BERT, GUILD, MORNING

PACK = 101
DATABASE = "easel.sqlite3"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A bot that runs while its book is read."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    rules = Rules(quota=Quota(credits=2), assortment=Assortment({PACK: Pack(5)}))
    async with House(tmp_path, automatic=True, rules=rules) as opened:
        yield opened


class Desk:
    """What the command says."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *asked: object) -> list[str]:
        assert main(["ledger", *map(str, asked)]) == 0
        return self._capsys.readouterr().out.splitlines()

    def refused(self, *asked: object) -> str:
        assert main(["ledger", *map(str, asked)]) == 1
        told = self._capsys.readouterr()
        assert told.out == ""
        assert "Traceback" not in told.err
        return told.err

    def export(self, *asked: object) -> list[dict[str, str]]:
        found = [*csv.DictReader(io.StringIO("\n".join(self("export", *asked)) + "\n"))]
        assert all(tuple(each) == COLUMNS for each in found)
        return found


@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(capsys)


def at(moment: float) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat(timespec="seconds")


async def test_a_statement_is_oldest_first_and_names_each_source(house: House, desk: Desk) -> None:
    await house.service.gifts.grant(ADMIN_ASKS, GUILD, ANNA, 7, "a prize")
    house.clock.now += 60
    job = await house.draw()
    assert desk("statement", ANNA) == [
        f"Server {GUILD}",
        f"  {at(MORNING)}     +7  grant  a prize",
        f"  {at(MORNING + 60)}     -1  hold  {job.id}",
        "  lasting credits now: 7",
    ]


async def test_each_server_by_itself_and_direct_messages_by_their_name(
    house: House, desk: Desk
) -> None:
    for origin in (ELSEWHERE, DIRECT):
        await house.draw(origin=origin)
    await house.draw(asker=BERT_ASKS)
    heads = [line for line in desk("statement", ANNA) if not line.startswith(" ")]
    assert heads == ["Direct messages", f"Server {ELSEWHERE.guild}"]
    assert desk("statement", ANNA, "--server", 0)[0] == "Direct messages"
    # Another's account is not shown, whatever server is asked for.
    assert desk.refused("statement", ANNA, "--server", GUILD) == (
        f"Nobody of the id {ANNA} has credits there.\n"
    )
    assert len(desk("statement", BERT, "--server", GUILD)) == 3


async def test_a_job_that_gave_its_credits_back_is_no_line(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    async with House(tmp_path, workers=0) as house:
        kept, gone = await house.imagine(), await house.imagine()
        await house.service.drawing.cancel(ANNA_ASKS, gone.origin, gone.id)
        await house.end(gone)
        said = desk("statement", ANNA)
        assert [line.split()[-1] for line in said[1:-1]] == [kept.id]
        # The book itself has every entry, and balances with a job under way.
        kinds = [(each["kind"], each["amount"], each["job"]) for each in desk.export()]
        assert kinds == [
            ("hold", "-1", kept.id), ("hold", "-1", gone.id), ("release", "1", gone.id)
        ]  # fmt: skip
        assert desk("verify") == ["The book of 3 entries balances."]


async def test_what_the_pool_paid_says_so(house: House, desk: Desk) -> None:
    await house.service.gifts.pool(ADMIN_ASKS, GUILD, 9, "a fund")
    for _ in range(2):  # those of the day
        await house.draw()
    job = await house.draw()
    said = desk("statement", ANNA)
    assert said[-2:] == [
        f"  {at(MORNING)}     -1  hold (pool)  {job.id}", "  lasting credits now: 0"
    ]  # fmt: skip
    # Bert has drawn nothing: what all share is nobody's own.
    assert f"Nobody of the id {BERT}" in desk.refused("statement", BERT)
    assert desk("statement", 0, "--server", GUILD)[-1] == "  lasting credits now: 8"


async def test_a_pack_that_was_given_back_after_it_was_spent_in_part(
    house: House, desk: Desk
) -> None:
    shop = house.service.shop
    await shop.begin()
    await shop.counter(ANNA_ASKS, GUILD)
    await shop.take(Entitlement(1001, PACK, ANNA))
    for _ in range(4):  # two of the day, then two of the pack
        await house.draw()
    await shop.take(Entitlement(1001, PACK, ANNA, deleted=True))
    said = desk("statement", ANNA)
    assert [line.split(maxsplit=1)[1] for line in (said[1], *said[-3:-1])] == [
        "+5  grant  pack bought",
        "+2  grant  pack spent, written off",
        "-5  grant  pack given back",
    ]
    assert said[-1] == "  lasting credits now: 0"
    assert desk("verify") == [f"The book of {1 + 4 * 2 + 2} entries balances."]


async def test_what_has_lapsed_is_not_there_any_more(house: House, desk: Desk) -> None:
    """The bot may be stopped for weeks when its operator reads this."""
    house.clock.now = time.time() - 3 * 86_400
    await house.service.gifts.grant(ADMIN_ASKS, GUILD, ANNA, 7, "a prize", days=1)
    house.clock.now = time.time()
    assert await house.credits() == (2, 0)
    assert desk("statement", ANNA)[-1] == "  lasting credits now: 0"


EXPORTS: list[tuple[tuple[object, ...], list[str]]] = [
    ((), ["grant", "grant", "hold", "capture"]),
    (("--server", GUILD), ["grant", "grant"]),
    (("--user", ANNA), ["grant", "hold", "capture"]),
    (("--server", GUILD, "--user", BERT), ["grant"]),
    (("--server", ELSEWHERE.guild, "--user", BERT), []),
    (("--user", 0), []),
]


async def test_an_export_of_a_server_or_a_person(house: House, desk: Desk) -> None:
    for user in (ANNA, BERT):
        await house.service.gifts.grant(ADMIN_ASKS, GUILD, user, 3, "for, all\n=1+1")
    await house.draw(origin=ELSEWHERE)
    for asked, kinds in EXPORTS:
        found = desk.export(*asked)
        assert [each["kind"] for each in found] == kinds
        assert {each["source"] for each in found} <= {"grant", "allowance"}
        assert all(each["at"] == at(MORNING) for each in found)


async def test_a_book_of_another_version_is_not_read(
    house: House, desk: Desk, tmp_path: Path
) -> None:
    await house.draw()
    await house.stop()
    for version in (1, newest() - 1, newest() + 1):
        is_of(tmp_path, version)
        for asked in (("verify",), ("export",), ("statement", ANNA)):
            said = desk.refused(*asked)
            assert f"has schema version {version} and this program's is {newest()}" in said
    is_of(tmp_path, newest())
    await house.start()
    assert len(desk("statement", ANNA)) == 3


def is_of(folder: Path, version: int) -> None:
    """The database says that it is of a version."""
    connection = sqlite3.connect(folder / DATABASE)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


async def test_reading_is_no_writing(house: House, desk: Desk) -> None:
    """The bot writes while a statement is read, and a statement is of one moment."""
    await house.draw()
    before = await house.database.read(lambda c: c.execute("PRAGMA data_version").fetchone()[0])
    first = desk("statement", ANNA)
    await house.draw()
    assert len(desk("statement", ANNA)) == len(first) + 1
    after = await house.database.read(lambda c: c.execute("PRAGMA data_version").fetchone()[0])
    assert after == before
