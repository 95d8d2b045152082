"""What messages say: literal text, within Discord's limit, whatever the prompt."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import wording
from bot.domain.delivery import Kind
from bot.domain.job import Failure, JobStatus, JobUpdate
from bot.domain.language import speaking
from bot.domain.vocabulary import Vocabulary
from bot.language import language
from tests.kit import jobs

LETTERS = st.one_of(
    st.sampled_from(r"\`*_~|<>[]()#@:-—"), st.characters(exclude_categories=["Cs"])
)  # fmt: skip
# Long ones are made of a short one, since hypothesis seldom writes thousands of letters.
PROMPTS = st.builds(
    lambda text, times: (text * times)[:4000], st.text(LETTERS, min_size=1), st.integers(1, 4000)
)
NOTES = st.builds(lambda text, times: text * times, st.text(LETTERS), st.integers(1, 500))
MARKUP = r"\`*_~|<>[]()#@:"


def literal(text: str) -> str:
    """What Discord shows of an escaped text: a backslash hides itself before punctuation."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


@given(st.text())
def test_escaped_text_is_shown_as_typed(text: str) -> None:
    assert literal(wording.escape(text)) == text


@given(st.text())
def test_nothing_special_is_left_bare(text: str) -> None:
    escaped = wording.escape(text)
    assert not re.search(rf"(?<!\\)(?:\\\\)*[{re.escape(MARKUP[1:])}]", escaped)


@given(PROMPTS, st.sampled_from(JobStatus), NOTES)
def test_every_message_fits(text: str, status: JobStatus, note: str) -> None:
    failure = Failure(
        "It could not be drawn, and this sentence is as long as they get" * 2, "ABC123"
    )
    update = JobUpdate(
        jobs.job(text, status, attempt=1, failure=failure),
        position=10**6,
        wait_s=1e7,
        fraction=1.0,
        note=note,
    )
    said = wording.progress(update)
    assert len(said) <= wording.CONTENT_LIMIT
    assert f"<@{jobs.USER}>" in said


@given(PROMPTS, st.integers(20, 1480))
def test_a_shortened_quote_ends_whole(text: str, room: int) -> None:
    said = wording.quoted(text, room)
    assert len(said) <= room
    assert said.startswith("**")
    assert said.endswith("**")
    inner = said[2:-2]
    shown = literal(inner)
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
    assert not re.search(r"(?<!\\)(?:\\\\)*\\$", inner)


@pytest.mark.parametrize(
    ("update", "words"),
    [
        (JobUpdate(jobs.job()), "(Waiting to start)"),
        (JobUpdate(jobs.job(), position=1), "next in line"),
        (JobUpdate(jobs.job(), position=3, wait_s=38), "3rd in line, about 40 s"),
        (JobUpdate(jobs.job(), position=1, note="No worker."), "next in line, No worker."),
        (JobUpdate(jobs.job(status=JobStatus.RUNNING, attempt=1), fraction=0.314), "(31%)"),
        (
            JobUpdate(jobs.job(status=JobStatus.RUNNING, attempt=1), note="Loading"),
            "(Starting)\n-# Loading",
        ),
        (JobUpdate(jobs.job(attempt=1), position=2), "2nd in line"),
        (JobUpdate(jobs.job(status=JobStatus.CANCELLED)), "(Stopped)"),
        (JobUpdate(jobs.job(status=JobStatus.SUCCEEDED)), "(100%)"),
        (JobUpdate(jobs.job(status=JobStatus.FAILED)), "Nothing was charged."),
        (
            JobUpdate(jobs.job(status=JobStatus.FAILED, failure=Failure("Too large.", "AB12"))),
            "⚠️ Too large. (reference `AB12`) Nothing was charged.",
        ),
    ],
)
def test_progress(update: JobUpdate, words: str) -> None:
    said = wording.progress(update)
    assert said.startswith(f"**a fox** - <@{jobs.USER}>")
    assert words in said


def test_a_long_note_is_cut_between_words() -> None:
    note = " ".join(["memory"] * 60)
    said = wording.progress(JobUpdate(jobs.job(), position=1, note=note))
    assert said.endswith(" memory …")


