"""The checker itself: it says nothing of books that are right, and finds what is planted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.sandbox import News, StoredMessage
from bot.storage import prompts
from tests.chaos import checker, silence
from tests.chaos.checker import Limits
from tests.chaos.once import drawn_twice
from tests.chaos.stage import ACK_S, Window, now
from tests.chaos.witness import Witness
from tests.kit import blank

JOB, OTHER = "a" * 32, "b" * 32
BOT: Any = SimpleNamespace(bot=True)
LIMITS = Limits(credits=5, running=1, waiting=1)


def a_message(id: str, job: str = "", content: str = "", stops: str = "") -> StoredMessage:
    """Of the bot: with pictures of a job, or with a button that stops one."""
    said = StoredMessage(id, "7", "1", BOT, 0, "now", content)
    if job:
        said.files = [SimpleNamespace(filename=f"easel_a_fox_{job}.png")]  # type: ignore[list-item]
    if stops:
        button = {"type": 2, "custom_id": f"easel:cancel:{stops}:0"}
        said.components = [{"type": 1, "components": [button]}]
    return said


class World:
    """Rows and what people saw, as they are when all went well."""

    def __init__(self, path: Path) -> None:
        self.rows = sqlite3.connect(blank.put(path), isolation_level=None)
        self.rows.row_factory = sqlite3.Row
        prompts.teach(self.rows)
        self.witness = Witness()
        self.add(
            "buckets", id=1, guild_id=1, user_id=2, kind="allowance", source="", granted_at=0.0
        )
        self.draw(JOB, "100")

    def add(self, table: str, **values: Any) -> None:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        self.rows.execute(sql, list(values.values()))

    def ask(self, job: str, state: str) -> None:
        self.add(
            "jobs", id=job, guild_id=1, channel_id=7, user_id=2, action="imagine", request="{}",
            state=state, cost=1, running_limit=1, created_at=1.0, finished_at=2.0,
        )  # fmt: skip
        self.book(job, "hold", -1)

    def book(self, job: str, kind: str, amount: int) -> None:
        self.add(
            "ledger", bucket_id=1, kind=kind, amount=amount, job_id=job, actor_id=2, reason="",
            created_at=1.0,
        )  # fmt: skip

    def draw(self, job: str, message: str) -> None:
        self.ask(job, "succeeded")
        self.book(job, "capture", 0)
        for idx in range(1, 5):
            self.add("images", job_id=job, idx=idx, sha256="", bytes=1, created_at=1.0)
        self.add(
            "deliveries", job_id=job, kind="result", channel_id=7, nonce=job[:25],
            message_id=int(message),
        )  # fmt: skip
        self.hear("CREATE", a_message(message, job))

    def hear(self, what: str, message: StoredMessage) -> None:
        self.witness.hear(News(f"MESSAGE_{what}", message, "7", "1"))

    def found(self) -> list[str]:
        return checker.in_the_end(self.rows, self.witness, LIMITS)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "easel.sqlite3")
    yield made
    made.rows.close()


def only(found: list[str], *words: str) -> None:
    """Each of these is said, and nothing else."""
    kinds = {said.partition(":")[0] for said in found}
    assert kinds == set(words), found


def test_nothing_is_said_of_what_is_right(world: World) -> None:
    world.ask(OTHER, "cancelled")
    world.book(OTHER, "release", 1)
    world.hear("CREATE", a_message("101", stops=OTHER))
    world.hear("UPDATE", a_message("101", content="(Stopped)"))
    assert world.found() == []


def test_a_job_without_an_end_is_lost(world: World) -> None:
    world.ask(OTHER, "waiting")
    only(world.found(), "lost")


def test_a_job_that_was_shown_and_is_in_no_row_is_lost(world: World) -> None:
    world.hear("CREATE", a_message("101", stops=OTHER))
    only(world.found(), "lost", "never ends")


def test_pictures_that_were_paid_and_never_shown_are_lost(world: World) -> None:
    world.witness.posts.clear()
    only(world.found(), "lost")
    world.rows.execute("UPDATE deliveries SET message_id = 0, given_up = '10003'")
    assert world.found() == []  # nowhere to show them, which is written down


def test_pictures_that_are_owed_for_ever_are_lost(world: World) -> None:
    world.rows.execute("UPDATE deliveries SET message_id = 0")
    only(world.found(), "lost")


def test_pictures_that_are_not_there_are_lost(world: World) -> None:
    world.rows.execute("DELETE FROM images WHERE idx = 3")
    only(world.found(), "lost")


def test_a_result_that_stands_there_twice(world: World) -> None:
    world.hear("CREATE", a_message("101", JOB))
    only(world.found(), "twice")
    assert checker.again(world.witness) == 0


def test_a_result_whose_first_message_was_deleted_may_come_again(world: World) -> None:
    world.hear("DELETE", a_message("100", JOB))
    world.hear("CREATE", a_message("101", JOB))
    assert world.found() == []
    assert checker.again(world.witness) == 1


def test_a_progress_message_that_goes_on_for_ever(world: World) -> None:
    world.hear("CREATE", a_message("101", stops=JOB))
    only(world.found(), "never ends")
    world.hear("DELETE", a_message("101", stops=JOB))
    assert world.found() == []


def test_a_progress_message_goes_with_its_channel(world: World) -> None:
    world.hear("CREATE", a_message("101", stops=JOB))
    world.witness.hear(News("CHANNEL_DELETE", object(), "7", "1"))
    assert world.found() == []


def test_one_wish_with_two_jobs(world: World) -> None:
    words = [{"name": "prompt", "value": "a fox --ar 3:2"}]
    typed = SimpleNamespace(type=2, name="imagine", user_id="2", data={"options": words})
    request = json.dumps({"prompt": {"text": "a fox"}})
    world.rows.execute("UPDATE jobs SET request = ?", [request])
    assert list(drawn_twice(world.rows, [typed])) == []
    world.draw(OTHER, "101")
    world.rows.execute("UPDATE jobs SET request = ?", [request])
    only(list(drawn_twice(world.rows, [typed])), "twice")
    assert list(drawn_twice(world.rows, [typed, typed])) == []


def test_one_press_with_two_jobs(world: World) -> None:
    button = {"custom_id": f"easel:vary:{JOB}:1"}
    press = SimpleNamespace(type=3, name="", user_id="2", data=button)
    world.rows.execute("UPDATE jobs SET action = 'upscale'")
    for number in range(2):
        world.ask(f"{number}" * 32, "failed")
    world.rows.execute(
        "UPDATE jobs SET action = 'vary', parent_id = ? WHERE action = 'imagine'", [JOB]
    )
    only(list(drawn_twice(world.rows, [press])), "twice")
    world.rows.execute("UPDATE jobs SET state = 'cancelled' WHERE id = ?", ["0" * 32])
    assert list(drawn_twice(world.rows, [press])) == []


def test_more_credits_than_there_were(world: World) -> None:
    for number in range(5):
        world.draw(f"{number}" * 32, f"20{number}")
    only(world.found(), "overspent")


def test_pictures_for_which_nothing_was_taken(world: World) -> None:
    for number in range(5):
        world.draw(f"{number}" * 32, f"20{number}")
    world.rows.execute("UPDATE buckets SET balance = 0")
    assert {"overspent", "books"} <= {said.partition(":")[0] for said in world.found()}


def test_a_hold_that_is_never_settled(world: World) -> None:
    world.ask(OTHER, "cancelled")
    only(world.found(), "books")


def test_a_failure_is_told_once(world: World) -> None:
    world.ask(OTHER, "failed")
    world.book(OTHER, "release", 1)
    world.rows.execute("UPDATE jobs SET reference = 'ab12' WHERE id = ?", [OTHER])
    only(world.found(), "lost")
    world.hear("CREATE", a_message("101", content="Not drawn. (reference `ab12`)"))
    world.hear("UPDATE", a_message("101", content="⚠️ Not drawn. (reference `ab12`)"))
    assert world.found() == []
    world.hear("CREATE", a_message("102", content="Not drawn. (reference `ab12`)"))
    only(world.found(), "twice")


def test_a_failure_need_not_be_told_where_its_message_was_deleted(world: World) -> None:
    world.ask(OTHER, "failed")
    world.book(OTHER, "release", 1)
    world.hear("CREATE", a_message("101", stops=OTHER))
    world.hear("DELETE", a_message("101", stops=OTHER))
    assert world.found() == []


def test_credits_kept_for_a_job_that_was_stopped(world: World) -> None:
    world.ask(OTHER, "cancelled")
    world.book(OTHER, "capture", 0)
    only(world.found(), "books")


def test_more_at_once_than_is_allowed(world: World) -> None:
    for number in range(2):
        world.ask(f"{number}" * 32, "running")
    only(checker.at_any_time(world.rows, LIMITS), "limit")


@pytest.mark.parametrize(
    "words", ["Traceback (most recent call last)", "in /tmp/x/easel.sqlite3", "sandbox-token"]
)
def test_words_that_nobody_may_read(world: World, words: str) -> None:
    world.hear("CREATE", a_message("101", content=f"Sorry: {words}"))
    only(world.found(), "leak")


def test_an_interaction_without_an_answer_needs_a_fault_that_explains_it() -> None:
    asked = SimpleNamespace(
        failed="no", created_at=now(), name="imagine", data={}, user_id="2", original=None,
        channel=SimpleNamespace(id="7"),
    )  # fmt: skip
    world = SimpleNamespace(channels={"7": asked.channel})
    sandbox = SimpleNamespace(clock=now, interactions=SimpleNamespace(all=[asked]), world=world)
    stage: Any = SimpleNamespace(sandbox=sandbox, windows=[])
    [said] = silence.unanswered(stage)
    assert "'imagine' of 2 got no answer" in said
    stage.windows = [Window("disk full", False, now() - 1)]
    assert len(silence.unanswered(stage)) == 1  # a bot whose disk is full still answers
    stage.windows = [Window("bot killed", True, now() - 1)]
    assert silence.unanswered(stage) == []
    stage.windows = [Window("bot killed", True, now() - 90, now() - 80, now() - 70)]
    assert len(silence.unanswered(stage)) == 1
    assert ACK_S < 60
    world.channels.clear()
    assert silence.unanswered(stage) == []
