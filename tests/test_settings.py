"""Settings: one frozen object, errors that name the setting, secrets that never print."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import rules_of
from bot.domain.errors import SettingsError
from bot.domain.shop import Pack, Span
from bot.environment import Environment, example
from bot.settings import NAMES, Secret, Settings

ROOT = Path(__file__).parent.parent


def refusal(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.read(environ)
    return str(caught.value)


def test_nothing_set_gives_the_defaults() -> None:
    assert Settings.read({}) == Settings()
    assert not Settings().discord_token


def test_values_are_read_by_upper_case_name() -> None:
    settings = Settings.read(
        {
            "DATA_DIR": " /srv/easel ",
            "CREDITS": "7",
            "CREDITS_PERIOD": "month",
            "PROGRESS_SECONDS": "0.5",
            "EXTENSIONS": "cogs.imagine, cogs.help,",
            "DISCORD_API_URL": "http://127.0.0.1:8000/api/v10/",
            "SOMETHING_ELSE": "ignored",
        }
    )
    assert settings.data_dir == Path("/srv/easel")
    assert (settings.credits, settings.credits_period) == (7, "month")
    assert settings.progress_seconds == 0.5
    assert settings.extensions == ("cogs.imagine", "cogs.help")
    assert settings.discord_api_url == "http://127.0.0.1:8000/api/v10"


def test_empty_means_default() -> None:
    assert Settings.read(dict.fromkeys(NAMES, "")) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("CREDITS", "-1", "a whole number from 0 to 1000000"),
        ("CREDITS", "many", "a whole number from 0 to 1000000"),
        ("CREDITS_PERIOD", "year", "one of day, week, month"),
        ("RUNNING_LIMIT", "0", "a whole number from 1 to 100"),
        ("IMAGES_MAX_GB", "nan", "a number from 0.01 to 100000"),
        ("DTYPE", "int8", "one of auto, float32, bfloat16, float16"),
        ("DISCORD_API_URL", "127.0.0.1", "http://"),
        ("DEVICE", "cuda:O", "auto, none, or devices"),
        ("DEVICE", ",", "auto, none, or devices"),
        ("HEALTH_PORT", "70000", "a whole number from 0 to 65535"),
        ("LOG_LEVEL", "loud", "one of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_error_names_setting_value_and_what_would_be_right(name, value, wanted) -> None:
    said = refusal(**{name: value})
    assert said.startswith(f"{name} is {value!r}")
    assert wanted in said


@pytest.mark.parametrize("name", ["DATA_DIR", "MODEL", "MODELS_DIR", "MODEL_CACHE"])
def test_every_path_may_begin_at_home(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    value = getattr(Settings.read({name: "~/easel"}), name.lower())
    assert str(value) == str(tmp_path / "easel")
    assert "it should be a" in refusal(**{name: "~nobody-of-this-name/easel"})


def test_a_model_of_the_hub_is_no_path() -> None:
    assert Settings.read({"MODEL": "stabilityai/sd-turbo"}).model == "stabilityai/sd-turbo"


@pytest.mark.parametrize("quote", ['"', "'"])
def test_one_pair_of_quotes_is_no_part_of_a_value(quote: str) -> None:
    given = {"MODEL": "/x", "CREDITS": "5", "DISCORD_TOKEN": "a.b.c", "DATA_DIR": ""}
    quoted = Settings.read({name: f"{quote}{text}{quote}" for name, text in given.items()})
    assert quoted == Settings.read(given)


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "HF_TOKEN"])
@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("“hush.hush”", "quotation marks"),
        ("<hush.hush>", "brackets"),
        ("[hush.hush]", "brackets"),
        ("Bot hush.hush", "begins with “Bot”"),
        ("hush.hush # my bot", "contains a space"),
        ("hush.hüsh", "no letter, digit or sign"),
    ],
)
def test_what_is_no_token_is_said_without_repeating_it(name: str, text: str, slip: str) -> None:
    said = refusal(**{name: text})
    assert said.startswith(f"{name} ")
    assert slip in said
    assert said.endswith("write the token alone.")
    assert "hush" not in said


def test_servers_are_a_list_of_ids() -> None:
    assert Settings().guilds == frozenset()
    assert Settings.read({"GUILDS": "123456789012345678, 5"}).guilds == {123456789012345678, 5}
    assert "ids" in refusal(GUILDS="my server")
    assert "ids" in refusal(GUILDS="-5")


SKU = 1234567890123456789


@pytest.mark.parametrize(
    ("text", "pack"),
    [
        ("115 for 12 months", Pack(115, Span(12))),
        ("1 for 1 month", Pack(1, Span(1))),
        ("50 for 90 days", Pack(50, Span(days=90))),
        ("500 for 2 years", Pack(500, Span(24))),
        ("1000000", Pack(1_000_000)),
    ],
)
def test_packs_are_credits_and_how_long_they_last(text: str, pack: Pack) -> None:
    assert Settings.read({"SHOP_PACKS": f" {SKU} = {text} ,5=7,"}).shop_packs == {
        SKU: pack,
        5: Pack(7),
    }


def test_plans_that_are_sold_have_names() -> None:
    sold = Settings.read({"SHOP_PLANS": f"{SKU}=Patron of the arts, 5=Club"}).shop_plans
    assert sold == {SKU: "Patron of the arts", 5: "Club"}
    assert Settings().shop_packs == Settings().shop_plans == {}


@pytest.mark.parametrize("name", ["SHOP_PACKS", "SHOP_PLANS"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patron=5", "names 'patron' in 'patron=5'; what stands before = is the id of an SKU"),
        ("0=5", "names '0' in '0=5'"),
        (f"{1 << 63}=5", f"names '{1 << 63}'"),
        ("5=", "says nothing behind 5="),
        ("5", "says nothing behind 5="),
        ("5=1,5=2", "has 5 twice; an SKU is sold as one thing"),
    ],
)
def test_what_is_sold_by_no_sku_is_named(name: str, text: str, said: str) -> None:
    assert refusal(**{name: text}).startswith(f"{name} {said}")


@pytest.mark.parametrize(
    "text",
    ["many", "0", "-5", "1.5", "115 for ever", "115 for 0 months", "5 for 9999 years", "5@1"],
)
def test_what_is_no_pack_is_said_with_what_would_be_one(text: str) -> None:
    said = refusal(SHOP_PACKS=f"5={text}")
    assert said.startswith(f"SHOP_PACKS sells {text!r}; ")
    assert "115 for 12 months" in said


def test_the_case_of_a_word_does_not_count() -> None:
    settings = Settings.read({"LOG_LEVEL": "debug", "DTYPE": "BFloat16"})
    assert (settings.log_level, settings.dtype) == ("DEBUG", "bfloat16")


@given(st.sampled_from(NAMES), st.text(max_size=20))
def test_any_text_gives_a_value_or_a_named_error(name: str, text: str) -> None:
    refused = ""
    try:
        Settings.read({name: text})
    except SettingsError as error:
        refused = str(error)
    assert not refused or name in refused


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().credits = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "HF_TOKEN"])
def test_secrets_never_print(name: str) -> None:
    settings = Settings.read({name: "hush.hush.hush"})
    secret = getattr(settings, name.lower())
    assert secret.reveal() == "hush.hush.hush"
    shown = (repr(settings), str(settings), repr(secret), f"{secret} {secret!s} {secret!r}")
    assert not any("hush" in text for text in shown)
    assert "hush" not in str(dataclasses.asdict(settings))


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert bool(Secret("a")) is True


def test_example_file_is_in_step() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example()


def test_example_file_sets_nothing_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(example(), encoding="utf-8")
    assert Environment.read(tmp_path, {}).values() == {"DISCORD_TOKEN": ""}


def test_example_file_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    opened = re.sub(r"^# ([A-Z_]+=)", r"\1", example(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(opened, encoding="utf-8")
    given = Environment.read(tmp_path, {}).values()
    assert tuple(given) == NAMES
    assert Settings.read(given) == Settings()


def test_every_setting_says_what_it_means_in_one_line() -> None:
    for row in dataclasses.fields(Settings):
        meaning = row.metadata["meaning"]
        assert meaning
        assert "\n" not in meaning
        assert len(meaning) < 100


def test_the_sandbox_touches_nothing_of_the_real_bot() -> None:
    real = Settings.read({"PICTURES_DIR": "/far/pictures", "BACKUP_DIR": "/far/copies"})
    assert real.files_dir == Path("/far/pictures")
    toy = real.sandboxed()
    assert toy.data_dir == toy.files_dir == Path("data/sandbox")
    assert toy.backup_dir == ""


def test_blocked_words_are_a_list_or_a_file(tmp_path: Path) -> None:
    assert Settings().blocked_words == ()
    assert Settings.read({"BLOCKED_WORDS": "scum, hello kitty,"}).blocked_words == (
        "scum", "hello kitty",
    )  # fmt: skip
    file = tmp_path / "blocked.txt"
    file.write_text("\ufeff# ours\nscum\n\n  hello, kitty \n性交\n", encoding="utf-8")
    read = Settings.read({"BLOCKED_WORDS": str(file)})
    assert read.blocked_words == ("scum", "hello, kitty", "性交")
    assert rules_of(read).blocked_words == read.blocked_words
    file.write_bytes(b"\xff\xfe")
    assert "text file (.txt) in UTF-8" in refusal(BLOCKED_WORDS=str(file))
    gone = str(tmp_path / "none.txt")
    assert f"BLOCKED_WORDS names the file '{gone}', which cannot be read" in refusal(
        BLOCKED_WORDS=gone
    )


def test_what_is_no_word_is_said_at_the_start() -> None:
    with pytest.raises(SettingsError, match=r"^BLOCKED_WORDS: A word has at least two letters"):
        rules_of(Settings(blocked_words=("scum", "!")))
    assert rules_of(Settings(blocked_words=("  SCUM ",))).blocked_words == ("scum",)


def test_the_readme_names_every_setting_that_may_change_while_the_bot_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [listed] = re.findall(r"From then on hold:\n(.+?)\.\n", text, flags=re.DOTALL)
    live = [row.name.upper() for row in dataclasses.fields(Settings) if row.metadata["live"]]
    assert re.findall(r"`(\w+)`", listed) == live
