"""Entry of a catalog → Source: what a record says of its image, with the catalog's defaults filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from imageserver.catalog.catalogs import Entry
from imageserver.catalog.fields import declared
from imageserver.catalog.records import Record
from imageserver.plan.expansion import Macros
from imageserver.plan.picture import Source
from imageserver.plan.profiles import image_spaces
from imageserver.protocol.reading import read_pieces
from imageserver.protocol.request import Piece

CHANGE_PIXELS = tuple(name for name, one in declared(Record) if one.pixels)
CHANGE_METADATA = tuple(name for name, one in declared(Record) if one.metadata)
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
DRAWING = ".svg"
"""The suffix of files that may show variables."""


def plan_source(entry: Entry, macros: Macros, variables: Mapping[str, str] = NO_VARIABLES) -> Source:
    """Describe the image that an entry stands for; raises `NotFound` when its file is missing."""
    attributes, record = entry.catalog.attributes, entry.record or Record()
    path = entry.source()
    return Source(
        name=entry.name,
        path=path,
        mask=entry.mask(),
        crop_name=entry.crop_name,
        crop=entry.crop,
        anchor=record.anchor,
        resolution=record.resolution or attributes.resolution,
        print_resolution=record.print_resolution,
        pixels=canonical(record, macros, pixels=True),
        metadata=canonical(record, macros, pixels=False),
        map=record.map,
        apply_orientation=attributes.apply_orientation,
        spaces=image_spaces(record.icc_profile, entry.name, entry.catalog, macros.catalogs),
        variables=tuple(sorted(variables.items())) if path.suffix.casefold() == DRAWING else (),
    )


def plan_mask(entry: Entry, macros: Macros, variables: Mapping[str, str]) -> Source:
    """Describe the image of `mask=`: a record's mask, or else its image."""
    source = plan_source(entry, macros, variables)
    return Source(
        name=source.name,
        path=source.mask or source.path,
        crop_name=source.crop_name,
        crop=source.crop,
        pixels=source.pixels,
        metadata=source.metadata,
        apply_orientation=source.apply_orientation,
        variables=source.variables,
    )


def modifier_pieces(entry: Entry, macros: Macros) -> tuple[Piece, ...]:
    """Give the commands that a record puts in front of those of the request."""
    text = entry.record.modifier if entry.record else ""
    return macros.expand(read_pieces(text, f"catalog::Modifier of {entry.name}"))


def post_modifier_pieces(entry: Entry, macros: Macros) -> tuple[Piece, ...]:
    """Give the commands that a record puts behind those of the request."""
    text = entry.record.post_modifier if entry.record else ""
    return macros.expand(read_pieces(text, f"catalog::PostModifier of {entry.name}"))


def canonical(record: Record, macros: Macros, *, pixels: bool) -> str:
    """Write the fields that change the pixels, or the metadata, as one text; macros count by what they stand for."""
    fields = CHANGE_PIXELS if pixels else CHANGE_METADATA
    return "\n".join(f"{name}={canonical_value(record, name, macros)}" for name in fields)


def canonical_value(record: Record, name: str, macros: Macros) -> str:
    """Write one field of a record."""
    if name == "modifier":
        return joined(macros.expand(read_pieces(record.modifier)))
    if name == "post_modifier":
        return joined(macros.expand(read_pieces(record.post_modifier)))
    return repr(getattr(record, name))


def joined(pieces: Iterable[Piece]) -> str:
    """Write pieces as one text."""
    return "&".join(piece.text for piece in pieces)
