"""The words that the embedded model is taught: objects, scenes, styles, colours, relations.

It knows names, synonyms, emoji and phrases; it knows neither pictures nor tokens. Objects are in
the order in which they are taught, so the first N of them are a curriculum.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thing:
    """An object: its name, the emoji that shows it ("" where it is drawn by hand), its synonyms."""

    name: str
    emoji: str
    synonyms: tuple[str, ...] = ()
    being: bool = False
    held: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.synonyms)


def _things(table: str) -> tuple[Thing, ...]:
    """Read lines of "flags emoji name|synonym|…": flags are b (a being), h (can be held), or -."""
    things = []
    for line in table.strip().splitlines():
        flags, emoji, names = line.strip().split(" ", 2)
        name, *synonyms = names.split("|")
        symbol = "" if emoji == "-" else emoji
        things.append(Thing(name, symbol, tuple(synonyms), "b" in flags, "h" in flags))
    return tuple(things)


THINGS = _things("""
b 🧑‍🚀 astronaut|spaceman|cosmonaut
b 🐱 cat|kitten|kitty
- 🚀 rocket|spaceship
b 🐉 dragon
b 🦊 fox
- 🏰 castle|fortress
b 🦉 owl
b 🤖 robot|android
b 🐼 panda
b 🦈 shark
b ⛄ snowman
h 🍕 pizza|pizza slice
- 🏡 house|cottage
b 👻 ghost|spook
- 🚗 car|automobile
- 🌳 tree
- - sun lounger|deck chair|beach chair
h 🍹 cocktail|drink
b 🐶 dog|puppy
b 🐸 frog|toad
b 🐧 penguin
b 👽 alien|extraterrestrial
- 💀 skull
- 🎃 pumpkin|jack-o-lantern
h ❤️ heart|love heart
h ⭐ star
h 🎈 balloon
h 🍎 apple
- 🌵 cactus
- 🍄 mushroom|toadstool
h 🍩 donut|doughnut
h 👑 crown
b 🦁 lion
b 🐷 pig|piglet
b 🧸 teddy bear|teddy
- ⛵ sailboat|boat
- 🛸 ufo|flying saucer
h 🌹 rose
h 🎁 gift|present
h 🍦 ice cream|soft serve
b 🐯 tiger
b 🐰 rabbit|bunny
b 🦄 unicorn
b 🐻 bear|grizzly
b 🐨 koala
b 🐵 monkey|ape
b 🐮 cow
b 🐔 chicken|hen
b 🦖 dinosaur|t-rex
b 🐳 whale
b 🐙 octopus|squid
b 🐠 fish|tropical fish
b 🦀 crab
b 🐢 turtle|tortoise
b 🐍 snake
b 🦋 butterfly
b 🐝 bee|honeybee
b 🐘 elephant
b 🐪 camel
b 🧙 wizard|mage
b 👸 princess
b 🎅 santa|santa claus
b 🤡 clown
b 🥷 ninja
b 🤠 cowboy
b 👶 baby
b 👵 grandmother|old woman
- 🚌 bus
- 🚲 bicycle|bike
- ✈️ airplane|plane|aeroplane
- 🚂 train|locomotive
- 🚁 helicopter
- 🌴 palm tree|palm
- 🌻 sunflower|flower
h 🍌 banana
h 🍓 strawberry
h 🍉 watermelon
h 🍔 burger|hamburger
h 🎂 cake|birthday cake
h ☕ coffee|cup of coffee
h 🎸 guitar
h 💎 diamond|gem
h ☂️ umbrella|parasol
- ⏰ clock|alarm clock
h ⚽ football|soccer ball
b 🦆 duck
b 🐺 wolf
b 🦌 deer|stag
b 🦒 giraffe
b 🐊 crocodile|alligator
- ⚓ anchor
- 🗿 statue|moai
h 🏆 trophy
h 📷 camera
- 🚜 tractor
- 🚚 lorry|truck
""")
THING = {thing.name: thing for thing in THINGS}

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (214, 48, 49),
    "blue": (52, 120, 220),
    "green": (60, 170, 80),
    "yellow": (250, 212, 70),
    "purple": (128, 70, 180),
    "pink": (250, 150, 190),
    "orange": (245, 140, 40),
    "black": (18, 18, 22),
    "white": (250, 250, 250),
    "grey": (140, 144, 150),
}
COLOUR_WORDS = {"grey": ("grey", "gray"), "purple": ("purple", "violet")}

PLAIN = "plain"  # the scene of a picture that has one colour behind it
SCENES: dict[str, tuple[str, ...]] = {
    "desert": ("in the desert", "in a desert", "on a sand dune"),
    "beach": ("on the beach", "at the beach", "by the sea"),
    "space": ("in space", "in outer space", "among the stars"),
    "night": ("at night", "under the night sky", "in the moonlight"),
    "forest": ("in the forest", "in the woods", "in a forest"),
    "snow": ("in the snow", "in winter", "on a snowy field"),
    "city": ("in the city", "in a city", "downtown"),
    "underwater": ("underwater", "under the sea", "in the ocean"),
    "mountains": ("in the mountains", "on a mountain", "in front of mountains"),
    "meadow": ("in a meadow", "on the grass", "in a field"),
    "sunset": ("at sunset", "in the sunset", "at dusk"),
    "volcano": ("near a volcano", "in front of a volcano", "on lava"),
}

NO_STYLE = "illustration"  # what is drawn when a prompt names no style
STYLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # style: (what may stand before the subject, what may stand behind it)
    "illustration": (("illustration of", "sticker of", "emoji of"), ("illustration", "emoji")),
    "photo": (("photo of", "a photo of", "photograph of"), ("photo", "realistic photo")),
    "oil painting": (
        ("oil painting of", "expressive oil painting of", "an oil painting of"),
        ("oil painting", "expressive oil painting"),
    ),
    "pixel art": (("pixel art of", "8-bit pixel art of", "pixel art,"), ("pixel art", "8-bit")),
    "pencil sketch": (
        ("sketch of", "pencil sketch of", "pencil drawing of"),
        ("pencil sketch", "sketch"),
    ),
    "watercolour": (
        ("watercolour of", "watercolor of", "watercolour painting of", "watercolor painting of"),
        ("watercolour", "watercolor"),
    ),
    "neon": (("neon art of", "neon sign of", "glowing neon"), ("neon", "neon lights")),
}

COUNTS = {"one": 1, "two": 2, "three": 3}
LAYOUTS = ("single", "two", "three", "beside", "stack", "hold", "lounge")
RELATIONS = ("and", "next to", "left of", "right of", "on top of", "with", "holding", "lying in")
# Words that people write and that change nothing here; the model learns to pass over them.
FILLERS = (
    "beautiful", "cute", "detailed", "highly detailed", "masterpiece", "amazing", "epic", "4k",
    "best quality", "lovely", "funny", "happy", "cool", "very", "trending", "artstation", "little",
    "big", "old", "new", "small", "cinematic", "hd", "please", "draw", "make", "me", "image of",
    "picture of",
)  # fmt: skip
_IRREGULAR = {"snowman": "snowmen", "cactus": "cacti", "fish": "fish", "tropical fish": "fish",
              "spaceman": "spacemen", "wolf": "wolves", "deer": "deer", "ice cream": "ice creams",
              "old woman": "old women", "soft serve": "soft serves"}  # fmt: skip


def plural(name: str) -> str:
    """The plural of an object's name: "fox" gives "foxes"."""
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"


def article(name: str) -> str:
    """The name with its article: "owl" gives "an owl"."""
    if name.startswith("santa"):
        return name
    vowel = name[0] in "aeiou" and not name.startswith(("uni", "ufo"))
    return ("an " if vowel else "a ") + name
