"""Settings: one frozen object read once from a mapping. Fails with the name of what is wrong.

Where values come from, and how `.env.example` shows them, is `bot.environment`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from bot.domain.safety import THRESHOLD
from bot.domain.shop import Pack
from bot.fields import live as _live
from bot.fields import setting as _setting
from bot.readers import (
    Secret,
    bare,
    blocked,
    cast,
    devices,
    folder,
    host_and_port,
    ids,
    number,
    one_of,
    packs,
    path,
    plans_sold,
    secret,
    unix_or_port,
    url,
    versions,
    whole,
    words,
    yes_or_no,
)


@dataclass(frozen=True)
class Settings:
    """Every setting, with its default. Names in the environment are the upper-case field names."""

    discord_token: Secret = _setting(
        "", "Bot token from the Discord developer portal; empty starts the sandbox", secret
    )
    discord_api_url: str = _setting(
        "", "Another server that speaks Discord's API (the sandbox sets this itself)", url
    )
    data_dir: Path = _setting("data", "Folder for the database and the pictures", folder)
    pictures_dir: str = _setting("", "Folder for pictures and uploads; empty: in DATA_DIR", path)
    backup_dir: str = _setting(
        "", "Folder for copies of the database, made while the bot runs; empty makes none", path
    )
    backup_minutes: float = _setting(
        "10", "Minutes between two copies, if anything was written meanwhile", number(0.01, 10_000)
    )
    update_copy: bool = _setting(
        "yes",
        "Copy the database to BACKUP_DIR, or beside it, before a new version changes it",
        yes_or_no,
    )
    model: str = _setting(
        "",
        "Name in MODELS_DIR, folder, hub id, .safetensors/.ckpt/.gguf; empty: the embedded model",
        path,
    )
    models_dir: Path = _setting(
        "models",
        "Folder of models, looked into while the bot runs: files and diffusers folders",
        folder,
    )
    versions: Mapping[str, str] = _setting(
        "", "What --v 7 or --niji mean, such as 7=flux-dev,niji=animagine; else MODEL", versions
    )
    describe_model: str = _setting(
        "",
        "Folder with a transformers image-to-text model for /describe; empty: the one in the box",
        path,
    )
    model_native: int = _setting(
        "0", "Side in pixels that the model draws best; 0 goes by its files", whole(0, 4096)
    )
    model_steps: int = _setting(
        "0", "Drawing steps at --quality 1; 0 goes by the model's files and name", whole(0, 200)
    )
    model_guidance: float = _setting(
        "-1", "Guidance scale; -1 goes by the model's files and name", number(-1, 30)
    )
    model_cache: str = _setting(
        "", "Folder for downloaded models; empty is the hub's default", path
    )
    hf_token: Secret = _setting("", "Token for gated models of the Hugging Face hub", secret)
    device: str = _setting(
        "auto",
        "auto takes every GPU, else the CPU; or name devices such as cuda:0,cuda:1; or none",
        devices,
    )
    dtype: str = _setting(
        "auto",
        "Number format of the model; auto picks what the device does best",
        one_of("auto", "float32", "bfloat16", "float16"),
    )
    threads: int = _setting("0", "CPU threads of a worker; 0 lets torch decide", whole(0, 256))
    cpu_engine: str = _setting(
        "auto",
        "What draws on a CPU; auto is OpenVINO once it has converted the model, else torch",
        one_of("auto", "torch"),
    )
    speed: str = _setting(
        "exact",
        "What may be traded for time: exact, balanced, fast; or eager, which compiles nothing",
        one_of("exact", "balanced", "fast", "eager"),
    )
    credits: int = _live(
        "25", "Grids a user may draw each period on a server without own limits", whole(0, 10**6)
    )
    credits_period: str = _live("day", "Period of CREDITS", one_of("day", "week", "month"))
    dm_credits: int = _live(
        "25", "Grids a day for each user in direct messages; 0 allows none", whole(0, 10**6)
    )
    safety: str = _live(
        "spoiler",
        "What becomes of unsafe pictures where a server does not say: spoiler, block, off",
        one_of("spoiler", "block", "off"),
    )
    safety_threshold: float = _live(
        f"{THRESHOLD:g}",
        "How sure the classifier has to be, from 0 to 1, where a server does not say",
        number(0, 1),
    )
    safety_may_be_off: bool = _live(
        "no", "Whether the admins of a server may switch that off there", yes_or_no
    )
    safety_model: str = _setting(
        "",
        "Folder or hub id of a transformers image classifier; empty: the one in the box; off: none",
        path,
    )
    safety_labels: tuple[str, ...] = _setting(
        "", "Its labels that count as unsafe; empty: those named nsfw, porn, hentai, sexy …", words
    )
    running_limit: int = _live("3", "Jobs of one user drawn at once", whole(1, 100))
    waiting_limit: int = _live("10", "Jobs of one user in the queue", whole(1, 1000))
    queue_limit: int = _live("1000", "Jobs in the queue in all", whole(1, 100_000))
    credits_max: int = _live(
        "0",
        "Most grids a period that a server's admins may allow a user; 0 is no cap",
        whole(0, 10**6),
    )
    running_max: int = _live(
        "0", "Most jobs drawn at once that admins may allow a user; 0 is no cap", whole(0, 100)
    )
    waiting_max: int = _live(
        "0", "Most jobs in the queue that admins may allow a user; 0 is no cap", whole(0, 1000)
    )
    guilds: frozenset[int] = _live(
        "", "Ids of the only servers that are served, separated by commas; empty serves all", ids
    )
    shop_packs: Mapping[int, Pack] = _setting(
        "",
        "Credits sold by Discord: consumable SKUs such as 1234567890123456789=115 for 12 months",
        packs,
    )
    shop_plans: Mapping[int, str] = _setting(
        "",
        "Plans sold by Discord: subscription SKUs such as 1234567890123456789=Patron",
        plans_sold,
    )
    operators: frozenset[int] = _live(
        "", "Ids of those who may use /operator; empty is whose application the bot is", ids
    )
    blocked_words: tuple[str, ...] = _live(
        "",
        "Words that nobody draws by, separated by commas, or the path of a .txt file, one a line",
        blocked,
    )
    images_max_gb: float = _live(
        "20", "Pictures kept on disk; the oldest go first", number(0.01, 100_000)
    )
    images_max_days: int = _live(
        "0", "Days that pictures are kept; 0 keeps them for ever", whole(0, 36_500)
    )
    guild_left_days: int = _setting(
        "30",
        "Days after which what a server that removed the bot leaves is deleted; 0 is never",
        whole(0, 36_500),
    )
    cluster_address: str = _setting(
        "", "Cluster whose cards draw, too, such as 127.0.0.1:6379; empty: none", host_and_port
    )
    cluster_token: Secret = _setting("", "Its token; empty: that of CLUSTER_TOKEN_FILE", secret)
    cluster_token_file: str = _setting("", "Its file; empty: cluster.token in DATA_DIR", path)
    cluster_open: bool = _setting(
        "no", "Whether a cluster is used that asks for no token, and runs anybody's code", yes_or_no
    )
    shards: int = _setting(
        "0", "Connections to Discord; 0 is as many as it advises", whole(0, 100_000)
    )
    gateway_processes: int = _setting(
        "0",
        "Processes that hold them in front of the bot, with one to spare; 0: the bot itself does",
        whole(0, 256),
    )
    gateway_address: str = _setting(
        "",
        "Where more such processes come to: unix (a socket in DATA_DIR), or 192.168.1.5:7007",
        unix_or_port,
    )
    gateway_token: Secret = _setting("", "What they and the bot prove to have over TCP", secret)
    disk_floor_gb: float = _live(
        "0.5", "Room on the disk below which no new job is taken; 0 is no floor", number(0, 100_000)
    )
    clicks_per_minute: int = _live(
        "60", "Commands, buttons and forms a minute of one person; 0 is no limit", whole(0, 6000)
    )
    clicks_at_once: int = _live("30", "How many of them may come at once", whole(1, 6000))
    progress_seconds: float = _live(
        "2.5", "Least time between two edits of a progress message", number(0.1, 60)
    )
    health_port: int = _setting(
        "0", "Port on loopback for /healthz, /readyz and /metrics; 0 is off", whole(0, 65_535)
    )
    log_level: str = _live(
        "INFO", "How much is logged", one_of("DEBUG", "INFO", "WARNING", "ERROR")
    )
    log_format: str = _setting(
        "text", "Form of the log: text, or json for one object a line", one_of("text", "json")
    )
    log_file: str = _setting("", "File that the log goes into as well; empty is none", path)
    log_file_mb: float = _setting(
        "10", "Most megabytes of LOG_FILE, beside which five older ones stay", number(0.01, 10_000)
    )
    image_hosts: tuple[str, ...] = _live(
        "",
        "Hosts besides Discord's that linked pictures are taken from, such as i.imgur.com",
        words,
    )
    extensions: tuple[str, ...] = _setting(
        "cogs.imagine,cogs.edit,cogs.results,cogs.show,cogs.history,cogs.gallery,cogs.info,"
        "cogs.settings,cogs.prefer,cogs.quota,cogs.plan,cogs.gift,cogs.safety,cogs.speed,"
        "cogs.styles,cogs.shorten,cogs.describe,cogs.menus,cogs.reactions,cogs.more,cogs.sheet,"
        "cogs.compare,cogs.privacy,cogs.reports,cogs.shop,cogs.overview,cogs.operator,"
        "cogs.moderation,cogs.appeals,cogs.setup,cogs.help",
        "Features to load",
        words,
    )

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Raises SettingsError naming the setting, its value and what would be right."""
        values: dict[str, Any] = {}
        for row in fields(cls):
            text = environ.get(row.name.upper())
            if text is None or (not bare(text) and row.metadata["default"]):
                continue
            values[row.name] = cast(row.name.upper(), bare(text), row.metadata["read"])
        return cls(**values)

    def differing(self, other: Settings, *, live: bool) -> list[str]:
        """Names of settings that are others there: those that may change while the bot runs, or
        those that may not."""
        return [
            row.name.upper()
            for row in fields(self)
            if row.metadata["live"] is live and getattr(self, row.name) != getattr(other, row.name)
        ]

    @property
    def sandbox_dir(self) -> Path:
        """Jobs of the sandbox have nothing to do in the data of a real server."""
        return self.data_dir / "sandbox"

    @property
    def token_file(self) -> Path:
        """Where the token of the cluster lies."""
        file = self.cluster_token_file
        return Path(file) if file else self.data_dir / "cluster.token"

    @property
    def files_dir(self) -> Path:
        """Where pictures and uploads lie."""
        return Path(self.pictures_dir) if self.pictures_dir else self.data_dir

    def sandboxed(self) -> Settings:
        """Whose data are the sandbox's own, copies of the real ones left alone."""
        own = replace(self, data_dir=self.sandbox_dir, pictures_dir="", backup_dir="")
        return replace(own, cluster_token_file=str(self.token_file))

    def secrets(self) -> list[str]:
        """The text of every secret that is set."""
        values = (getattr(self, row.name) for row in fields(self))
        return [value.reveal() for value in values if isinstance(value, Secret) and value]


NAMES = tuple(row.name.upper() for row in fields(Settings))