def test_headlines_name_what_was_done() -> None:
    who = f"<@{jobs.USER}>"
    assert wording.headline(jobs.job()) == f"**a fox** - {who}"
    assert wording.headline(jobs.upscale()) == f"**a fox** - Image #3 {who}"
    assert wording.headline(jobs.variation()) == f"**a fox** - Variations by {who}"
    again = jobs.job(request=jobs.variation().request.reroll(2))
    assert wording.headline(again) == f"**a fox** - Variations by {who}"
    assert wording.headline(jobs.job(request=jobs.request().reroll(2))) == f"**a fox** - {who}"


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (111, "111th"), (122, "122nd")],
)  # fmt: skip
def test_ordinals(number: int, word: str) -> None:
    assert wording.ordinal(number) == word


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "5 s"), (5, "5 s"), (5.1, "10 s"), (59, "60 s"), (60, "1 min"), (61, "2 min"),
     (3599, "60 min"), (5400, "1.5 h")],
)  # fmt: skip
def test_durations(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


def vocabulary(count: int) -> Vocabulary:
    return Vocabulary(
        tuple(f"thing number {place}" for place in range(count)),
        ("desert", "beach", "space", "night"),
        ("illustration", "photo", "oil painting", "pixel art"),
    )


@given(st.lists(st.text(LETTERS, min_size=1, max_size=4000), min_size=1, max_size=50))
def test_a_hint_fits_and_shows_words_as_typed(unknown: list[str]) -> None:
    said = wording.hint(unknown, vocabulary(90))
    assert len(said) <= wording.CONTENT_LIMIT
    assert literal(wording.escape(unknown[0][:40])) in literal(said)
    assert "90 things" in said


def test_a_hint_reads_like_a_sentence() -> None:
    said = wording.hint(["violinist", "sonata"], vocabulary(3))
    assert "passes over words that it was not taught: here **violinist** and **sonata**." in said
    assert "places such as the desert, beach and space" in said
    assert "styles such as photo, oil painting and pixel art" in said


@pytest.mark.parametrize("count", [0, 1, 20, 85, 500])
def test_all_words_fit_in_a_field_and_end_with_a_whole_one(count: int) -> None:
    said = wording.words(vocabulary(count))
    assert len(said) <= wording.FIELD_LIMIT
    things = said.splitlines()[0].removeprefix("**Things:** ")
    shown = [name for name in things.removesuffix(" …").split(", ") if name]
    assert shown == list(vocabulary(count).objects[: len(shown)])
    assert (len(shown) == count) is not things.endswith("…")
    assert said.endswith("**Styles:** illustration, photo, oil painting, pixel art")


@pytest.mark.parametrize(
    ("speed", "hides", "said"),
    [
        ("", False, ""), ("turbo", False, " (turbo)"), ("relax", False, " (relaxed)"),
        ("", True, " (stealth)"), ("relax", True, " (relaxed, stealth)"),
    ],
)  # fmt: skip
def test_a_headline_says_the_mode(speed: str, hides: bool, said: str) -> None:
    job = jobs.job("a fox", JobStatus.RUNNING, attempt=1)
    meant = job.request.meaning("speed", speed).meaning("stealth", hides)
    job = replace(job, request=meant)
    head = f"**a fox** - <@{jobs.USER}>"
    assert wording.headline(job) == head + said
    assert wording.progress(JobUpdate(job, fraction=0.25)) == f"{head} (25%){said}"
    waits = JobUpdate(replace(job, attempt=0), position=2)
    assert wording.progress(waits) == f"{head} (Waiting to start){said}\n-# 2nd in line"
    upscaled = replace(job, request=job.request.upscale(job.tile(1)))
    assert "(" not in wording.headline(upscaled)


def test_what_could_not_be_brought_is_told_in_a_sentence_for_each_kind() -> None:
    one = wording.untold([Kind.RESULT])
    assert (
        one == "⚠️ A result of yours could not be brought to you; `/show` brings it, to you alone."
    )
    copies, results = wording.untold([Kind.RESULT, Kind.DM, Kind.RESULT]).splitlines()
    assert copies.startswith("⚠️ You take no direct messages")
    assert results.startswith("⚠️ 2 results of yours could not be brought to you")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ab\ncd\nefg", "ab\ncd\nefg"),
        ("ab\ncd\nefgh", "ab\ncd\n…"),
        ("ab\ncdefghij", "ab\n…"),
        ("abcdefghijk", "abcdefgh…"),
        ("abcdefghijk\nl", "abcdefgh…"),
    ],
)
def test_of_what_is_too_long_whole_lines_are_left_or_the_beginning(text: str, shown: str) -> None:
    assert wording.cut(text, 9) == shown


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("loading Dream {x}", "lade Dream {x}"),
        ("making room for Dream", "schaffe Platz für Dream"),
        ("speeding up Dream", "beschleunige Dream"),
        ("the model is being loaded", "das Modell wird geladen"),
        ("The memory is too small for Dream.", "The memory is too small for Dream."),
    ],
)
def test_what_a_worker_does_is_said_in_ones_language(note: str, said: str) -> None:
    assert wording.noted(note) == note
    with speaking(language("de")):
        assert wording.noted(note) == said
