"""Settings: one frozen object, errors that name the setting, secrets that never print."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import SettingsError
from bot.settings import Secret, Settings, environment, example

ROOT = Path(__file__).parent.parent
NAMES = [row.name.upper() for row in dataclasses.fields(Settings)]


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
        ("CREDITS_PERIOD", "year", "one of day, month"),
        ("RUNNING_LIMIT", "0", "a whole number from 1 to 100"),
        ("IMAGES_MAX_GB", "nan", "a number from 0.01 to 100000"),
        ("DTYPE", "int8", "one of auto, float32, bfloat16, float16"),
        ("DISCORD_API_URL", "127.0.0.1", "http://"),
        ("HEALTH_PORT", "70000", "a whole number from 0 to 65535"),
        ("LOG_LEVEL", "loud", "one of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_error_names_setting_value_and_what_would_be_right(name, value, wanted) -> None:
    said = refusal(**{name: value})
    assert said.startswith(f"{name} is {value!r}")
    assert wanted in said


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


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CREDITS=5\nDISCORD_TOKEN='a.$b${HOME}'\nMODEL\n")
    merged = environment(tmp_path, {"CREDITS": "9"})
    assert merged["CREDITS"] == "9"
    assert merged["DISCORD_TOKEN"] == "a.$b${HOME}"
    assert Settings.read(merged).model == ""


def test_without_a_file_the_environment_is_all(tmp_path: Path) -> None:
    assert environment(tmp_path, {"CREDITS": "9"}) == {"CREDITS": "9"}


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"MODEL=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        environment(tmp_path, {})


def test_example_file_is_in_step() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example()


def test_example_file_is_the_defaults(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(example(), encoding="utf-8")
    merged = environment(tmp_path, {})
    assert list(merged) == NAMES
    assert Settings.read(merged) == Settings()


def test_every_setting_says_what_it_means_in_one_line() -> None:
    for row in dataclasses.fields(Settings):
        meaning = row.metadata["meaning"]
        assert meaning
        assert "\n" not in meaning
        assert len(meaning) < 100
