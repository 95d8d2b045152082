"""The prompt language: what somebody typed, as a value.

Knows the grammar and the table of parameters; does not know models, users or Discord.
`str(prompt)` is canonical: `Prompt.parse(str(p)) == p`. What is stored is the value itself, by
`to_json`: reading it back needs no grammar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from bot.domain.errors import InvalidPrompt
from bot.domain.language import N_, _
from bot.domain.plain import Pairs, Plain, as_json, pairs
from bot.domain.prompt import grammar, parameters, weights
from bot.domain.prompt.marks import DASH, JOINERS, unquoted, visible, words
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.permutations import expanded
from bot.domain.prompt.surroundings import bare
from bot.domain.prompt.taking import Mention
from bot.domain.prompt.weights import Part
from bot.domain.size import SQUARE, AspectRatio

MAX_LENGTH = 6000
"""Discord's own limit for the text of a command."""

RIVALS = ("fast", "relax", "turbo"), ("public", "stealth")
"""Parameters of which a prompt has one at most."""
_EXCLUDED = {name: [*filter(name.__ne__, group)] for group in RIVALS for name in group}
TANGLED = 6
"""Times that a prompt is read anew since what was taken out brought more together."""
_TANGLE = N_("The dashes in this prompt are too tangled to be read; leave some out.")


class Reading(NamedTuple):
    """What a typed prompt means, and sentences about what was read otherwise than it was typed."""

    prompt: Prompt
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """What to draw. `text` holds all the words, `options` (name, plain value) pairs in the order of
    the table, `parts` the texts with weights where any was typed, `images` addresses of pictures
    with weights."""

    text: str
    options: Pairs = ()
    parts: tuple[Part, ...] = ()
    images: tuple[Part, ...] = ()

    @classmethod
    def parse(cls, source: str) -> Prompt:
        """Read one prompt as typed. Raises InvalidPrompt with a sentence for the user."""
        return cls.read(source).prompt

    @classmethod
    def read(cls, source: str, attached: int = 0) -> Reading:
        """Read one prompt as typed, beside which so many pictures are attached, with notes on it.
        Raises InvalidPrompt."""
        _check_length(source)
        reading = _settled(_once(visible(source)))
        _check_said(reading.prompt, attached)
        return reading

    @classmethod
    def read_all(cls, source: str, most: int, attached: int = 0) -> list[Reading]:
        """Every prompt that a text with groups in braces stands for, at most so many. Raises
        InvalidPrompt."""
        _check_length(source)
        return [cls.read(each, attached) for each in expanded(bare(visible(source)), most)]

    @classmethod
    def read_parameters(cls, source: str) -> Pairs:
        """Parameters alone, in the order of the table. Raises InvalidPrompt, for words as well."""
        _check_length(source)
        found, text = _apart(bare(visible(source)))
        if words(text):
            raise InvalidPrompt(
                _(
                    "Only parameters such as `--ar 3:2` can stand here, and {typed} is none.",
                    typed=quoted(text),
                )
            )
        return _merged(found)[0]

    def to_json(self) -> dict[str, Any]:
        """Plain data; `from_json` is the inverse."""
        data = {"text": self.text, "options": as_json(self.options)}
        for name, parts in (("parts", self.parts), ("images", self.images)):
            if parts:
                data[name] = [list(part) for part in parts]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Prompt:
        """What `to_json` made, of today's parameters or not: nothing is checked again."""
        parts, images = (_parts(data.get(name, ())) for name in ("parts", "images"))
        return cls(str(data["text"]), pairs(data["options"]), parts, images)

    def __str__(self) -> str:
        said = weights.links_written(self.images), self.wording, *self._written()
        return " ".join(filter(None, said))

    @property
    def wording(self) -> str:
        """The words as one types them, with the weights of their parts."""
        return weights.written(self.parts) if self.parts else self.text

    def _written(self) -> tuple[str, ...]:
        return tuple(parameters.written(name, value) for name, value in self.options)

    @property
    def parameters(self) -> str:
        """The canonical parameters alone, such as `--ar 3:2 --seed 7`; may be empty."""
        return " ".join(self._written())

    def get(self, name: str, default: Any = None) -> Any:
        """The value of an option, or `default` where the prompt does not set it."""
        return dict(self.options).get(name, default)

    @property
    def aspect(self) -> AspectRatio:
        """The shape of the pictures."""
        return AspectRatio(*self.get("ar", (SQUARE.width, SQUARE.height)))

    @property
    def seed(self) -> int | None:
        """The seed that was asked for."""
        return self.get("seed")

    @property
    def quality(self) -> float:
        """The share of steps that was asked for."""
        return self.get("quality", 1.0)

    @property
    def wanted(self) -> str:
        """The words of what is to be seen: without parts of a negative weight."""
        return ", ".join(text for text, weight in self.parts if weight > 0) or self.text

    @property
    def excluded(self) -> tuple[Part, ...]:
        """What is not to be seen, each with how much that matters: `--no` counts as a part with
        a weight of -0.5, as Midjourney has it."""
        parts = [(text, -weight) for text, weight in self.parts if weight < 0]
        return (*parts, *((text, 0.5) for text in self.get("no", ())))

    @property
    def negative(self) -> str:
        """What to leave out, as one comma-separated text; empty when nothing."""
        return ", ".join(text for text, _ in self.excluded)

    def setting(self, name: str, value: Plain) -> Prompt:
        """A copy that sets this option, in the order of the table."""
        values = {**dict(self.options), name: value}
        return replace(self, options=_ordered(values))

    def without(self, name: str) -> Prompt:
        """A copy that does not set this option."""
        return replace(self, options=tuple(pair for pair in self.options if pair[0] != name))


