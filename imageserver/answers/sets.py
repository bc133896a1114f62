"""Sets as JSON and as XML, in the shape that deployed viewers take apart. References: r-set, r-media-set-requests.

Both are made of the same value: in XML texts are attributes, in the order of the alphabet, and all else is elements.
`item` is an object when there is one and a list when there are more; `relation` is a list always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from imageserver.answers.areas import unchanged_areas
from imageserver.answers.descriptions import crop_properties, shown_size
from imageserver.answers.properties import quote
from imageserver.answers.versions import SHORT, image_version
from imageserver.layout.facts import FactsOf
from imageserver.layout.laying import lay_out
from imageserver.plan.picture import Picture, Source, sources_of
from imageserver.plan.plan import MediaSet, Named, Notes, SetItem, Video

Value = str | list["Value"] | dict[str, "Value"]
Element = dict[str, Value]
PROTOCOL = "1.0"
OLDER_NAMES = {"fvctx": "fset", "ctx": "ctx"}
"""The root elements of the older requests for a set."""
PARTS = {"map": "area", "targets": "target"}
"""Lists that in XML have an element of their own, and the elements in it."""


@dataclass
class Writer:
    """Writes sets; `known` are the measures of what was measured before, of which a set may have many."""

    facts: FactsOf
    known: dict[int, Element] = field(default_factory=dict)

    def set(self, found: MediaSet) -> Element:
        """Give a set as `req=set` does."""
        items: list[Value] = [self.item(item) for item in found.items]
        relations: list[Value] = [
            {"userdata": dict(crop_properties(crop, self.facts[crop.path]))}
            for crop in found.crops
            if crop.path in self.facts
        ]
        return {
            "pv": PROTOCOL,
            "type": found.kind,
            **given(n=found.name),
            **({"item": items[0] if len(items) == 1 else items} if items else {}),
            **written_notes(found.notes),
            **({"relation": relations} if relations else {}),
        }

    def item(self, item: SetItem) -> Element:
        """Give an item of a set; what is not an image says of which type it is."""
        return {
            **({"type": item.kind, **given(n=item.name)} if item.image is None else {}),
            **({"set": self.set(item.inner)} if item.inner else {}),
            **({"i": written_name(item.image)} if item.image else {}),
            **({"v": written_video(item.video)} if item.video else {}),
            **({"s": written_name(item.swatch)} if item.swatch else {}),
            **(self.measures(item.shown) if item.shown else {}),
            **written_notes(item.notes),
        }

    def images(self, found: MediaSet) -> Element:
        """Give a set as the older requests do: all images one behind the other, the measures of the first in front."""
        images: list[Element] = [
            {**written_name(item.image), **(self.measures(item.shown) if item.shown else {})}
            for item in found.images
            if item.image
        ]
        first: Element = {key: images[0][key] for key in ("dx", "dy", "iv") if key in images[0]} if images else {}
        return {"pv": PROTOCOL, "type": found.kind, **given(n=found.name), **first, "i": [*images]}

    def measures(self, shown: Source | Picture) -> Element:
        """Give size and version of an image, or of the composite of a template."""
        if id(shown) not in self.known:
            self.known[id(shown)] = measures(shown, self.facts)
        return self.known[id(shown)]


def written_name(named: Named) -> Element:
    """Give an image or a swatch; viewers find the name by the text in front of it, so that labels stand behind it."""
    return given(
        mod=named.commands,
        n=named.name,
        c=named.color,
        l=named.label,
        isDefault="1" if named.is_default else "",
    )


def written_video(video: Video) -> Element:
    """Give a video."""
    width, height = (str(video.size.width), str(video.size.height)) if video.size else ("", "")
    return given(path=video.name, suffix=video.suffix, dx=width, dy=height, bitrate=str(video.bit_rate or ""))


def measures(shown: Source | Picture, facts: FactsOf) -> Element:
    """Measure an image, or the composite of a template; not one with a file that cannot be read."""
    files = [path for source in sources_of(shown) for path in source.paths]
    if isinstance(shown, Picture):
        files += [file.path for file in shown.other_files if not file.spare]
    if not facts.keys() >= set(files):
        return {}
    if isinstance(shown, Source):
        width, height = shown_size(shown, facts[shown.path])
    else:
        reply = lay_out(shown, facts).reply
        width, height = reply.width, reply.height
    return {"dx": str(width), "dy": str(height), "iv": image_version(shown, facts)[:SHORT]}


def written_notes(notes: Notes) -> Element:
    """Give what a record says of itself, and what it would say in a shorter e-catalog."""
    areas = cast("list[Value]", unchanged_areas(notes.map)) if notes.map else []
    targets: list[Value] = list(written_targets(notes.targets))
    return {
        **{f"{name}suppressed": "1" for name in notes.suppressed},
        **({"userdata": dict(notes.user_data)} if notes.user_data else {}),
        **({"map": areas} if areas else {}),
        **({"targets": targets} if targets else {}),
    }


def written_targets(text: str) -> Iterator[Element]:
    """Give the targets of a record, of which each property stands on a line of its own."""
    found: dict[str, Element] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        match name.strip().split(".", 2):
            case [word, number, key] if equals and word.casefold() == "target":
                found.setdefault(number, {})[key] = value
    yield from found.values()


def given(**texts: str) -> Element:
    """Give the texts that are not empty."""
    return {name: text for name, text in texts.items() if text}


def set_element(name: str, value: Value) -> str:
    """Write a value as an XML element."""
    if not isinstance(value, dict):
        return f"<{name}/>"
    attributes = "".join(f" {key}={quote(text)}" for key, text in sorted(value.items()) if isinstance(text, str))
    inner = "".join(inner_elements(key, one) for key, one in value.items() if not isinstance(one, str))
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"


def inner_elements(name: str, value: Value) -> str:
    """Write what is no attribute; user data, whose names may be anything, as properties."""
    if name == "userdata" and isinstance(value, dict):
        lines = cast("Mapping[str, str]", value).items()
        inner = "".join(f"<property name={quote(key)} value={quote(text)}/>" for key, text in lines)
        return f"<userdata>{inner}</userdata>"
    if name in PARTS and isinstance(value, list):
        return f"<{name}>{''.join(set_element(PARTS[name], one) for one in value)}</{name}>"
    return "".join(set_element(name, one) for one in (value if isinstance(value, list) else [value]))
