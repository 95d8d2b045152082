"""`easel ledger` on a database that a bot has written."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.service.gifts import Terms
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, House
from tests.kit.values import ANNA, GUILD


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def lived(folder: Path) -> None:
    async with House(folder, automatic=True) as house:
        await house.service.gifts.grant(ADMIN_ASKS, GUILD, ANNA, 5, "prize", days=2)
        _, code = await house.service.gifts.make_code(ADMIN_ASKS, GUILD, Terms(3))
        await house.service.gifts.redeem(ANNA_ASKS, GUILD, code)
        await house.draw()
        house.clock.now += 3 * 86_400
        await house.service.gifts.housekeeping()


async def test_a_book_that_balances(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await lived(folder)
    assert main(["ledger", "verify"]) == 0
    assert "The book of 5 entries balances." in capsys.readouterr().out
    assert main(["ledger", "export"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split(",")[4:6] for line in out[1:]] == [
        ["grant", "5"], ["grant", "3"], ["hold", "-1"], ["capture", "0"], ["expire", "-5"],
    ]  # fmt: skip
    assert main(["ledger", "export", "--server", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["ledger", "statement", str(ANNA)]) == 0
    said = capsys.readouterr().out
    assert f"Server {GUILD}" in said
    assert "lasting credits now: 3" in said
    assert main(["ledger", "statement", "12345"]) == 1
    assert "Nobody of the id 12345" in capsys.readouterr().err


async def test_an_export_has_no_formula(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with House(folder) as house:
        for reason in ('=HYPERLINK("x")', "@SUM(A1)", "-1"):
            await house.service.gifts.grant(ADMIN_ASKS, GUILD, ANNA, 5, reason)
    assert main(["ledger", "export"]) == 0
    rows = [*csv.reader(capsys.readouterr().out.splitlines())]
    assert [row[-1] for row in rows] == ["reason", '\'=HYPERLINK("x")', "'@SUM(A1)", "'-1"]
    assert [row[5] for row in rows[1:]] == ["5"] * 3


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE buckets SET balance = balance + 1 WHERE kind = 'lasting'", "entries make"),
        ("DROP TRIGGER ledger_no_delete; DELETE FROM ledger WHERE kind = 'capture'", "held for it"),
        ("UPDATE jobs SET state = 'failed'", "settled by: capture"),
        ("UPDATE jobs SET cost = cost + 2", "were held for it"),
    ],
)
async def test_what_does_not_balance_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], damage: str, words: str
) -> None:
    await lived(folder)
    connection = sqlite3.connect(folder / "easel.sqlite3")
    connection.executescript(damage)
    connection.close()
    assert main(["ledger", "verify"]) == 1
    out = capsys.readouterr().out
    assert words in out
    assert "does not balance" in out


async def test_there_is_no_book_yet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ledger", "verify"]) == 1
    assert "There is no database" in capsys.readouterr().err
