"""The captioner: what it is taught from, that it learns, how it is judged and what is shipped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from transformers import CLIPTokenizer, VisionEncoderDecoderModel

from bot.models import describer
from bot.training import describing, renderings
from bot.training.captioner import Lecture, Lessons, new_captioner, teach_captioner
from bot.training.captions import Idea, clean_caption, draw_idea, held_out
from bot.training.export import TooLarge
from bot.training.renderings import HELD_OUT, REAL, Renderings, read_renderings, shown_ideas
from bot.training.telling import Told, shares, told
from bot.training.vocabulary import FILLERS, THINGS
from tests.kit import captioners
from tests.training.test_pictures import pytestmark as needs_font

WORDS = Path("bot/models/embedded/tokenizer").resolve()
NAMES = tuple(thing.name for thing in THINGS)


@pytest.fixture(scope="module")
def words() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(WORDS)


def test_what_is_measured_with_was_never_taught() -> None:
    names = NAMES[:40]
    taught = [idea for number in range(6) for idea in shown_ideas(number, names)]
    new, seen = shown_ideas(HELD_OUT, names), shown_ideas(HELD_OUT + 1, names)
    assert not any(held_out(idea) for idea in (*taught, *seen))
    assert all(held_out(idea) for idea in new)
    assert not set(new) & set(taught)
    assert shown_ideas(3, names) == shown_ideas(3, names) != shown_ideas(4, names)
    assert "stack" not in {idea.layout for idea in (*taught, *new)}


def test_chunks_are_drawn_once_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], int, int]] = []

    def draw(_pipeline: Any, prompts: list[str], sampling: Any, seed: int) -> torch.Tensor:
        asked.append((prompts, sampling.steps, seed))
        return torch.full((len(prompts), 3, 8, 8), seed % 256, dtype=torch.uint8)

    monkeypatch.setattr(renderings, "draw", draw)
    pipeline: Any = None
    for _ in range(2):
        renderings.write_renderings(pipeline, tmp_path, [0, 1, HELD_OUT], NAMES, count=3)
    assert [(len(prompts), steps) for prompts, steps, _ in asked] == [(3, 8), (3, 4), (3, 8)]
    assert len({seed for _, _, seed in asked}) == 3
    shown = read_renderings(tmp_path, range(5))
    assert shown.ideas == [*shown_ideas(0, NAMES, 3), *shown_ideas(1, NAMES, 3)]
    assert shown.views.shape == (6, 3, 64, 64)
    assert shown.views[:, 0, 0, 0].tolist() == [100] * 3 + [101] * 3
    with pytest.raises(FileNotFoundError, match="run `renderings` first"):
        read_renderings(tmp_path, [7])


@needs_font
def test_real_ones_are_of_other_ideas_and_the_same_each_time(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        renderings.write_real(tmp_path / folder, [REAL], NAMES, 2)
    one, two = (read_renderings(tmp_path / folder, [REAL]) for folder in ("one", "two"))
    assert one.ideas == two.ideas == shown_ideas(REAL, NAMES, 2)
    assert torch.equal(one.views, two.views)
    assert one.views.float().std() > 5
    both = one + two
    assert (len(both.ideas), len(both.views)) == (4, 4)


def test_a_clean_caption_says_everything_and_reads_back() -> None:
    rng, weights = np.random.default_rng(2), np.ones(len(NAMES))
    for _ in range(400):
        idea = draw_idea(rng, NAMES, weights)
        text = clean_caption(idea, rng)
        said = told(text)
        assert set(said.objects) == set(idea.objects), text
        assert (said.style, said.tint) == (idea.style, idea.tint), text
        assert said.place == (idea.scene if idea.scene != "plain" else idea.colour), text
        assert not any(f" {filler} " in f" {text} " for filler in FILLERS if " " in filler)


def test_captions_are_marked_by_what_they_say() -> None:
    assert told("a purple kitten, in the woods, watercolor") == Told(
        ("cat",), "forest", "watercolour", "purple"
    )
    assert told("three foxes on a gray background").place == "grey"
    ideas = [Idea(("cat",), colour="red"), Idea(("fox", "owl"), "beside", "snow")]
    found = shares(["a cat on a red background", "an owl in the snow"], ideas)
    assert found == {"object": 0.5, "objects": 0.5, "place": 1.0, "style": 1.0, "colour": 1.0}


def flat(ideas: list[Idea]) -> Renderings:
    """A picture of one brightness for each object."""
    shades = [40 + 170 * (idea.objects[0] == "owl") for idea in ideas]
    views = torch.tensor(shades, dtype=torch.uint8)[:, None, None, None]
    return Renderings(views.expand(-1, 3, 64, 64).clone(), ideas)


def test_it_learns_to_say_what_it_sees_and_goes_on_where_it_was(
    words: CLIPTokenizer, tmp_path: Path
) -> None:
    shown, lines = flat([Idea((name,), colour="white") for name in ("fox", "owl")]), list[str]()
    lessons = Lessons(10, 2, warming=1, batch=6, memory=0.2, keep_every=5)
    path, model = tmp_path / "captioner.pt", new_captioner(words)
    before = loss(model, words, shown)
    teach_captioner(model, words, shown, shown, replace(lessons, steps=5), path, lines.append)
    mean = teach_captioner(new_captioner(words), words, shown, shown, lessons, path, lines.append)
    assert "captioner: resumed at step 5" in lines
    assert loss(mean, words, shown) < before - 1


@torch.no_grad()
def loss(model: Any, words: CLIPTokenizer, shown: Renderings) -> float:
    torch.manual_seed(1)
    views, ids, _ = Lecture(shown, words, np.random.default_rng(7)).taken(torch.tensor([0, 1]))
    return model.eval()(pixel_values=views, labels=ids).loss.item()


def test_a_mirror_swaps_who_stands_left(words: CLIPTokenizer) -> None:
    idea = Idea(("fox", "owl"), "beside", "snow")
    lecture = Lecture(flat([idea]), words, np.random.default_rng(1))
    for side, order in ((0, ("fox", "owl")), (1, ("owl", "fox"))):
        texts = words.batch_decode(lecture.ids[side, 0].clamp(min=0), skip_special_tokens=True)
        left = [text for text in texts if "left of" in text]
        assert left
        assert {told(text.split("left of")[0]).objects for text in left} == {order[:1]}


def test_what_is_written_is_what_the_command_loads(words: CLIPTokenizer, tmp_path: Path) -> None:
    model = new_captioner(words)
    size = describing.export_captioner(model, words, tmp_path / "out")
    assert size == sum(each.stat().st_size for each in (tmp_path / "out").iterdir())
    assert describer.require_whole(tmp_path / "out") == "vision-encoder-decoder"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(describing, "LIMIT", 1000)
        with pytest.raises(TooLarge, match="limit is 1000"):
            describing.export_captioner(model, words, tmp_path / "out")


@captioners.needs_box
def test_what_is_shipped_is_small_and_described() -> None:
    files = [each for each in describer.BOX.rglob("*") if each.is_file()]
    assert sum(each.stat().st_size for each in files) <= describing.LIMIT
    assert describer.require_whole(describer.BOX) == "vision-encoder-decoder"
    for each in files:
        if each.suffix == ".json":
            assert "_name_or_path" not in json.loads(each.read_text(encoding="utf-8"))
    card = (describer.BOX / "README.md").read_text(encoding="utf-8").lower()
    for word in ("licen", "limits", "held out", "bot.training"):
        assert word in card, word


@captioners.needs_box
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_shipped_one_is_right_about_what_it_never_saw(tmp_path: Path) -> None:
    """As `telling` measures it, on fewer pictures."""
    embedded = WORDS.parent
    objects = json.loads((embedded / "vocabulary.json").read_text(encoding="utf-8"))["objects"]
    pipeline = StableDiffusionPipeline.from_pretrained(embedded, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    seeds, combinations = HELD_OUT + 1, HELD_OUT
    some = [seeds, combinations]
    renderings.write_renderings(pipeline, tmp_path, some, tuple(objects), count=96)
    model = VisionEncoderDecoderModel.from_pretrained(describer.BOX, dtype=torch.float32)
    words = CLIPTokenizer.from_pretrained(describer.BOX)
    new = describing.measured(model, words, read_renderings(tmp_path, [combinations]))
    assert new["likeliest"]["object"] >= 0.6
    found = describing.measured(model, words, read_renderings(tmp_path, [seeds]))
    assert found["likeliest"]["object"] >= 0.8
    assert found["sampled"]["object"] >= 0.7
    assert found["likeliest"]["place"] >= 0.8
    assert found["different of four"] >= 3
