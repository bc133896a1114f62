"""What replies say of pictures and sources. References: r-props, r-imageprops."""

from __future__ import annotations

from imageserver.answers.properties import Pairs
from imageserver.answers.versions import image_version, metadata_version
from imageserver.layout.facts import Facts, FactsOf
from imageserver.layout.layers import intersection
from imageserver.layout.layout import Layout
from imageserver.plan.catalogprops import hexadecimal
from imageserver.plan.dates import java_date
from imageserver.plan.picture import Picture, Source
from imageserver.plan.plan import SourceInquiry
from imageserver.protocol.values import Rect

PIXEL_TYPES = {"rgb": "RGB", "gray": "BW", "cmyk": "CMYK"}


def describe_picture(picture: Picture, layout: Layout, facts: FactsOf, length: int) -> Pairs:
    """Give the properties of a reply, in the order of the reference's table; `length` is 0 before it is made."""
    output = layout.encoding.output
    return (
        ("image.bgc", hexadecimal(layout.background)),
        ("image.height", str(layout.reply.height)),
        ("image.iccEmbed", str(int(layout.embedded.profile is not None))),
        ("image.iccProfile", layout.profile.name if layout.profile else ""),
        ("image.length", str(length)),
        ("image.mask", str(int(output.format.alpha and not layout.mask_only))),
        ("image.pixTyp", PIXEL_TYPES[output.pixel_type or "rgb"]),
        ("image.pathEmbed", str(int(bool(layout.embedded.paths)))),
        ("image.printRes", f"{layout.encoding.print_resolution or 0:g}"),
        ("image.quality", str(layout.encoding.quality.quality)),
        ("image.type", output.format.media_type),
        ("image.width", str(layout.reply.width)),
        ("image.xmpEmbed", str(int(layout.embedded.packet is not None))),
        ("image.version", image_version(picture, facts)),
        ("metadata.version", metadata_version(source.metadata for source in picture.sources)),
    )


def describe_source(inquiry: SourceInquiry, facts: Facts, profile: str) -> Pairs:
    """Give the properties of a source: what the file says, and what the catalog does; `profile` is its colour space."""
    source, known = inquiry.source, dict(inquiry.properties)
    width, height = shown_size(source, facts)
    anchor = (source.anchor.x, source.anchor.y) if source.anchor else (width // 2, height // 2)
    stamp = known["image.timeStamp"]
    return (
        ("image.anchor", f"{anchor[0]},{anchor[1]}"),
        ("image.expiration", known["image.expiration"]),
        ("image.height", str(height)),
        ("image.iccProfile", profile),
        ("image.embeddedIccProfile", str(int(bool(facts.icc_name)))),
        ("image.embeddedPhotoshopPaths", str(int(bool(facts.paths)))),
        ("image.embeddedXmpData", str(int(facts.has_xmp))),
        ("image.mask", mask_kind(source, facts)),
        ("image.modifier", known["image.modifier"]),
        ("image.photoshopPathNames", ",".join(path.name for path in facts.paths)),
        ("image.pixTyp", facts.pixel_type),
        ("image.postModifier", known["image.postModifier"]),
        ("image.printRes", known["image.printRes"] or print_resolution(facts, known)),
        ("image.resolution", known["image.resolution"]),
        ("image.timeStamp", java_date(float(stamp) if stamp else facts.modified)),
        ("image.thumbRes", known["image.thumbRes"]),
        ("image.thumbType", known["image.thumbType"]),
        ("image.width", str(width)),
        ("image.translatedId", known["image.translatedId"]),
    )


def shown_size(source: Source, facts: Facts) -> tuple[int, int]:
    """Give width and height of a source as it is shown, or of its crop."""
    size = facts.shown_size(oriented=source.apply_orientation)
    if source.crop is None:
        return size.width, size.height
    cut = intersection(source.crop, Rect(0, 0, size.width, size.height))
    return cut.width, cut.height


def print_resolution(facts: Facts, known: dict[str, str]) -> str:
    """Give the print resolution of a source whose record has none: the file's, or the catalog's."""
    return known["image.defaultPrintRes"] if facts.print_resolution is None else f"{facts.print_resolution:g}"


def mask_kind(source: Source, facts: Facts) -> str:
    """Say where the mask comes from: 0 none, 1 premultiplied alpha, 2 alpha of its own, 3 a separate image."""
    if facts.alpha == "associated":
        return "1"
    if source.mask is not None:
        return "3"
    return "2" if facts.alpha == "unassociated" else "0"


def describe_crop(source: Source, facts: Facts) -> str:
    """Give the user data of a named crop, as viewers of smart crops read them, as lines of properties."""
    return "\n".join(f"{name}={value}" for name, value in crop_properties(source, facts))


def crop_properties(source: Source, facts: Facts) -> Pairs:
    """Give the user data of a named crop."""
    size, crop = facts.shown_size(oriented=source.apply_orientation), source.crop or Rect(0, 0, 1, 1)
    shares = (crop.x / size.width, crop.y / size.height, crop.width / size.width, crop.height / size.height)
    kind = "Swatch" if source.crop_name.casefold() == "swatch" else "Banner"
    return (
        ("SmartCropDef", source.crop_name),
        ("SmartCropHeight", str(float(crop.height))),
        ("SmartCropRect", f"{','.join(f'{share:g}' for share in shares)},{crop.width},{crop.height}"),
        ("SmartCropType", kind),
        ("SmartCropWidth", str(float(crop.width))),
    )
