"""What is typed behind `easel render`, and the order that it makes."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from bot.commands.options import order_of
from bot.commands.subject import Order
from bot.domain.errors import InvalidPrompt
from bot.service.choice import Choice


def typed(line: str) -> Order:
    return order_of(shlex.split(line))


def test_a_prompt_alone() -> None:
    assert typed('"a red fox"') == Order("a red fox")
    assert typed("a red fox --w 500") == Order("a red fox --w 500")  # which is short for weird
    assert typed("a red fox --ar 3:2 --no hats, snow") == Order(
        "a red fox --ar 3:2 --no hats, snow"
    )


@pytest.mark.parametrize(
    "line",
    [
        '"a fox" --plms --H 512 --W 512 --n_samples 4 --outdir drawn',
        '--plms -H 512 -W 512 --n 4 --out drawn "a fox"',
        '--prompt "a fox" --sampler PLMS --H 512 --W 512 --n_samples 2 --n_iter 2 --outdir drawn',
        "a --plms fox --H=512 --W=512 --n_samples=4 --outdir=drawn",
        "a fox --plms --height 512 --width 512 --n_samples 4 --outdir drawn",
    ],
)
def test_the_line_of_2022_in_many_ways(line: str) -> None:
    choice = Choice(count=4, width=512, height=512, sampler="plms")
    assert typed(line) == Order("a fox", choice=choice, out=Path("drawn"))


def test_the_original_scripts_other_spellings() -> None:
    made = typed('"a fox" --ddim_steps 50 --scale 7.5 --ckpt m.ckpt --skip_grid --init-img a.png')
    assert made == Order(
        "a fox", None, Path("a.png"), "m.ckpt", Choice(steps=50, guidance=7.5), grid=False
    )  # fmt: skip


def test_a_mask_goes_with_its_picture() -> None:
    made = typed('"a fox" --init a.png --mask m.png')
    assert made == Order("a fox", init=Path("a.png"), mask=Path("m.png"))


def test_pictures_may_be_prompts(tmp_path: Path) -> None:
    odd = tmp_path / "a:2"
    odd.touch()
    made = typed(f'"a fox" --image b.png:0.5 --image c.png --image {odd}')
    assert made.images == ((Path("b.png"), 0.5), (Path("c.png"), None), (odd, None))
    with pytest.raises(InvalidPrompt, match="`--image` takes a name and a weight"):
        typed("fox --image b.png:much")


def test_the_home_folder_is_meant_by_its_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/mia")
    home = Path("/home/mia")
    made = typed("fox --outdir=~/drawn --init=~/a.png --mask '~/m.png' --image ~/b.png:0.5")
    assert (made.out, made.init, made.mask) == (home / "drawn", home / "a.png", home / "m.png")
    assert made.images == ((home / "b.png", 0.5),)
    assert typed("--from-image=~/c.png").recipe == home / "c.png"


def test_loras_may_be_repeated() -> None:
    made = typed('"a fox" --lora detail:0.7 --lora fog')
    assert made == Order("a fox", choice=Choice(loras={"detail": 0.7, "fog": 1.0}))
    with pytest.raises(InvalidPrompt, match="At most 8 LoRAs"):
        typed("fox " + " ".join(f"--lora x{number}" for number in range(9)))


def test_parameters_of_the_prompt_may_stand_anywhere() -> None:
    made = typed('--steps 5 "a fox" --ar 3:2 --no-grid --seed 7 --no hats')
    assert made == Order("a fox --ar 3:2 --no hats --seed 7", choice=Choice(steps=5), grid=False)


def test_the_prompt_holds_its_own_seed_and_a_file_does_not() -> None:
    assert typed("--from-image x.png --seed 7") == Order(
        recipe=Path("x.png"), choice=Choice(seed=7)
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fox --stpes 3", "There is no option `--stpes`; did you mean `--steps`?"),
        ("fox --from_image x.png", "no option `--from_image`; did you mean `--from-image`?"),
        ("fox --n_sample 3", "no option `--n_sample`; did you mean `--n_samples`?"),
        ("fox --ddim_step 3", "no option `--ddim_step`; did you mean `--ddim_steps`?"),
        ("'a fox --arr 3:2'", "no option `--arr`; did you mean `--ar`?"),
        ("'a fox --vqzj'", "no option `--vqzj`: `easel render --help` lists them."),
        ("'a fox --plms --n 4'", "`--plms` is no parameter of the prompt: write it outside"),
        ("fox --negative_prompt cats", "did you mean `--no`?"),
        ("fox --w 512 --h 512", "did you mean `--H`, beside `--W`?"),
        ("fox --from-file p.txt", "takes one prompt: call it once for each line"),
        ("--from-file p.txt", "takes one prompt: call it once for each line"),
        ("fox --plms --fixed_code", "`--fixed_code` is the original script's"),
        ("fox --C 4", "`--C` is the original script's"),
        ("fox --config=v1.yaml", "reads that in the model's own files"),
        ("fox --guidence=3", "did you mean `--guidance`?"),
        ("fox --sampler eulr", "did you mean `euler`?"),
        ("fox --n 40 --n_iter 2", "At most 64 pictures are drawn at once, not 80."),
        ("fox --mask m.png", "name that picture by `--init`"),
        ("fox --from-image x.png", "`--from-image` brings its own prompt; leave out `fox`"),
    ],
)
def test_what_cannot_be_is_a_sentence(line: str, words: str) -> None:
    with pytest.raises(InvalidPrompt) as caught:
        typed(line)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "the following arguments are required: prompt"),
        ("--steps 5", "the following arguments are required: prompt"),
        ("fox --steps 0", "--steps/--ddim_steps: takes a whole number from 1 to 1000, not `0`"),
        ("fox --n 65", "takes a whole number from 1 to 64, not `65`"),
        ("fox --H 9999", "takes a whole number from 64 to 4096"),
        ("fox --seed -1", "takes a whole number from 0 to 4294967295, not `-1`"),
        ("fox --strength 2", "--strength: takes a number from 0.01 to 1, not `2`"),
        ("fox --guidance nan", "takes a number from 0 to 100, not `nan`"),
        ("fox --guidance much", "takes a number from 0 to 100, not `much`"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(
    line: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        typed(line)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
