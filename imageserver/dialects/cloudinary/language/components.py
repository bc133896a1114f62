"""One part of a transformation, between two slashes: its parameters, its effects and its flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from imageserver.dialects.cloudinary.language.facts import BadTransformation


def words(text: str) -> frozenset[str]:
    """Give the words of a text."""
    return frozenset(text.split())


PARAMETERS = words("w h ar c x y g f q dpr a r b co bo o l u t d dn pg cs z bl if")
"""Those that have one value; `e` and `fl` may have several."""
OF_VIDEOS = words("vc ac af br so eo du fps ki sp vs fn p")
FLAGS = words(
    "attachment progressive lossy force_strip keep_iptc strip_profile preserve_transparency "
    "ignore_aspect_ratio relative region_relative layer_apply no_overflow tiled cutter getinfo png8 "
    "immutable_cache any_format text_no_trim text_disallow_overflow force_icc keep_attribution sanitize "
    "awebp animated original draco clip clip_evenodd replace_image"
)
REFUSED_FLAGS = frozenset({"replace_image"})
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Component:
    """Parameters by their names; order inside is irrelevant, but for effects."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)
    effects: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """Give the value of a parameter."""
        return self.values.get(name, default)

    @property
    def is_empty(self) -> bool:
        """Tell whether it says nothing."""
        return not (self.values or self.effects or self.flags)

    @property
    def layer(self) -> str:
        """What it lays over the picture, or under it."""
        return self.get("l") or self.get("u")

    @property
    def applies(self) -> bool:
        """Tell whether it ends a layer that was opened before."""
        return "layer_apply" in self.flags

    def without(self, *names: str) -> Component:
        """Give the rest of it."""
        return replace(self, values={name: value for name, value in self.values.items() if name not in names})

    def only(self, *names: str) -> Component:
        """Give some of its parameters, and no effects."""
        return replace(self, values={name: self.values[name] for name in names if name in self.values}, effects=())


def read_component(text: str) -> Component:
    """Cut a part; raises `BadTransformation` for what no part may have."""
    values: dict[str, str] = {}
    effects: list[str] = []
    flags: dict[str, str] = {}
    for part in text.split(","):
        name, underscore, value = part.partition("_")
        if not underscore or not value:
            raise BadTransformation(f"Invalid transformation component - {part[:LONGEST]}")
        if name == "e":
            effects.append(value)
        elif name == "fl":
            flags |= read_flags(value)
        elif name in PARAMETERS:
            values[name] = value
        elif name in OF_VIDEOS:
            raise BadTransformation(f"Transformation parameter {name} is not supported for images")
        else:
            raise BadTransformation(f"Unknown transformation parameter {name[:LONGEST]}")
    return Component(text, values, tuple(effects), flags)


def read_flags(text: str) -> dict[str, str]:
    """Cut a list of flags; the rest of `attachment` is the name of a file, dots and all."""
    found: dict[str, str] = {}
    words = text.split(".")
    for index, word in enumerate(words):
        name, _, argument = word.partition(":")
        if name not in FLAGS:
            raise BadTransformation(f"Unknown transformation flag {name[:LONGEST]}")
        if name in REFUSED_FLAGS:
            raise BadTransformation(f"Transformation flag {name} is not supported")
        found[name] = argument
        if name == "attachment" and argument:
            found[name] = ".".join((argument, *words[index + 1 :]))
            break
    return found
