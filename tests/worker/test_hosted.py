"""bot.worker.hosted without Ray: orders go in, words come out, from one bot to the next."""

from __future__ import annotations

import asyncio
import io
import math
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.local import SIMULATED
from bot.models.cards import EMBEDDED_CARD
from bot.worker import hosted
from bot.worker.here import Here
from bot.worker.hosted import Host, Inlet
from bot.worker.serving import Outgoing
from tests.kit.workers import attempt

PATIENCE_S = 30


def hello(**options: Any) -> bytes:
    """For an engine that takes its time."""
    made = {"slots": 4, "step_seconds": 0.01, "cards": [], **options}
    return frames.pack(Frame("hello", {"engine": SIMULATED, "options": made, "heartbeat_s": 0.5}))


def unpacked(chunk: Any) -> list[Frame]:
    data = io.BytesIO(chunk[0] if isinstance(chunk, tuple) else chunk)
    found = []
    while frame := frames.read(data):
        found.append(frame)
    return found


class Ear:
    """Listens to a host under one name; `deaf`, it does not say that anything has come."""

    def __init__(self, host: Host, name: str, deaf: bool = False) -> None:
        self.heard: list[Frame] = []
        self.host = host
        self.name = name
        self._deaf = deaf
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for chunk in self.host.listen(self.name):
            if isinstance(chunk, tuple) and not self._deaf:
                self.host.heard(chunk[1])
            self.heard += unpacked(chunk)
            self._news.set()

    def said(self, kind: str, **wanted: Any) -> list[Frame]:
        def matches(data: Any) -> bool:
            return all(data.get(name) == value for name, value in wanted.items())

        return [each for each in self.heard if each.kind == kind and matches(each.data)]

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def ends(self) -> None:
        """It hears nothing more."""
        await asyncio.wait_for(self._task, PATIENCE_S)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    one = Host(kept_s=math.inf)
    yield one
    one.take(one.name, frames.pack(Frame("stop", {})))


async def begun(host: Host, name: str = "first", **options: Any) -> Ear:
    assert host.adopt(name, "bot", hello(**options)) == ""
    ear = Ear(host, name)
    await ear.until(lambda: ear.said("ready"))
    return ear


def run(job: str, no: int = 1, **changes: Any) -> bytes:
    return frames.pack(frames.pack_attempts([attempt(job, no=no, **changes)]))


async def test_orders_go_in_and_words_come_out_with_its_name(host: Host) -> None:
    ear = await begun(host)
    assert host.take("first", run("a"))
    await ear.until(lambda: ear.said("end"))
    assert ear.said("end", job="a", outcome="done", worker="first")
    assert len(ear.said("event", event="Image")) == 4
    steps = [each.data["fields"]["step"] for each in ear.said("event", event="Progress")]
    assert steps == [1, 2, 3, 4, 5, 6]


async def test_who_adopts_it_finds_the_models_and_stops_what_was_wanted_before(host: Host) -> None:
    first = await begun(host)
    host.take("first", run("old", steps=100_000))
    await first.until(lambda: first.said("event", event="Progress"))
    assert host.adopt("second", "bot", hello()) == ""
    await first.ends()
    second = Ear(host, "second")
    await second.until(lambda: second.said("end", job="old", outcome="cancelled"))
    await second.until(lambda: second.said("ready", slots=4) and second.said("state"))
    assert "embedded" in second.said("state")[-1].data["loaded"]
    await second.until(lambda: second.said("room"))
    assert not host.take("first", run("late"))
    assert host.take("second", run("new"))
    await second.until(lambda: second.said("end", job="new", outcome="done"))


