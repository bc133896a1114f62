"""What is sent of a picture in the end: format, quality, and the name under which browsers save it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.picture import Client, Picture
from imageserver.protocol.values import ICON_SIDE, Size, at_least_one

FORMATS = {
    **dict.fromkeys(("jpg", "jpeg", "jpe"), "jpeg"),
    **dict.fromkeys(("tif", "tiff"), "tif"),
    **dict.fromkeys(("jp2", "j2k"), "jpeg2000"),
    **{name: name for name in ("png", "webp", "avif", "gif", "jxl", "heic", "pdf", "eps", "bmp", "ico")},
}
FOR_FEW = frozenset({"heic", "jxl"})
"""What is not made of a file just because it is one: few browsers show it, and not every server can write it."""
EXTENSIONS = {"jpeg": "jpg", "jpeg2000": "jp2"}
ALPHA = frozenset({"png", "webp", "avif", "gif", "tif", "jpeg2000", "jxl", "ico"})
LEVELS = {"best": 90, "good": 80, "eco": 65, "low": 50}
AVIF_LEVELS = {"best": 75, "good": 65, "eco": 53, "low": 40}
"""AVIF looks the same at a lower number."""
LOSSY = frozenset({"jpeg", "webp", "avif", "jpeg2000", "jxl", "heic", "pdf", "tif"})
MOVING = frozenset({"gif", "webp", "png"})
"""What animations may be stored as; as AVIF they are not sent."""
QUALITY = re.compile(r"([0-9]{1,3})(?::([0-9]{3}|qmax_[0-9]+))?")
AUTO_QUALITY = re.compile(r"auto(?::(best|good|eco|low))?(?::sensitive|:[0-9]{3})?")
DENSITY = re.compile(r"[0-9]{1,4}")
MOST = 100


@dataclass(frozen=True, slots=True)
class Output:
    """The end of a request: its commands, the extension that stands for its format, and headers that follow.

    `varies` says that the format depends on what the client shows; `attachment` is None where nothing is saved.
    """

    commands: tuple[str, ...]
    extension: str
    varies: bool = False
    attachment: str | None = None


def format_named(extension: str) -> str:
    """Give the one name of a format that has several extensions."""
    return FORMATS.get(extension.casefold(), extension.casefold())


def last_of(components: Sequence[Component], name: str) -> str:
    """Give the value that holds."""
    return next((one.values[name] for one in reversed(components) if name in one.values), "")


def flags_of(components: Sequence[Component]) -> dict[str, str]:
    """Give the flags of all components."""
    return {name: argument for one in components for name, argument in one.flags.items()}


def output_of(picture: Picture, components: Sequence[Component], extension: str, stored: str, client: Client) -> Output:
    """Say how a picture is sent; the extension is that of the URL, `stored` that of the file."""
    flags = flags_of(components)
    asked = last_of(components, "f") or extension
    varies = asked.partition(":")[0] == "auto"
    name = automatic(picture, stored, client) if varies else (asked or stored).casefold()
    if asked and name not in FORMATS:
        raise BadTransformation(f"Invalid extension in transformation: {name[:20]}")
    if not asked and (name in FOR_FEW or name not in FORMATS):
        name = "png" if picture.has_alpha else "jpg"
    form = FORMATS[name]
    commands = [f"fmt={written_format(form, picture, flags)}", *quality(last_of(components, "q"), form)]
    density = last_of(components, "dn")
    if density:
        if not DENSITY.fullmatch(density) or not int(density):
            raise invalid("density", density)
        commands.append(f"printRes={density}")
    return Output(tuple(commands), EXTENSIONS.get(form, form), varies, flags.get("attachment"))


def held(picture: Picture, output: Output) -> Picture:
    """Give a picture no larger than its format holds: an icon as large as icons can be."""
    width, height = picture.size.width, picture.size.height
    scale = min(1.0, ICON_SIDE / max(width, height))
    if output.extension != "ico" or scale == 1:
        return picture
    size = Size(at_least_one(width * scale), at_least_one(height * scale))
    return picture.viewed(f"wid={ICON_SIDE}", f"hei={ICON_SIDE}", "fit=constrain,0", size=size)


def allowed(picture: Picture, most: Size) -> Picture:
    """Give a picture whose size nobody asked for no larger than a catalog allows."""
    size = picture.size
    scale = min(most.width / size.width if most.width else 1.0, most.height / size.height if most.height else 1.0)
    if picture.has_view or size != picture.source or scale >= 1:
        return picture
    size = Size(max(1, int(size.width * scale)), max(1, int(size.height * scale)))
    return picture.viewed(f"wid={size.width}", f"hei={size.height}", "fit=stretch", size=size)


def automatic(picture: Picture, stored: str, client: Client) -> str:
    """Choose a format that the client shows."""
    moves = picture.pages > 1 and not picture.is_still and stored in MOVING
    for name in ("webp",) if moves else ("avif", "webp"):
        if name in client.formats:
            return name
    if moves and stored != "png":
        return "gif"
    if stored in {"jpg", "png", "gif"}:
        return "png" if stored == "jpg" and picture.has_alpha else stored
    return "png" if picture.has_alpha else "jpg"


def written_format(form: str, picture: Picture, flags: Mapping[str, str]) -> str:
    """Give the value of `fmt=`."""
    if form == "jpeg":
        return "pjpeg" if "progressive" in flags and flags["progressive"] != "none" else "jpeg"
    if form == "png" and "png8" in flags:
        form = "png8"
    has_alpha = picture.has_alpha and form.removesuffix("8") in ALPHA
    return f"{form}-alpha" if has_alpha else form


def quality(text: str, form: str) -> tuple[str, ...]:
    """Give `qlt=`, where the format has a quality."""
    if not text:
        return ()
    automatic = AUTO_QUALITY.fullmatch(text)
    match = QUALITY.fullmatch(text)
    if automatic:
        levels = AVIF_LEVELS if form == "avif" else LEVELS
        level, chroma = levels[automatic[1] or "good"], ""
    elif match and 1 <= int(match[1]) <= MOST:
        level, chroma = int(match[1]), ",1" if match[2] == "444" else ""
    else:
        raise invalid("quality", text)
    return (f"qlt={level}{chroma}",) if form in LOSSY else ()
