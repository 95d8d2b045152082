"""Every stage of training, one after another, at next to no effort: a folder that draws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from PIL import Image

from bot.models import describer
from bot.training.__main__ import main

_SIZES = "--objects 18 --chunks 2 --steps 2 --decay 1 --batch 4 --foreground 2"
_ASKED = "--sampling-steps 1 --questions 1 --device cpu"
SMALL = ["--trial", *_SIZES.split(), *_ASKED.split()]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers
def test_all_stages_make_a_folder_that_draws(tmp_path: Path, capsys) -> None:
    main(["all", "--place", str(tmp_path), *SMALL])
    said = capsys.readouterr().out
    assert "| held-out object in a scene |" in said
    assert "export:" in said
    made = tmp_path / "pipeline"
    pipeline = StableDiffusionPipeline.from_pretrained(made, dtype=torch.float32)
    pictures = pipeline("a cat", num_inference_steps=1, output_type="np").images
    assert pictures.shape == (1, 128, 128, 3)
    words = json.loads((made / "vocabulary.json").read_text(encoding="utf-8"))
    assert "desert" in words["scenes"]
    with Image.open(made / "sheets" / "styles.png") as sheet:
        assert sheet.width > 7 * 128
    main(["denoiser", "--place", str(tmp_path), *SMALL])
    assert "resumed at step 2" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_stages_of_the_captioner_make_one_that_says_something(tmp_path: Path, capsys) -> None:
    base = Path("bot/models/embedded").resolve()
    asked = ["--place", str(tmp_path), "--out", str(base), *SMALL]
    for stage in ("renderings", "captioner", "telling"):
        main([stage, *asked])
    said = capsys.readouterr().out
    assert "captioner: 12 own renderings, 24 real ones" in said
    assert '"different of four"' in said
    assert describer.require_whole(tmp_path / "describer") == "vision-encoder-decoder"
    report = json.loads((tmp_path / "captions.json").read_text(encoding="utf-8"))
    assert [each["n"] for each in report.values()] == [6, 6]


@pytest.mark.slow
def test_a_further_edition_continues_from_a_folder(tmp_path: Path, capsys) -> None:
    base = Path("bot/models/embedded").resolve()
    further = ["--base", str(base), "--place", str(tmp_path), *SMALL, "--known", "6"]
    for stage in ("tokenizer", "autoencoder", "data", "text", "denoiser"):
        main([stage, *further])
    assert "pictures of 18 objects" in capsys.readouterr().out


@pytest.mark.parametrize("number", ["17", "97", "many"])
def test_a_number_of_objects_that_cannot_be_taught_is_refused(number: str, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["data", "--objects", number])
    assert f"'{number}' is not a number of objects from 18 to 96" in capsys.readouterr().err
