"""What is to be drawn, as a value: everything needed to draw the same pictures again.

A variation or a re-roll is a changed copy. Stored as JSON with a schema version (the prompt as it
was understood, never as text for a grammar that changes); what the executor gets is made from it
by `wire`. Knows nothing about queues, money or Discord.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

from bot.domain import framing, loras, request_v1, style, upscaling
from bot.domain.action import Action, Kind, Tile
from bot.domain.framing import Frame, Framed
from bot.domain.inputs import IMAGE, MASK, ORIGIN, ORIGIN_MASK, SOURCE, STYLE, Input
from bot.domain.meanings import MEANINGS, PALETTE
from bot.domain.plain import Pairs, Plain, as_json, pairs
from bot.domain.preferences import file_of
from bot.domain.prompt import Prompt
from bot.domain.sampling import Sampling
from bot.domain.seeding import Seeding
from bot.domain.size import Size

SCHEMA = 2
GRID = 4
_ORIGINS = {SOURCE: ORIGIN, MASK: ORIGIN_MASK}


@dataclass(frozen=True, kw_only=True)
class GenerationRequest:
    """`seed` is the grid's; picture i (0-based) starts from `seed_of(i)` alone. `extra` holds what
    further parameters mean to the engine, by name. What was taken out of a grid says by `frame` and
    `sampling` how that was drawn, and by inputs of the roles `ORIGIN…` from what."""

    kind: Kind = Kind.DRAW
    action: Action
    prompt: Prompt
    model: str
    size: Size
    count: int = GRID
    seed: int
    seeding: Seeding = Seeding.SCATTERED
    sampling: Sampling
    inputs: tuple[Input, ...] = ()
    frame: Frame | None = None
    extra: Pairs = ()

    def seed_of(self, index: int) -> int:
        """The seed of the picture at 0-based `index`, as `Seeding` defines it."""
        return self.seeding.seed_of(self.seed, index)

    @property
    def seeds(self) -> list[int]:
        """The seed of every picture, in their order."""
        return [self.seed_of(index) for index in range(self.count)]

    @property
    def source(self) -> Tile | None:
        """The tile that this is drawn from, or that it takes out of its grid."""
        return next((each.tile for each in self.inputs if each.role == SOURCE), None)

    @property
    def partly(self) -> bool:
        """Whether a mask says which part of its source is drawn anew."""
        return any(each.role == MASK for each in self.inputs)

    @property
    def loras(self) -> dict[str, float]:
        """The weight of each LoRA that this is drawn with, by name."""
        return loras.of_extra(self.extra)

    def with_loras(self, chosen: Mapping[str, float]) -> GenerationRequest:
        """Drawn with these instead of others."""
        return replace(self, extra=loras.in_extra(self.extra, chosen))

    @property
    def drawn(self) -> Prompt:
        """The prompt with the words of its style."""
        return style.worn(self.prompt, self.extra)

    @property
    def meant(self) -> dict[str, Any]:
        """What parameters mean to the engine, by name."""
        return {name: value for name, value in self.extra if name in MEANINGS}

    def meaning(self, name: str, value: Plain) -> GenerationRequest:
        """With another meaning of this name; the same where it changes nothing."""
        kept = tuple(pair for pair in self.extra if pair[0] != name)
        return replace(self, extra=(*kept, (name, value)) if value else kept)

    def plainly(self) -> GenerationRequest:
        """Without any meaning but that of its words, pictures and size."""
        gone = MEANINGS - {PALETTE, upscaling.NAME}
        return replace(self, extra=tuple(pair for pair in self.extra if pair[0] not in gone))

    @property
    def work(self) -> float:
        """Size of the job for fairness and estimates, in megapixel-steps; with guidance, each is
        made twice."""
        drawn = self.sampling.stop
        if self.sampling.strength is not None:
            drawn -= 1.0 - self.sampling.strength
        passes = 2 if self.sampling.guidance > 1 else 1
        return passes * self.count * max(1.0, self.sampling.steps * drawn) * self.size.pixels / 1e6

    def vary(
        self, tile: Tile, seed: int, strength: float, action: Action = Action.VARY
    ) -> GenerationRequest:
        """Four pictures close to `tile` in composition, of the same style."""
        return replace(self._anew(action, seed)._from(tile, strength), frame=None)

    def region(self, tile: Tile, seed: int, mask: str | None) -> GenerationRequest:
        """Four pictures like `tile` but where a file, named by its sha256, is white: there they are
        drawn wholly anew."""
        made = self._anew(Action.VARY_REGION, seed)._from(tile, 1.0)
        return replace(made, frame=None, inputs=(*made.inputs, Input(MASK, mask)))

    def around(
        self, action: Action, tile: Tile, seed: int, strength: float, framed: Framed
    ) -> GenerationRequest:
        """Four pictures of another size or place, in which `tile` is framed. None of them repeats
        at its edges, where the old picture does not."""
        size, frame = framed
        made = self._anew(action, seed)._from(tile, strength).meaning("tile", False)
        made = replace(made, prompt=made.prompt.without("tile"))
        return replace(made.shaped(size), frame=frame)

    def _from(self, tile: Tile, strength: float) -> GenerationRequest:
        kept = tuple(each for each in self.inputs if each.role == STYLE)
        sampling = replace(self.sampling, strength=strength)
        return replace(self, sampling=sampling, inputs=(Input(SOURCE, tile=tile), *kept))

    def reroll(self, seed: int, action: Action = Action.REROLL) -> GenerationRequest:
        """The same again from other noise; of what was drawn from a picture, from that again."""
        drawn = self.restored() if self.kind is Kind.EXTRACT else self
        again = drawn._anew(action, seed)
        return again if drawn.sampling.strength is not None else again.afresh()

    def smaller(self, size: str) -> GenerationRequest:
        """The same at another size, by `Size.code`. Raises ValueError for none, or a larger one."""
        wanted = Size.parse(size)
        if not (0 < wanted.width <= self.size.width and 0 < wanted.height <= self.size.height):
            raise ValueError(size)
        return replace(self, action=Action.SMALLER).sized(wanted)

    def shaped(self, size: Size) -> GenerationRequest:
        """The same at another size, whose shape the prompt says as well."""
        prompt = self.prompt
        if size.width == size.height:
            prompt = prompt.without("ar")
        elif size != self.size:
            shape = framing.ratio(size)
            prompt = prompt.setting("ar", (shape.width, shape.height))
        return replace(self.sized(size), prompt=prompt)

    def sized(self, size: Size) -> GenerationRequest:
        """The same at another size, whatever shape that has."""
        frame = self.frame and self.frame.scaled(self.size, size)
        return replace(self, size=size, frame=frame)

    def _anew(self, action: Action, seed: int) -> GenerationRequest:
        return replace(
            self, kind=Kind.DRAW, action=action, prompt=self.prompt.without("seed"), count=GRID,
            seed=seed, seeding=Seeding.SCATTERED,
        )  # fmt: skip

    def afresh(self) -> GenerationRequest:
        """Without its source picture: drawn from the prompt alone."""
        kept = tuple(each for each in self.inputs if each.role not in (SOURCE, MASK))
        plain = replace(self.sampling, strength=None)
        return replace(self, sampling=plain, inputs=kept, frame=None)

    def upscale(self, tile: Tile) -> GenerationRequest:
        """One stored picture alone; never drawn. Its seed is the picture's own."""
        return replace(
            self, kind=Kind.EXTRACT, action=Action.UPSCALE, count=1,
            seed=self.seed_of(tile.index - 1), seeding=Seeding.FOLLOWING,
            inputs=(Input(SOURCE, tile=tile), *_renamed(self.inputs, _ORIGINS)),
        )  # fmt: skip

    @property
    def origin(self) -> Input | None:
        """What the grid was drawn from that this was taken out of."""
        return next((each for each in self.inputs if each.role == ORIGIN), None)

    def restored(self) -> GenerationRequest:
        """A picture that was taken out of a grid, as it was drawn there."""
        drawn = replace(self, kind=Kind.DRAW, action=Action.IMAGINE)
        if self.origin is None:
            return drawn.afresh()
        return replace(drawn, inputs=_renamed(self.inputs, {ORIGIN: SOURCE, ORIGIN_MASK: MASK}))

    def identified(self, digests: Mapping[Tile, str]) -> GenerationRequest:
        """With what the files of its tiles turned out to be."""
        return replace(self, inputs=tuple(each.identified(digests) for each in self.inputs))

    def to_json(self) -> dict[str, Any]:
        """Plain data with a schema version; `from_json` is the inverse."""
        return {
            "schema": SCHEMA,
            "kind": self.kind.value,
            "action": self.action.value,
            "prompt": self.prompt.to_json(),
            "model": self.model,
            "size": [self.size.width, self.size.height],
            "count": self.count,
            "seed": self.seed,
            "seeding": self.seeding.value,
            "sampling": dict(vars(self.sampling)),
            "inputs": [each.to_json() for each in self.inputs],
            "frame": asdict(self.frame) if self.frame else None,
            "extra": as_json(self.extra),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GenerationRequest:
        """What any version stored. Raises ValueError for what this one cannot read."""
        try:
            if data["schema"] == 1:
                data = request_v1.upgraded(data)
            if data["schema"] != SCHEMA:
                raise ValueError(f"unknown request schema {data['schema']!r}")
            return _read(data)
        except (LookupError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"unreadable request: {error!r}") from error

    @classmethod
    def lost(cls, stored: object, why: str) -> GenerationRequest:
        """What can be said of what cannot be read: its job still has an end, words and an owner."""
        prompt = stored.get("prompt") if isinstance(stored, Mapping) else None
        text = prompt.get("text") if isinstance(prompt, Mapping) else prompt
        return cls(
            kind=Kind.LOST, action=Action.IMAGINE, model="", size=Size(0, 0), count=0, seed=0,
            prompt=Prompt(text if isinstance(text, str) and text else "…"),
            sampling=Sampling(0, 0.0), extra=(("unreadable", why),),
        )  # fmt: skip

    def recipe(self) -> dict[str, Any]:
        """What the picture's metadata holds: the request, and what it comes to in plain words."""
        return self.to_json() | {
            "text": self.drawn.wanted,
            "negative": self.drawn.negative,
            "seeds": self.seeds,
        }

    def wire(self) -> dict[str, Any]:
        """What a worker gets: flat plain data in which inputs are named by content hash."""
        named = {each.role: each.digest for each in self.inputs}
        prompts = [each for each in self.inputs if each.role in (IMAGE, STYLE)]
        drawn = self.drawn
        return {
            **asdict(self.size),
            "count": self.count,
            "seeds": self.seeds,
            "text": drawn.wanted,
            "negative": drawn.negative,
            "parts": [list(part) for part in drawn.parts if part[1] > 0],
            "excluded": [list(part) for part in drawn.excluded],
            "meant": as_json(tuple(self.meant.items())),
            **asdict(self.sampling),
            "source": named.get(SOURCE),
            "mask": named.get(MASK),
            "frame": list(astuple(self.frame)) if self.frame else None,
            "loras": self.loras,
            "file": file_of(self.extra).value,
            "images": [[each.digest, each.weight] for each in prompts],
            "style": bool(prompts) and all(each.role == STYLE for each in prompts),
            "recipe": self.recipe(),
        }


def _renamed(inputs: Iterable[Input], roles: Mapping[str, str]) -> tuple[Input, ...]:
    return tuple(replace(each, role=roles[each.role]) for each in inputs if each.role in roles)


def _read(data: Mapping[str, Any]) -> GenerationRequest:
    request = GenerationRequest(
        kind=Kind(data["kind"]),
        action=Action(data["action"]),
        prompt=Prompt.from_json(data["prompt"]),
        model=str(data["model"]),
        size=Size(*map(int, data["size"])),
        count=int(data["count"]),
        seed=int(data["seed"]),
        seeding=Seeding(data["seeding"]),
        sampling=Sampling.read(**data["sampling"]),
        inputs=tuple(Input.read(**each) for each in data["inputs"]),
        frame=Frame(**data["frame"]) if data["frame"] else None,
        extra=pairs(data["extra"]),
    )
    loras.of_extra(request.extra)
    style.of_extra(request.extra)
    return request
