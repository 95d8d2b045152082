"""What messages say of rules, of the check, and of what waits for moderators: values to text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.chat import cards, caution, ruling
from bot.chat.buttons import APPROVE, DENY, DISMISS, TAKE_DOWN
from bot.chat.wording import CONTENT_LIMIT
from bot.domain.desk import Appeal, Settled
from bot.domain.grounds import RefusalKind, TimedOut, Told
from bot.domain.moderation import Ban, ServerRules, TimeoutRule, WordKind
from bot.domain.safety import Reaction, SafetyPolicy, SafetySetting, Stance
from bot.domain.usual import HIDDEN
from bot.service.moderation import Overview, Verdict
from bot.service.purging import Count
from bot.service.reports import Report
from bot.service.rulebook import Finding
from bot.service.safety import SafetyView
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD, MORNING, a_job, a_request

ID = "ab" * 16
BLOCKED, ADULT, ALLOWED = WordKind.BLOCKED, WordKind.ADULT, WordKind.ALLOWED
SPOILER, BLOCK, OFF = Reaction


def an_appeal(kind: RefusalKind = "words", **more: Any) -> Appeal:
    texts = ("a scum fox",) if kind in ("words", "picture") else ()
    plain = Appeal(ID, GUILD, ANNA, kind, texts, Told("It is blocked."), MORNING, "please")
    return replace(plain, **more)


def a_report(*reasons: str, hidden: bool = False, message: int = 501) -> Report:
    job = a_job(replace(a_request("a fox"), extra=((HIDDEN, True),) if hidden else ()))
    return Report(job, tuple(range(len(reasons) or 1)), reasons, MORNING, CHANNEL, message)


def said(content: Any) -> str:
    return cards.face(content)[0].description or ""


def codes(view: discord.ui.View | None) -> list[str]:
    ids: list[str] = [getattr(each, "custom_id", "") for each in view.children] if view else []
    return [id.split(":")[1] for id in ids]


# Words and rules


@pytest.mark.parametrize(
    ("words", "room", "shown"),
    [
        ([], 20, "||||"),
        (["a"], 20, "||a||"),
        (["a", "b"], 20, "||a, b||"),
        (["a||b", "<@1>"], 40, "||a\\|\\|b, \\<\\@1\\>||"),
        (["x" * 10, "y" * 8, "z"], 20, "||xxxxxxxxxx, yyyyyyyy|| and 1 more"),
        (["x" * 10, "y" * 9, "z"], 20, "||xxxxxxxxxx|| and 2 more"),
        (["x" * 16, "||"], 22, "||xxxxxxxxxxxxxxxx, \\|\\|||"),
        (["x" * 17, "||"], 22, "||xxxxxxxxxxxxxxxxx|| and 1 more"),
    ],
)
def test_words_stand_behind_bars_as_far_as_there_is_room(
    words: list[str], room: int, shown: str
) -> None:
    assert ruling.listed(words, room) == shown
    assert ruling.listed(iter(words), room) == shown


@pytest.mark.parametrize(
    ("words", "changed", "known"),
    [(["a"], 1, ""), (["a"], 0, "1 of them was"), (["a", "b", "c"], 1, "2 of them were")],
)
def test_what_was_known_before_is_counted(words: list[str], changed: int, known: str) -> None:
    first, *rest = ruling.taken(words, changed).splitlines()
    assert first == f"||{', '.join(words)}||"
    assert rest == ([f"-# {known} so before."] if known else [])


@pytest.mark.parametrize("kind", WordKind)
def test_the_form_is_named_after_its_kind(kind: WordKind) -> None:
    assert ruling.title(kind).startswith("Words: ")
    others = {ruling.title(each) for each in WordKind if each is not kind}
    assert ruling.title(kind) not in others


def test_a_server_without_rules_is_told_that_all_is_open() -> None:
    assert ruling.overview(Overview(ServerRules(), [], 0)).splitlines() == [
        "**Channels**: everywhere",
        "**Roles**: everybody",
        "**Time-outs**: 5 refused prompts within 10 min: no drawing for 10 min, twice as long each"
        " further time, up to a day",
        "The moderators' channel: no channel",
    ]


def test_everything_that_holds_has_a_line_and_many_bans_are_counted() -> None:
    words = (("scum", BLOCKED), ("nude", ADULT), ("ok", ALLOWED), ("crap", BLOCKED))
    rules = ServerRules(words, frozenset({9, 5}), frozenset({7}), TimeoutRule(0))
    bans = [Ban(user, "", 1, 0.0) for user in range(22)]
    lines = ruling.overview(Overview(rules, bans, 2, 8)).splitlines()
    assert lines[:8] == [
        "**Blocked** (2): ||scum, crap||",
        "**In age-restricted channels only** (1): ||nude||",
        "**Always allowed** (1): ||ok||",
        "The operator of this bot blocks 2 words everywhere.",
        "**Channels**: <#5>, <#9>",
        "**Roles**: <@&7>",
        "**Time-outs**: off",
        "The moderators' channel: <#8>",
    ]
    assert lines[8:10] == ["**Banned**", "- <@0> for good"]
    assert lines[-2:] == ["- <@19> for good", "-# and 2 more"]
    few = ruling.overview(Overview(rules, bans[:20], 1))
    assert few.endswith("- <@19> for good")
    assert "blocks 1 word everywhere" in few


def test_a_desk_that_is_gone_is_said() -> None:
    lines = ruling.overview(Overview(ServerRules(), [], 0, 8), posts=False).splitlines()
    assert lines[-1].startswith("⚠️ It is gone, or I may not post there, so nobody is told")
    assert "gone" not in ruling.overview(Overview(ServerRules(), [], 0), posts=False)


@pytest.mark.parametrize(
    ("ban", "shown"),
    [
        (Ban(5, "", 9, 0.0), "<@5> for good"),
        (Ban(5, "", 9, 0.0, 160.4), "<@5> until <t:160:f>"),
        (Ban(5, "*rude*", 9, 0.0, 160.6), "<@5> until <t:161:f> (\\*rude\\*)"),
    ],
)
def test_a_ban(ban: Ban, shown: str) -> None:
    assert ruling.banned(ban) == shown


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (Finding("scum", BLOCKED, True, "Scum"), "- ||scum|| (the operator's)"),
        (Finding("scum", BLOCKED, False, "$cum"), "- ||scum|| (blocked), written ||$cum||"),
        (Finding("nude", ADULT, False, "N|de"),
         "- ||nude|| (for age-restricted channels only), written ||N\\|de||"),
    ],
)  # fmt: skip
def test_a_text_that_was_tried(finding: Finding, line: str) -> None:
    refused = "It would be refused here."
    assert ruling.verdict(Verdict([finding], True)).splitlines() == [refused, line]
    drawn = "It would be drawn in this channel."
    assert ruling.verdict(Verdict([finding], False)).splitlines() == [drawn, line]
    assert ruling.verdict(Verdict([], False)) == "Nothing in it is blocked here."


@pytest.mark.parametrize(
    ("days", "count", "words"),
    [
        (0, Count(1, 0), ["**1 picture** by <@5>"]),
        (7, Count(2, 0), ["**2 pictures** of the last 7 days by <@5>"]),
        (0, Count(0, 3), ["**0 pictures**", "under way (3) ends free of charge."]),
    ],
)
def test_a_purge_says_what_it_would_take(days: int, count: Count, words: list[str]) -> None:
    told = ruling.purge(5, days, count)
    assert all(each in told for each in words)
    assert ("under way" in told) == bool(count.unfinished)
    assert ("of the last" in told) == bool(days)


def test_channels_that_are_none_say_where_to_look_instead() -> None:
    assert "`/reports` shows" in ruling.desk(None) == ruling.desk(0)
    assert "`/quota log` shows" in ruling.log(None) == ruling.log(0)
    assert ruling.desk(7).startswith("<#7>: ")
    assert ruling.log(7).startswith("<#7>: ")


@pytest.mark.parametrize(
    ("name", "detail", "line"),
    [
        ("words", {"kind": "blocked", "words": ["a", "b"]}, "||a, b||: blocked"),
        ("words", {"kind": "", "words": ["a"]}, "||a||: forgotten"),
        ("words", {"kind": "", "words": []}, "words: forgotten"),
        ("places", {"kind": "role", "places": []}, "Drawing is for every role"),
        ("places", {"kind": "role", "places": [3, 2]}, "Drawing is for <@&2>, <@&3>"),
        ("places", {"kind": "channel", "places": [4]}, "Drawing is for <#4>"),
        ("timeouts", {"refusals": 0, "within_s": 1, "lasts_s": 1}, "Time-outs: off"),
        ("ban", {"user": 5, "reason": "", "ends_at": None}, "<@5> for good: banned"),
        ("unban", {"user": 5}, "<@5>: may draw again"),
    ],
)
def test_deeds_of_admins(name: str, detail: dict[str, Any], line: str) -> None:
    assert ruling.deed(name, detail) == line


def test_a_deed_about_very_many_words_and_places_stays_a_line() -> None:
    words = [f"{n:03}" + "w" * 50 for n in range(400)]
    line = ruling.deed("words", {"kind": "allowed", "words": words})
    assert len(line) < 300
    assert line.endswith(" and 397 more: always allowed")
    assert ruling.deed("places", {"kind": "channel", "places": [*range(99)]}).count("<#") == 10


# Cards


@pytest.mark.parametrize(
    ("name", "detail", "line"),
    [
        ("desk", {"channel": 7}, "The moderators' channel: <#7>"),
        ("desk", {"channel": 0}, "The moderators' channel: no channel"),
        ("log", {"channel": 7}, "This log: <#7>"),
        ("log", {"channel": 0}, "This log: no channel"),
        ("report answered", {"user": 5, "verdict": "deleted"},
         "<@5>: a reported picture was deleted"),
        ("purge", {"user": 5, "days": 0, "pictures": 9}, "<@5>: deleted 9 pictures"),
        ("appeal", {"user": 5, "kind": "ban"}, "<@5>: appealed against a ban"),
        ("appeal answered", {"user": 5, "kind": "timeout", "verdict": "denied"},
         "<@5>: denied, against a time-out"),
        ("tariff", {"user": 5}, ""),
    ],
)  # fmt: skip
def test_deeds_of_moderators(name: str, detail: dict[str, Any], line: str) -> None:
    assert cards.deed(name, detail) == line


@pytest.mark.parametrize("verdict", ["dismissed", "deleted", "approved", "denied"])
def test_what_was_answered_has_no_buttons(verdict: str) -> None:
    embed, view = cards.face(Settled(verdict, 9))
    assert view is None
    assert (embed.description or "").endswith(" by <@9>.")
    assert "<@" not in said(Settled(verdict, 0))


def test_an_appeal_shows_what_was_refused_covered_and_formats_nothing() -> None:
    texts = ("a ||scum|| fox", "@everyone")
    embed, view = cards.face(
        an_appeal(texts=texts, ground=Told("**No**"), said="it\n\n# is  *fine*")
    )
    assert (embed.description or "").splitlines() == [
        f"<@{ANNA}>, against words of a prompt, <t:{MORNING:.0f}:R>",
        "**Refused** ||a \\|\\|scum\\|\\| fox",
        "\\@everyone||",
        "**Why** \\*\\*No\\*\\*",
        "**They say** it \\# is \\*fine\\*",
    ]
    assert codes(view) == [APPROVE, DENY]


@pytest.mark.parametrize("kind", ["words", "picture", "timeout", "ban"])
def test_only_what_has_words_shows_some_and_only_pictures_were_not_kept(kind: RefusalKind) -> None:
    told = said(an_appeal(kind))
    assert ("**Refused**" in told) == (kind in ("words", "picture"))
    assert ("picture itself was not kept" in told) == (kind == "picture")


@pytest.mark.parametrize("text", ["x" * 4000, "*" * 4000, "||" * 2000])
def test_the_longest_appeal_fits_and_its_bars_close(text: str) -> None:
    told = said(an_appeal("picture", texts=(text,), ground=Told(text), said=text))
    assert len(told) <= 4096
    refused = told.splitlines()[1]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|\|", refused)) == 2


@pytest.mark.parametrize(
    ("kind", "granted"),
    [
        ("words", "you may draw that very prompt once"),
        ("picture", "it is shown as a spoiler"),
        ("timeout", "your time-out is over"),
        ("ban", "that ban is lifted"),
    ],
)
def test_who_appealed_is_told_what_follows(kind: RefusalKind, granted: str) -> None:
    yes, no = an_appeal(kind, answer="approved"), an_appeal(kind, answer="denied")
    assert granted in cards.outcome(yes)
    assert cards.outcome(no).endswith(" was denied: it stays as it is.")
    assert cards.outcomes([yes, no]) == (f"{cards.outcome(yes)}\n{cards.outcome(no)}", 2)
    assert ("(||a scum fox||)" in cards.outcome(no)) == (kind in ("words", "picture"))


def test_as_many_answers_as_one_message_holds() -> None:
    long = an_appeal(answer="denied", texts=("x" * 900,))
    told, count = cards.outcomes([long] * 30)
    assert 3 < count < 30
    assert told == "\n".join([cards.outcome(long)] * count)
    assert len(told) <= CONTENT_LIMIT < len(told) + len(cards.outcome(long)) + 1
    assert cards.outcomes([]) == ("", 0)


def test_a_report_says_how_often_and_why_and_leads_to_the_picture() -> None:
    embed, view = cards.face(report := a_report("*rude*", "ugly"))
    first, *reasons, link, head = (embed.description or "").splitlines()
    assert first == f"Reported 2 times, <t:{MORNING:.0f}:R>"
    assert reasons == ["> \\*rude\\*", "> ugly"]
    assert link.endswith(f"/{GUILD}/{CHANNEL}/501")
    assert head == f"**a fox** - <@{report.job.user}>"
    assert codes(view) == [TAKE_DOWN, DISMISS]
    assert said(a_report()).startswith("Reported once, ")


@pytest.mark.parametrize(("hidden", "message"), [(True, 501), (False, 0)])
def test_no_link_leads_to_what_is_hidden_or_nowhere(hidden: bool, message: int) -> None:
    assert "https://" not in said(a_report("rude", hidden=hidden, message=message))


def test_five_reasons_are_enough() -> None:
    told = said(a_report(*(f"reason {n}" for n in range(9))))
    assert told.startswith("Reported 9 times")
    assert told.count("\n> reason") == 5


@pytest.mark.parametrize("kind", ["timeout", "ban"])
def test_moderators_see_when_it_would_end(kind: RefusalKind) -> None:
    assert "<t:1780301400:R>" in said(an_appeal(kind, ground=TimedOut(1780301400.0)))


def test_a_reason_of_several_lines_stays_a_quotation() -> None:
    _, *reasons, _, _ = said(a_report("rude\nDismissed by the operator.")).splitlines()
    assert all(line.startswith("> ") for line in reasons)


def test_long_reasons_leave_room_for_whose_picture_it_is() -> None:
    told = said(a_report(*("*" * 300 for _ in range(5))))
    assert len(told) <= CONTENT_LIMIT
    assert f"<@{ANNA}>" in told


@pytest.mark.parametrize(
    "told",
    [
        ruling.purge(BERT, 1, Count(2, 0)),
        cards.deed("purge", {"user": BERT, "days": 0, "pictures": 1}),
        ruling.timeouts(TimeoutRule(1)),
    ],
)
def test_one_is_not_many(told: str) -> None:
    assert not re.search(r"\b1 (?:days|pictures|refused prompts)\b", told)


# The check of pictures


def view_of(stance: Stance, *decided: Any) -> list[str]:
    setting = SafetySetting(*decided)
    return caution.view(SafetyView(setting, stance.effective(setting), stance)).splitlines()


def test_what_the_check_does_and_who_decided_it() -> None:
    stance = Stance(SafetyPolicy(SPOILER), may_switch_off=True, checked=True, chosen=False)
    lines = view_of(stance)
    assert "**posted as a spoiler, which stays one** (as the operator" in lines[0]
    assert "**40%** or more" in lines[1]
    assert lines[2:] == ["In channels with an age limit nothing is done.", f"-# {caution.WIDE}"]
    lines = view_of(stance, BLOCK, 0.5, False)
    assert "**not shown to anybody, deleted and not charged** (decided here)" in lines[0]
    assert "**50%** or more" in lines[1]
    assert lines[2] == "Channels with an age limit are no exception."
    assert view_of(stance, OFF) == [
        "An unsafe picture is **posted like any other** (decided here)."
    ]
    lines = view_of(replace(stance, may_switch_off=False), OFF)
    assert "**posted as a spoiler, which stays one** (as the operator" in lines[0]


@pytest.mark.parametrize(
    ("stance", "reaction", "last"),
    [
        (Stance(), BLOCK, "The operator of this bot switched the check off"),
        (Stance(chosen=False), BLOCK, "so **nothing is drawn here**"),
        (Stance(chosen=False), SPOILER, "does not work just now, so no picture is looked at."),
    ],
)
def test_a_check_that_does_not_look_is_said(stance: Stance, reaction: Reaction, last: str) -> None:
    lines = view_of(stance, reaction)
    assert last in lines[-1]
    assert caution.WIDE not in "\n".join(lines)


def test_what_an_admin_decided_is_not_said_to_be_what_holds_instead() -> None:
    [said, _] = view_of(Stance(), BLOCK)
    assert said.endswith("**posted like any other** (as the operator of this bot wants it).")
    # Nobody wanted what a broken check leaves undone.
    assert len(view_of(Stance(chosen=False), SPOILER)) == 1
    assert "(decided here)" in view_of(Stance(chosen=False), BLOCK)[0]


@pytest.mark.parametrize(
    ("detail", "line"),
    [
        ({}, ""),
        ({"reaction": "off"}, "posted like any other"),
        ({"threshold": 0.0}, "from 0% on"),
        ({"reaction": "block", "threshold": 0.25, "spares_adults": True},
         "not shown to anybody, deleted and not charged, from 25% on,"
         " in channels with an age limit nothing is done"),
        ({"spares_adults": False}, "channels with an age limit are no exception"),
    ],
)  # fmt: skip
def test_what_was_decided_of_the_check(detail: dict[str, Any], line: str) -> None:
    assert caution.changes(detail) == line