async def test_what_it_answers_at_once_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threads are quicker than the call that wakes them."""
    answered = threading.Event()

    def prompt(receive: Callable[[], Frame | None], outgoing: Outgoing) -> None:
        while frame := receive():
            outgoing.send(Frame("ready", {"to": frame.kind}))
            answered.set()

    def start(thread: threading.Thread, started: Any = threading.Thread.start) -> None:
        started(thread)
        assert answered.wait(PATIENCE_S)

    def feed(inlet: Inlet, data: bytes, fed: Any = Inlet.feed) -> None:
        answered.clear()
        fed(inlet, data)
        assert not runs or answered.wait(PATIENCE_S)

    host, runs = Host(kept_s=math.inf), False
    monkeypatch.setattr(hosted, "serve", prompt)
    monkeypatch.setattr(Inlet, "feed", feed)
    monkeypatch.setattr(threading.Thread, "start", start)
    assert host.adopt("first", "bot", hello()) == ""
    runs = True
    first = Ear(host, "first")
    await first.until(lambda: first.said("ready", to="hello", worker="first"))
    assert host.adopt("second", "bot", hello()) == ""
    second = Ear(host, "second")
    await second.until(lambda: second.said("ready", to="adopt", worker="second"))


async def test_it_is_one_bots_at_a_time_and_made_for_one_thing(host: Host) -> None:
    await begun(host)
    assert host.adopt("second", "another bot", hello()) == "taken"
    assert host.adopt("second", "bot", hello(step_seconds=1)) == "other"
    assert host.adopt("second", "bot", hello(cards=[{"id": "new"}])) == ""
    assert host.name == "second"


async def test_nothing_is_drawn_for_somebody_who_is_gone() -> None:
    host = Host(lease_s=0.3, kept_s=math.inf)
    ear = await begun(host)
    host.take("first", run("orphan", steps=100_000))
    await ear.until(lambda: ear.said("end", job="orphan", outcome="cancelled"))
    assert host.adopt("second", "another bot", hello()) == ""


async def test_what_decides_about_blame_is_waited_for(host: Host) -> None:
    """A step follows only when somebody knows that the job has begun; not for ever, though."""
    host.adopt("first", "bot", hello())
    chunks = host.listen("first")
    heard: list[Frame] = []
    host.take("first", run("a"))
    async with asyncio.timeout(PATIENCE_S):
        async for chunk in chunks:
            heard += unpacked(chunk)
            if isinstance(chunk, tuple) and any(_is(each, "Begun") for each in heard):
                assert not any(_is(each, "Progress") for each in heard)
                host.heard(chunk[1])
                break
        async for chunk in host.listen("first"):
            heard += unpacked(chunk)
            if any(_is(each, "Progress") for each in heard):
                break


async def test_who_says_nothing_of_what_has_come_is_not_waited_for_long(host: Host) -> None:
    host.adopt("first", "bot", hello())
    ear = Ear(host, "first", deaf=True)
    host.take("first", run("a"))
    await ear.until(lambda: ear.said("end", job="a", outcome="done"))


def _is(frame: Frame, event: str) -> bool:
    return frame.kind == "event" and frame.data["event"] == event


async def test_people_are_told_how_it_stands(host: Host) -> None:
    assert host.standing()["worker"] == ""
    ear = await begun(host, vram_mb=24_000, device="cuda")
    host.take("first", run("a", steps=50_000))
    await ear.until(lambda: ear.said("event", event="Progress"))
    said = host.standing()
    assert (said["worker"], said["device"], said["vram_mb"]) == ("first", "cuda", 24_000)
    assert said["loaded"] == ["embedded"]
    assert said["drawing"]["a"].endswith("/50000")


# Where things lie


def moved(environ: dict[str, str], frame: Frame, before: Frame | None = None) -> Any:
    here = Here(environ)
    here.of(before)
    found = here.of(frame)
    assert found
    return found.data


def test_models_are_looked_for_on_this_machines_shelf() -> None:
    card = {"id": "fox", "source": "models/fox.safetensors", "vae": "", "loras": {}}
    options = {"shelf": "models", "cards": [card], "safety": "models/check", "token": "modelsish"}
    said = moved({"MODELS_DIR": "/srv/m"}, Frame("hello", {"options": options}))["options"]
    assert said["shelf"] == "/srv/m"
    assert said["cards"][0]["source"] == "/srv/m/fox.safetensors"
    assert (said["safety"], said["token"]) == ("/srv/m/check", "modelsish")
    later = moved(
        {"MODELS_DIR": "/srv/m"}, Frame("cards", {"cards": [card]}),
        Frame("hello", {"options": options}),
    )  # fmt: skip
    assert later["cards"][0]["source"] == "/srv/m/fox.safetensors"


def test_the_embedded_model_is_this_packages_own() -> None:
    card = {"id": "embedded", "source": "/elsewhere/bot/models/embedded"}
    said = moved({}, Frame("hello", {"options": {"cards": [card]}}))["options"]
    assert said["cards"][0]["source"] == EMBEDDED_CARD.source


def test_what_is_made_here_lies_here_and_what_is_not_said_is_as_there() -> None:
    options = {"converted": "/bot/data/converted", "cache_dir": "/bot/hub", "shelf": "/bot/models"}
    hello = Frame("hello", {"options": options})
    assert moved({}, hello)["options"] == options
    said = moved({"DATA_DIR": "/srv/data", "MODEL_CACHE": ""}, hello)["options"]
    assert (said["converted"], said["cache_dir"]) == ("/srv/data/converted", "")
    assert "compiled" not in said


def test_other_orders_are_passed_on_as_they_are() -> None:
    frame = Frame("run", {"attempts": []})
    assert Here({"MODELS_DIR": "/srv"}).of(frame) is frame
