"""What counts where several have a say: the prompt, then the suffix, the settings, the server, the
operator. Lists add up.

Pure: knows prompts and preferences; not whose they are or where they are kept.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.domain.errors import InvalidPrompt, UnknownParameter
from bot.domain.language import _
from bot.domain.plain import Pairs, Plain
from bot.domain.preferences import Preferences
from bot.domain.prompt import MAX_LENGTH, Prompt, parameters
from bot.domain.prompt.own import expanded
from bot.domain.prompt.prompt import RIVALS, Reading


class Layer(enum.StrEnum):
    """Who says it, the strongest first."""

    PROMPT = "prompt"
    SUFFIX = "suffix"
    SETTINGS = "settings"
    SERVER = "server"
    OPERATOR = "operator"


MODELS = frozenset({"model", "niji", "version"})
ONE_OF = (MODELS, *map(frozenset, RIVALS))
"""Of the parameters of a group, such as all that choose the model, the strongest who has one
chooses."""

Layers = Sequence[tuple[Layer, Pairs]]
"""What is said below a prompt, the strongest first."""


@dataclass(frozen=True)
class Explained:
    """A parameter's value, and who said it: several where a list adds up."""

    name: str
    value: Plain
    layers: tuple[Layer, ...]


def explained(prompt: Prompt, below: Layers) -> tuple[Explained, ...]:
    """Every parameter that counts, in the order of the table."""
    found: dict[str, Explained] = {}
    for layer, options in ((Layer.PROMPT, prompt.options), *below):
        groups = (group for group in ONE_OF if not group.isdisjoint(found))
        settled = frozenset[str]().union(*groups)
        for name, value in options:
            if name not in settled:
                found[name] = _under(found.get(name), Explained(name, value, (layer,)))
    ordered = (found.get(row.name) for row in parameters.PARAMETERS)
    return tuple(each for each in ordered if each and each.value is not False)


def _under(above: Explained | None, said: Explained) -> Explained:
    if above is None:
        return said
    lists = isinstance(above.value, tuple) and isinstance(said.value, tuple)
    row = parameters.known(said.name)
    if not (lists and row and row.adds_up):
        return above
    # What stands last counts where two say the same with another weight.
    value = tuple(reversed(dict.fromkeys(reversed((*said.value, *above.value)))))
    if value == above.value:
        return above
    return replace(above, value=value, layers=(*above.layers, *said.layers))


def merged(prompt: Prompt, below: Layers) -> Prompt:
    """The prompt with everything that counts. Raises InvalidPrompt where that is too long."""
    options = tuple((each.name, each.value) for each in explained(prompt, below))
    if options == prompt.options:
        return prompt
    whole = replace(prompt, options=options)
    if len(str(whole)) > MAX_LENGTH:
        raise InvalidPrompt(
            _(
                "With your suffix and your settings the prompt has {length} characters; at most"
                " {most} are allowed.",
                length=len(str(whole)),
                most=MAX_LENGTH,
            )
        )
    return whole


@dataclass(frozen=True)
class Taste:
    """What is wanted of one person's prompts at one server. `note` is said where a prompt leaves
    the model open."""

    own: Preferences = field(default_factory=Preferences)
    server: Preferences = field(default_factory=Preferences)
    operator: Pairs = ()
    note: str = ""

    @property
    def holding(self) -> Preferences:
        """What counts of the settings."""
        return self.own.over(self.server)

    @property
    def layers(self) -> Layers:
        return (
            (Layer.SUFFIX, self.own.suffix),
            (Layer.SETTINGS, self.own.parameters),
            (Layer.SERVER, self.server.parameters),
            (Layer.OPERATOR, self.operator),
        )

    def read_all(self, text: str, most: int, attached: int = 0) -> list[Reading]:
        """Every prompt that a typed text stands for, with so many pictures beside it and with all
        that is wanted. Raises InvalidPrompt."""
        return [
            Reading(merged(reading.prompt, self.layers), (*reading.notes, *self._noted(reading)))
            for reading in self.typed(text, most, attached)
        ]

    def typed(self, text: str, most: int, attached: int = 0) -> list[Reading]:
        """The same with its own options alone."""
        options = dict(self.own.options)
        try:
            return Prompt.read_all(expanded(text, options), most, attached)
        except UnknownParameter as error:
            raise InvalidPrompt(parameters.unknown(error.names, options)) from None

    def _noted(self, reading: Reading) -> tuple[str, ...]:
        return (self.note,) if self.note and reading.prompt.get("model") is None else ()
