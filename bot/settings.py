"""Settings: one frozen object read once from a mapping. Fails with the name of what is wrong.

`.env.example` is the text of `example()`; a test keeps it so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bot.domain.errors import SettingsError

_EXAMPLE_HEAD = """\
# Copy this file to .env and change what you need; what stands here are the defaults.
# Real environment variables win over the file.
"""


class Secret:
    """A string that prints as stars."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret('****')" if self._value else "Secret('')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    read.__doc__ = f"a whole number from {low} to {high}"
    return read


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    read.__doc__ = f"a number from {low:g} to {high:g}"
    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    read.__doc__ = "one of " + ", ".join(choices)
    return read


def _url(text: str) -> str:
    """empty, or an address such as http://127.0.0.1:8000/api/v10"""
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(text)
    return text.rstrip("/")


def _words(text: str) -> tuple[str, ...]:
    """names separated by commas"""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _setting(default: str, meaning: str, read: Callable[[str], Any] = str) -> Any:
    return field(
        default_factory=lambda: read(default),
        metadata={"default": default, "meaning": meaning, "read": read},
    )


@dataclass(frozen=True)
class Settings:
    """Every setting, with its default. Names in the environment are the upper-case field names."""

    discord_token: Secret = _setting(
        "", "Bot token from the Discord developer portal; empty starts the sandbox", Secret
    )
    discord_api_url: str = _setting(
        "", "Another server that speaks Discord's API (the sandbox sets this itself)", _url
    )
    data_dir: Path = _setting("data", "Folder for the database and the pictures", Path)
    model: str = _setting(
        "", "Folder, hub id or .safetensors/.ckpt file; empty is the embedded model"
    )
    model_native: int = _setting(
        "0", "Side in pixels that the model draws best; 0 goes by its name", _whole(0, 4096)
    )
    model_steps: int = _setting(
        "0", "Drawing steps at --quality 1; 0 goes by the model's name", _whole(0, 200)
    )
    model_guidance: float = _setting(
        "-1", "Guidance scale; -1 goes by the model's name", _number(-1, 30)
    )
    model_cache: str = _setting("", "Folder for downloaded models; empty is the hub's default")
    hf_token: Secret = _setting("", "Token for gated models of the Hugging Face hub", Secret)
    device: str = _setting(
        "auto", "auto takes every GPU, else the CPU; or name devices such as cuda:0,cuda:1"
    )
    dtype: str = _setting(
        "auto",
        "Number format of the model; auto picks what the device does best",
        _one_of("auto", "float32", "bfloat16", "float16"),
    )
    threads: int = _setting("0", "CPU threads of a worker; 0 lets torch decide", _whole(0, 256))
    credits: int = _setting(
        "25", "Grids a user may draw each period on a server without own limits", _whole(0, 10**6)
    )
    credits_period: str = _setting("day", "Period of CREDITS", _one_of("day", "month"))
    dm_credits: int = _setting(
        "25", "Grids a day for each user in direct messages; 0 allows none", _whole(0, 10**6)
    )
    running_limit: int = _setting("3", "Jobs of one user drawn at once", _whole(1, 100))
    waiting_limit: int = _setting("10", "Jobs of one user in the queue", _whole(1, 1000))
    queue_limit: int = _setting("1000", "Jobs in the queue in all", _whole(1, 100_000))
    images_max_gb: float = _setting(
        "20", "Pictures kept on disk; the oldest go first", _number(0.01, 100_000)
    )
    images_max_days: int = _setting(
        "0", "Days that pictures are kept; 0 keeps them for ever", _whole(0, 36_500)
    )
    progress_seconds: float = _setting(
        "2.5", "Least time between two edits of a progress message", _number(0.1, 60)
    )
    health_port: int = _setting(
        "0", "Port on loopback that answers /healthz; 0 is off", _whole(0, 65_535)
    )
    log_level: str = _setting(
        "INFO", "How much is logged", _one_of("DEBUG", "INFO", "WARNING", "ERROR")
    )
    extensions: tuple[str, ...] = _setting(
        "cogs.imagine,cogs.info,cogs.quota,cogs.help", "Features to load", _words
    )

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Raises SettingsError naming the setting, its value and what would be right."""
        values: dict[str, Any] = {}
        for row in fields(cls):
            text = environ.get(row.name.upper())
            if text is None or (not text.strip() and row.metadata["default"]):
                continue
            values[row.name] = _cast(row.name.upper(), text.strip(), row.metadata["read"])
        return cls(**values)


def _cast(name: str, text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except ValueError:
        wanted = read.__doc__ or "another value"
        raise SettingsError(f"{name} is {text!r}; it should be {wanted}.") from None


def environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """`.env` in `folder`, overridden by the real environment.

    Raises SettingsError when the file cannot be read as text.
    """
    from dotenv import dotenv_values

    try:
        file = dotenv_values(folder / ".env", interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{folder / '.env'} cannot be read as UTF-8 text: {error}.") from None
    return {key: value or "" for key, value in file.items()} | dict(environ)


def example() -> str:
    """The text of `.env.example`: each setting with its meaning and default."""
    rows = (
        f"# {row.metadata['meaning']}\n{row.name.upper()}={row.metadata['default']}\n"
        for row in fields(Settings)
    )
    return "\n".join((_EXAMPLE_HEAD, *rows))