def _parts(data: Any) -> tuple[Part, ...]:
    return tuple((str(text), float(weight)) for text, weight in data)


def _check_length(source: str) -> None:
    if len(source) > MAX_LENGTH:
        raise InvalidPrompt(
            _(
                "The prompt has {length} characters; at most {most} are allowed.",
                length=len(source),
                most=MAX_LENGTH,
            )
        )


def _check_said(prompt: Prompt, attached: int) -> None:
    pictures = len(prompt.images) + attached
    if prompt.text.strip(JOINERS) or pictures > 1:
        return
    if pictures:
        raise InvalidPrompt(
            _("One picture alone says nothing; add another, or what to draw from it.")
        )
    raise InvalidPrompt(_("The prompt is empty; say what to draw, such as `a red fox`."))


def _settled(reading: Reading) -> Reading:
    """The prompt whose canonical form means itself: what was taken out may bring together what
    means more than it did apart."""
    prompt = reading.prompt
    for _time in range(TANGLED):
        canonical = str(prompt)
        if (again := _once(canonical).prompt) == prompt:
            # People copy the canonical form and type it again, and it can be the longer one.
            _check_length(canonical)
            return Reading(prompt, reading.notes)
        prompt = again
    raise InvalidPrompt(_(_TANGLE))


def _once(source: str) -> Reading:
    found, text = _apart(bare(source))
    text, images = weights.without_links(text)
    parts = weights.parted(text)
    said = ", ".join([part for part, _ in parts]) if parts else words(text.replace("::", " "))
    values, notes = _merged(found)
    weighed = len(parts) != 1 or parts[0][1] != 1.0
    return Reading(Prompt(said, values, parts if weighed else (), images), notes)


def _apart(source: str) -> tuple[list[Mention], str]:
    """All parameters, and the text without them."""
    found: list[Mention] = []
    for _time in range(TANGLED):
        whole, mentions = source, grammar.mentions(source)
        if not mentions:
            return found, unquoted(_undashed(source))
        found += mentions
        left = grammar.without(source, mentions).strip()
        source = bare(left)
        if source == left and whole.startswith(left) and grammar.at_the_end(whole, mentions):
            return found, unquoted(_undashed(source))  # nothing came together that was apart
    raise InvalidPrompt(_(_TANGLE))


def _undashed(text: str) -> str:
    """Without dashes that nothing follows."""
    kept = text.rstrip(DASH + " \n")
    cut = text[len(kept) :]
    return kept if cut[:1].isspace() or len(cut.strip()) > 1 else text


def _merged(found: Sequence[Mention]) -> tuple[Pairs, tuple[str, ...]]:
    """The options in the order of the table, and what is to be said about them."""
    values: dict[str, Any] = {}
    gathered: dict[str, dict[Plain, None]] = {}
    notes = []
    for mention in found:
        name, value, before = mention.row.name, mention.value, values.get(mention.row.name)
        if mention.why:
            notes.append(mention.why)
        several = dict.fromkeys(value) if isinstance(value, tuple) and mention.row.adds_up else {}
        if name in gathered:
            gathered[name].update(several)
            continue
        if before not in (None, value):
            said = _("`--{name}` is given more than once; the last one counts.", name=name)
            notes.append(said)
        if several:
            gathered[name] = several
        notes += _ousted(values, name)
        values[name] = value
    values |= {name: tuple(each) for name, each in gathered.items()}
    return _ordered(values), tuple(dict.fromkeys(notes))


def _ousted(values: dict[str, Any], name: str) -> list[str]:
    """Take out what this parameter excludes, and say so."""
    return [
        _(
            "`--{first}` and `--{second}` exclude each other; the last one counts.",
            first=each,
            second=name,
        )
        for each in _EXCLUDED.get(name, ())
        if values.pop(each, None)
    ]


def _ordered(values: Mapping[str, Plain]) -> Pairs:
    """The options that have a value, as the table has them; of another version's behind."""
    names = dict.fromkeys((*(row.name for row in parameters.PARAMETERS), *values))
    return tuple((name, value) for name in names if (value := values.get(name)) is not None)
