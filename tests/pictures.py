"""`python -m tests.pictures`: draws the README's samples anew, one of every action, as people get
them: by a bot with the embedded model, in the sandbox."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from bot.domain.action import ACTIONS, ActionSpec
from bot.sandbox import Invocation, Sandbox
from tests.kit import messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

ROOT = Path(__file__).parents[1]
FOLDER = Path(".github/pictures")
MARKS = "<!-- pictures -->\n", "\n<!-- /pictures -->"
ACROSS = 4
"""Pictures in a row of the table."""
SIDE = 256
"""Pixels of the longer side of a sample."""
PROMPT = "a yellow mushroom in a forest --ar 3:2 --seed 5"
FORMS: dict[str, dict[str, str]] = {
    "vary_region": {"word": "mushroom", "prompt": "a red flower in a forest --ar 3:2"},
    "custom_zoom": {},
}
"""What is filled into the form that a button opens, by the action."""


def samples() -> Iterator[tuple[str, str]]:
    """The file's name and the caption of each, in the order of the README."""
    yield "imagine", "`/imagine`"
    for spec in drawn():
        yield spec.code, caption(spec)
    for name in ("blend", "compare", "history", "sheet"):
        yield name, f"`/{name}`"
    yield "making", "how it came to be"


def drawn() -> list[ActionSpec]:
    """The actions whose buttons draw under a picture or a grid that succeeded."""
    return [each for each in ACTIONS.values() if each.derive and (each.on_grid or each.on_single)]


def caption(spec: ActionSpec) -> str:
    """The button's name."""
    single = spec.on_single if spec.on_single and not spec.on_single.past else None
    face = single or spec.on_grid
    assert face is not None
    return face.label.format(1) or face.emoji


def table() -> str:
    """The README's table of samples, in Markdown."""
    cells = [
        f"![{name}]({FOLDER.as_posix()}/{file}.webp)<br>{name}"
        for file, name in ((file, name.strip("`")) for file, name in samples())
    ]
    rows = [cells[at : at + ACROSS] for at in range(0, len(cells), ACROSS)]
    rows[-1] += [""] * (ACROSS - len(rows[-1]))
    head = ["|" + " |" * ACROSS, "|" + ":---:|" * ACROSS]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


class Artist:
    """Somebody who does everything once, and keeps what comes of it."""

    def __init__(self, easel: Easel) -> None:
        self._sandbox = easel.sandbox
        self._scene = Scene(easel.sandbox, "Mia")

    async def draw(self) -> None:
        """All samples."""
        scene = self._scene
        grid = await scene.imagine(PROMPT)
        self._keep("imagine", grid)
        # Taken out of variations, so that there is something to be done again.
        single = await scene.press(await scene.press(grid, "V1"), "U1")
        for spec in drawn():
            under = single if spec.on_single and not spec.on_single.past else grid
            self._keep(spec.code, await self._pressed(under, spec))
        other = await scene.imagine("a blue boat on the sea at sunset --ar 3:2 --seed 3")
        await self._blended(grid, other)
        jobs = {"first": messages.job_of(grid), "second": messages.job_of(other)}
        self._keep("compare", await self._shown("compare", **jobs))
        self._keep("history", await self._shown("history"))
        self._keep("sheet", await self._shown("sheet"))
        await self._moving(grid)

    async def _pressed(self, under: Message, spec: ActionSpec) -> Message:
        shown = self._scene.person.message(under)
        assert shown is not None
        known = {each["id"] for each in self._scene.results()}
        asked = await self._scene.click(shown, caption(spec))
        await asked.ack()
        if asked.modal is not None:
            await (await self._scene.person.submit(asked, FORMS[spec.code])).ack()
        return await self._scene.new_result(known)

    async def _blended(self, *grids: Message) -> None:
        person = self._scene.person
        uploads = {
            f"image{number}": await person.upload("a.webp", messages.file_of(self._sandbox, grid))
            for number, grid in enumerate(grids, 1)
        }
        known = {each["id"] for each in self._scene.results()}
        await (await self._scene.slash("blend", **uploads)).ack()
        self._keep("blend", await self._scene.new_result(known))

    async def _shown(self, command: str, **given: str) -> Message:
        return await self._answer(await self._scene.slash(command, **given))

    async def _answer(self, asked: Invocation) -> Message:
        """The first one with a picture."""
        await asked.ack()
        found = await self._sandbox.wait_for(
            lambda: [each for each in asked.replies if each["attachments"]]
        )
        return found[0]

    async def _moving(self, grid: Message) -> None:
        """As it is sent: it is small already."""
        menu = await self._scene.click(grid, "⋯")
        await menu.ack()
        [panel] = await self._sandbox.wait_for(lambda: menu.replies)
        made = await self._answer(await self._scene.click(panel, "How it came to be"))
        (ROOT / FOLDER / "making.webp").write_bytes(messages.file_of(self._sandbox, made))

    def _keep(self, name: str, message: Message) -> None:
        picture = Image.open(io.BytesIO(messages.file_of(self._sandbox, message))).convert("RGB")
        picture.thumbnail((SIDE, SIDE))
        picture.save(ROOT / FOLDER / f"{name}.webp", quality=80, method=6)


async def main() -> None:
    """Draw them, and put the table into the README."""
    (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(port=0, rate_limits=0.1) as sandbox:
            settings = settings_for(sandbox, Path(folder), model_steps=0, credits=999)
            async with running(sandbox, settings) as easel:
                await Artist(easel).draw()
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    readme.write_text(before + MARKS[0] + table() + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
