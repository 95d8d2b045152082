"""Everything that was ever seen in the sandbox, whatever became of it: which jobs people were told
of, where their pictures came, and what no message may say."""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox import News, Sandbox, StoredMessage
from tests.kit.messages import text_of, walk

_CANCEL = re.compile(r"^easel:cancel:([0-9a-f]{32})")
_REFERENCE = re.compile(r"\(reference `(\w+)`\)")
_GRID = re.compile(r"_([0-9a-f]{32})\.")
_ROOT = Path(__file__).parents[2]
LEAKS = re.compile(
    rf"Traceback|File \"|\.py\b|{re.escape(str(_ROOT))}|{re.escape(tempfile.gettempdir())}/"
    r"|/tmp/|/dev/shm|sandbox-token|sqlite3?\b|Errno"
)


@dataclass
class Post:
    """A message with pictures of a job; `gone` is when it was deleted, by the order of events."""

    message: str
    channel: str
    at: int
    gone: int | None = None


@dataclass
class Witness:
    """Hears the sandbox from its first to its last word."""

    posts: dict[str, list[Post]] = field(default_factory=lambda: defaultdict(list))
    """By job."""
    notices: dict[str, str] = field(default_factory=dict)
    """Message → the job that it showed as unfinished, at any time."""
    unfinished: dict[str, str] = field(default_factory=dict)
    """Message → the job that it shows as unfinished now."""
    references: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of failures → the messages that told of them."""
    deleted: set[str] = field(default_factory=set)
    """Messages that are no more."""
    leaks: list[str] = field(default_factory=list)
    _moment: int = 0
    _places: dict[str, str] = field(default_factory=dict)
    _by_message: dict[str, Post] = field(default_factory=dict)

    def watch(self, sandbox: Sandbox) -> None:
        sandbox.bus.subscribe(self.hear)

    @property
    def jobs(self) -> set[str]:
        """Those that anybody was told of."""
        return {*self.posts, *self.notices.values()}

    def hear(self, news: News) -> None:
        self._moment += 1
        message = news.subject
        if not news.name.startswith("MESSAGE_") or not isinstance(message, StoredMessage):
            if news.name in ("CHANNEL_DELETE", "THREAD_DELETE"):
                self._channel_gone(str(news.channel_id))
            return
        if not message.author.bot:
            return
        if news.name == "MESSAGE_DELETE":
            self._gone(message.id)
        elif news.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            self._shown(message)

    def _shown(self, message: StoredMessage) -> None:
        self._places[message.id] = message.channel_id
        if message.files and message.id not in self._by_message:
            for job in _GRID.findall(message.files[0].filename):
                post = Post(message.id, message.channel_id, self._moment)
                self._by_message[message.id] = post
                self.posts[job].append(post)
        job = cancelled_by(message.components)
        if job:
            self.notices[message.id] = self.unfinished[message.id] = job
        else:
            self.unfinished.pop(message.id, None)
        text = text_of({"content": message.content, "embeds": message.embeds,
                        "components": message.components})  # fmt: skip
        for reference in _REFERENCE.findall(text):
            self.references[reference].add(message.id)
        if found := LEAKS.search(text):
            self.leaks.append(f"{found[0]!r} in {text[:200]!r}")

    def _gone(self, message: str) -> None:
        self.unfinished.pop(message, None)
        self.deleted.add(message)
        if post := self._by_message.get(message):
            post.gone = self._moment

    def _channel_gone(self, channel: str) -> None:
        """Nobody is told of its messages one by one."""
        for message, where in self._places.items():
            if where == channel:
                self.unfinished.pop(message, None)
                self.deleted.add(message)
        for post in self._by_message.values():
            if post.channel == channel and post.gone is None:
                post.gone = self._moment


def cancelled_by(components: list[dict[str, Any]]) -> str:
    """The job that a button of these stops; empty where none does."""
    for part in walk(components):
        if found := _CANCEL.match(part.get("custom_id") or ""):
            return found[1]
    return ""
