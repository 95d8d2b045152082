"""NAME.toml: each slip is one sentence that names the file, the key and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.models.cards import ModelCard
from bot.models.overrides import Overrides, read


def said(tmp_path: Path, text: str | bytes) -> Overrides:
    file = tmp_path / "dream.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(file)


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "dream.toml") == Overrides()
    assert said(tmp_path, "# later\n") == Overrides()


def test_a_file_of_another_system_is_read(tmp_path: Path) -> None:
    one = said(tmp_path, b'\xef\xbb\xbfname = "Tr\xc3\xa4ume"\r\nsteps = 3\r\n')
    assert one == Overrides({"name": "Träume", "steps": 3})


def test_the_example_of_the_readme_is_right(tmp_path: Path) -> None:
    readme = Path(__file__).parents[2] / "README.md"
    example = readme.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    one = said(tmp_path, example)
    assert one.troubles == ()
    assert one.fields["steps"] == 24


def test_every_key_is_a_field_of_the_card(tmp_path: Path) -> None:
    text = 'name="x"\nsteps=1\nguidance=0\nsampler="plms"\nnative=64\nlicence="MIT"\n'
    text += "allowed=[1]\nvae='x'\npreview='x'\nembeddings=['y']\nloras={ z = 0.5 }\npinned=true\n"
    text += "speed='fast'\nclip_skip=2\nrescale=0.2\n"
    one = said(tmp_path, text)
    assert one.troubles == ()
    assert len(one.fields) == 15
    assert set(one.fields) <= set(ModelCard.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps = 0", "steps is 0; it should be a whole number from 1 to 200."),
        ("steps = 7.5", "steps is 7.5; it should be a whole number"),
        ("steps = true", "steps is True; it should be a whole number"),
        ("guidance = 31", "guidance is 31; it should be a number from 0 to 30."),
        ("guidance = nan", "guidance is nan; it should be a number from 0 to 30."),
        ("guidance = '7'", "guidance is '7'; it should be a number"),
        ("native = 16", "native is 16; it should be a whole number from 64 to 4096."),
        ("clip_skip = 0", "clip_skip is 0; it should be a whole number from 1 to 12."),
        ("rescale = 2", "rescale is 2; it should be a number from 0 to 1."),
        ("sampler = 'magic'", "sampler is 'magic'; it should be one of default, plms,"),
        ("sampler = ['ddim']", "sampler is ['ddim']; it should be one of"),
        ("name = ''", "name is ''; it should be a text in quotes, of one line"),
        ("name = 'a\\nb'\nname.x = 1", "is no TOML"),
        ('name = "a\\nb"', "name is 'a\\nb'; it should be a text in quotes, of one line"),
        (f"name = '{'x' * 81}'", "and at most 80 characters."),
        ("licence = 3", "licence is 3; it should be a text in quotes"),
        ("pinned = 1", "pinned is 1; it should be true or false."),
        ("allowed = 7", "allowed is 7; it should be a list of ids of roles, members or servers"),
        ("allowed = []", "allowed is []; it should be a list of ids"),
        ("allowed = [7, '8']", "allowed is [7, '8']; it should be a list of ids"),
        ("allowed = [true]", "allowed is [True]; it should be a list of ids"),
        ("allowed = [-7]", "allowed is [-7]; it should be a list of ids"),
        ("loras = ['x']", "loras is ['x']; it should be a table of at most 8 names and weights"),
        ("loras = { x = 'y' }", "loras is {'x': 'y'}; it should be a table"),
        ("loras = { x = 11 }", "such as { detail = 0.7 }."),
        ("embeddings = 'x'", "embeddings is 'x'; it should be a list of names, such as"),
        ("license = 'MIT'", "license is nothing that can be set; did you mean licence?"),
        (
            "family = 'sd'",
            "there are name, steps, guidance, sampler, native, licence, allowed",
        ),
        ("[model]\nsteps = 3", "model is nothing that can be set;"),
        ("steps: 3", "is no TOML: "),
        ("a = " + "[" * 5000, "is no TOML: "),
        (b"name = '\xff'", "cannot be read: save it as UTF-8 text."),
    ],
)
def test_a_slip_is_said_in_one_sentence(tmp_path: Path, text: str | bytes, words: str) -> None:
    one = said(tmp_path, text)
    assert one.fields == {}
    [trouble] = one.troubles
    assert trouble.startswith("dream.toml")
    assert words in trouble
    assert "\n" not in trouble
    assert str(tmp_path) not in trouble


def test_every_slip_is_said_and_nothing_holds(tmp_path: Path) -> None:
    one = said(tmp_path, "steps = 12\nguidance = -1\nnativ = 512\n")
    assert one.fields == {}
    assert [trouble.split()[1] for trouble in one.troubles] == ["guidance", "nativ"]


def test_a_folder_of_that_name_is_said(tmp_path: Path) -> None:
    (tmp_path / "dream.toml").mkdir()
    assert read(tmp_path / "dream.toml").troubles == ("dream.toml cannot be read: Is a directory.",)
