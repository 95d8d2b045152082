"""The prompt language: what is accepted, what is refused with which sentence, and round trips."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidPrompt
from bot.domain.prompt import MAX_LENGTH, Prompt
from bot.domain.prompt.marks import DASH
from bot.domain.prompt.parameter import Kind, Parameter
from bot.domain.prompt.parameters import PARAMETERS, SEED_MAX
from bot.domain.size import AspectRatio

# What people type: words, white space, dashes of every kind, names and values of parameters.
PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                " ",
                "  ",
                "\n",
                "\t",
                ",",
                ", ",
                "-",
                "--",
                "---",
                "—",
                " — ",
                " -- ",
                "–",
                ":",
                "`",
            ),
            *(
                "a red fox",
                "cats, dogs",
                "3:2",
                "16:9",
                "7",
                "0.25",
                "2",
                "@everyone",
                "**",
                "\u200d",
            ),
            *(f"--{name} " for row in PARAMETERS for name in row.names),
            *(f" —{name} " for row in PARAMETERS for name in row.names),
        ]
    ),
    st.text(max_size=12),
)
TYPED = st.lists(PIECES, max_size=14).map("".join)

GOOD_OPTIONS = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 3), st.integers(1, 3)).map(lambda p: f"--ar {p[0]}:{p[1]}"),
        st.integers(0, SEED_MAX).map(lambda seed: f"—seed {seed}"),
        st.sampled_from(["0.25", "0.5", "1", "2", "1.0"]).map(lambda q: f"--q {q}"),
        st.lists(st.text("abc -—,", min_size=1, max_size=8), min_size=1, max_size=3).map(
            lambda items: "--no " + ",".join(items)
        ),
    ),
    max_size=5,
).map(" ".join)


def refusal(source: str) -> str:
    with pytest.raises(InvalidPrompt) as caught:
        Prompt.parse(source)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "canonical"),
    [
        ("a red fox", "a red fox"),
        ("  a\n red\t fox ", "a red fox"),
        ("a red fox --ar 3:2", "a red fox --ar 3:2"),
        ("a red fox --ar 6:4", "a red fox --ar 3:2"),
        ("a red fox --aspect 3:2", "a red fox --ar 3:2"),
        ("a red fox --AR 3:2", "a red fox --ar 3:2"),
        ("a red fox —ar 3:2", "a red fox --ar 3:2"),
        ("a red fox —seed 0", "a red fox --seed 0"),
        (f"fox --seed {SEED_MAX}", f"fox --seed {SEED_MAX}"),
        ("fox --seed 007", "fox --seed 7"),
        ("fox --q .5", "fox --quality 0.5"),
        ("fox --quality 2.0", "fox --quality 2"),
        ("fox --no cats,dogs , cats", "fox --no cats, dogs"),
        ("fox --no cats --no dogs --no cats", "fox --no cats, dogs"),
        ("fox --no two words", "fox --no two words"),
        ("fox --ar 9:2", "fox --ar 3:1"),
        ("fox --ar 3:2 --aspect 1:1", "fox --ar 1:1"),
        ("x --ar 3:2 a fox", "x a fox --ar 3:2"),
        ("fox --q 1,5", "fox --quality 1.5"),
        ("red barn::2, dusk", "red barn::2 dusk::1"),
        ("red barn::-.5 dusk::2", "red barn::-0.5 dusk::2"),
        ("https://a.example/b.png::2 a fox", "https://a.example/b.png::2 a fox"),
        ("fox --lora a:0.5 --lora b", "fox --lora a:0.5 --lora b"),
        ("fox --sref 7 --sref random", "fox --sref 7 random"),
        ("fox --niji --tile --style RAW", "fox --tile --style raw --niji"),
        ("fox --no cats — , dogs --", "fox --no cats, dogs"),
        ("fox --no x --seed 1 --q 1 --ar 1:3", "fox --ar 1:3 --seed 1 --quality 1 --no x"),
        ("well-known red—brown fox", "well-known red—brown fox"),
        ("a fox — very red", "a fox — very red"),
        ("a fox -- very red", "a fox -- very red"),
        ("--- a", "--- a"),
        ("fox --aa 3", None),
        ("a **fox** <@1> @everyone", "a **fox** <@1> @everyone"),
        ("👩‍🚀 on the moon", "👩‍🚀 on the moon"),
        ("می‌خواهم", "می‌خواهم"),
        ("new emoji \U0001fae9", "new emoji \U0001fae9"),
        ("fo\x00x\u202e \u200bred\ud800", "fox red"),
        ("f" * MAX_LENGTH, "f" * MAX_LENGTH),
    ],
)
def test_accepted(source: str, canonical: str | None) -> None:
    if canonical is None:
        assert "parameter" in refusal(source)
    else:
        assert str(Prompt.parse(source)) == canonical


def test_options_as_values() -> None:
    prompt = Prompt.parse("a fox --ar 4:2 --seed 9 --q 0.25 --no cats, dogs")
    assert prompt.text == "a fox"
    assert prompt.aspect == AspectRatio(2, 1)
    assert (prompt.seed, prompt.quality, prompt.negative) == (9, 0.25, "cats, dogs")
    assert prompt.parameters == "--ar 2:1 --seed 9 --quality 0.25 --no cats, dogs"


def test_defaults() -> None:
    prompt = Prompt.parse("a fox")
    assert (prompt.aspect, prompt.seed, prompt.quality) == (AspectRatio(1, 1), None, 1.0)
    assert (prompt.negative, prompt.parameters) == ("", "")


def test_without_drops_only_that_option() -> None:
    prompt = Prompt.parse("a fox --ar 3:2 --seed 9")
    assert str(prompt.without("seed")) == "a fox --ar 3:2"
    assert prompt.without("no") == prompt


@pytest.mark.parametrize(
    "value", ["", "3", "3:", ":2", "a:b", "0:1", "-1:2", "3:2:1", "wide", "16.9"]
)
def test_aspect_names_parameter_and_range(value: str) -> None:
    said = refusal(f"fox --aspect {value}")
    assert "`--ar`" in said
    assert "between 1:3 and 3:1" in said


@pytest.mark.parametrize("value", ["-2", str(SEED_MAX + 1), "1.5", "x", "1_0", "٣", "9" * 5000])
def test_seed_names_parameter_and_range(value: str) -> None:
    said = refusal(f"fox --seed {value}"[:MAX_LENGTH])
    assert "`--seed`" in said
    assert f"from 0 to {SEED_MAX}" in said


@pytest.mark.parametrize("value", ["0", "30", "nan", "inf", "-1", "high", "²"])
def test_quality_names_parameter_and_range(value: str) -> None:
    said = refusal(f"fox --q {value}")
    assert "`--quality`" in said
    assert "from 0.25 to 5" in said


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("aspct", "aspect"), ("sed", "seed"), ("qality", "quality"), ("stylise", "stylize")],
)
def test_unknown_parameter_names_the_nearest(typed: str, nearest: str) -> None:
    assert f"did you mean `--{nearest}`?" in refusal(f"fox --{typed} 3:2")


def test_unknown_parameters_are_all_named() -> None:
    said = refusal("fox --wxyz 3 --ar 3:2 --vwxyz")
    assert "no parameters `--wxyz` and `--vwxyz`" in said
    assert "`/help` lists" in said


def test_missing_values_are_said() -> None:
    assert "a value is missing" in refusal("fox --seed --ar 3:2")
    assert "a value is missing" in refusal("fox --no")


@pytest.mark.parametrize(
    ("source", "note"),
    [
        ("fox --ar 3:2 --aspect 1:1", "`--ar` is given more than once; the last one counts."),
        ("fox --ar 7:2", "`--ar` goes up to 3:1 and 1:3, so it is drawn as 3:1."),
        ("fox --s 2500", "`--stylize` goes up to 1000, so it is drawn with that, not 2500."),
        ("fox --seed -1", "`--seed` is drawn at random where none is given, so it was left out."),
    ],
)
def test_what_was_read_otherwise_than_typed_is_noted(source: str, note: str) -> None:
    assert Prompt.read(source).notes == (note,)
    assert Prompt.read("fox --ar 3:2 --ar 3:2 --no a --no b --sref 1 --sref 2").notes == ()


@pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: row.name)
def test_every_row_says_what_it_is(row: Parameter) -> None:
    assert row.kind is Kind.FLAG or row.gone or row.expects
    assert sum(map(bool, (row.help, row.past, row.gone))) == 1


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.help], ids=lambda row: row.name)
def test_every_example_is_read_by_its_row(row: Parameter) -> None:
    example = row.example.replace("https://…", "https://cdn.example/a.png")
    for name in row.names:
        typed = example.replace(f"--{row.name}", f"--{name}", 1)
        assert [name for name, _ in Prompt.parse(f"a fox {typed}").options] == [row.name]


@pytest.mark.parametrize("source", ["", "   ", "\u200b", "\u200d", "--ar 3:2", "—seed 1"])
def test_empty_prompt_is_refused(source: str) -> None:
    assert "empty" in refusal(source)


def test_too_long_says_both_numbers() -> None:
    said = refusal("f" * (MAX_LENGTH + 1))
    assert str(MAX_LENGTH) in said
    assert str(MAX_LENGTH + 1) in said


def test_limit_holds_for_the_stored_form_too() -> None:
    # `--q` is stored as `--quality`: longer than what was typed.
    source = "f" * (MAX_LENGTH - 6) + " --q 2"
    assert len(source) == MAX_LENGTH
    assert str(MAX_LENGTH) in refusal(source)


@pytest.mark.parametrize("typed", ["--x`@everyone`", "--ar `**x**`", "--seed ```"])
def test_sentence_keeps_typed_text_in_code(typed: str) -> None:
    # An even number of back-ticks and none inside the typed part: it cannot break out.
    said = refusal(f"fox {typed}")
    assert said.count("`") % 2 == 0
    assert "``" not in said


def test_sentences_stay_short() -> None:
    assert len(refusal("fox --" + "x" * 3000)) < 300
    assert len(refusal("fox --seed " + "x" * 3000)) < 300


@given(TYPED)
def test_raises_nothing_but_its_own_error(source: str) -> None:
    try:
        prompt = Prompt.parse(source)
    except InvalidPrompt:
        return
    assert Prompt.parse(str(prompt)) == prompt
    assert str(Prompt.parse(str(prompt))) == str(prompt)
    str(prompt).encode()


@given(TYPED, GOOD_OPTIONS)
def test_round_trip_with_options(text: str, options: str) -> None:
    try:
        prompt = Prompt.parse(f"fox {text} {options}")
    except InvalidPrompt:
        return
    assert Prompt.parse(str(prompt)) == prompt
    assert Prompt.parse(str(prompt.without("seed"))) == prompt.without("seed")


@given(st.text(max_size=60))
def test_plain_text_is_never_expanded(text: str) -> None:
    # Wildcards, braces and placeholders of other bots mean nothing to one prompt.
    kept = re.sub(f"[{DASH}:：*_`@{{}}]|http", "", text)
    source = "fox {a, b} __animal__ $(x) %s " + kept
    assert Prompt.parse(source).text.startswith("fox {a, b} __animal__ $(x) %s")


@given(st.integers(1, 10**10), st.integers(1, 10**10))
def test_ratio_is_in_lowest_terms_or_refused(width: int, height: int) -> None:
    try:
        ratio = AspectRatio.parse(f"{width}:{height}")
    except ValueError:
        assert width > 3 * height or height > 3 * width or max(width, height) >= 10**10
        return
    assert ratio.width * height == ratio.height * width
    assert AspectRatio.parse(str(ratio)) == ratio
