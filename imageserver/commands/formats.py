"""The reply formats and what each can carry. Reference: r-is-http-fmt; JPEG XL, BMP and ICO are extensions of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from imageserver.errors import Mismatch, NotSupported
from imageserver.protocol.values import ICON_SIDE

PixelType = Literal["rgb", "gray", "cmyk"]
Compression = Literal["none", "lzw", "zip", "jpeg", "lossy", "lossless"]
Carried = Literal["profile", "xmp", "paths"]
Codec = Literal[
    "jpeg", "png", "png8", "gif", "tif", "webp", "avif", "pdf", "eps", "jpeg2000", "heic", "jxl", "bmp", "ico"
]


@dataclass(frozen=True, slots=True)
class Format:
    """A reply format: the codec that writes it, its MIME type and what it can hold. The first entry is the default.

    `carries` is what is embedded where that is asked for; `moving` says that it holds animations, `paged` that it holds
    pictures as pages. No side may have more than `most_side` pixels, if that is not 0.
    """

    codec: Codec
    media_type: str
    pixel_types: tuple[PixelType, ...]
    compressions: tuple[Compression, ...] = ()
    alpha: bool = False
    progressive: bool = False
    carries: frozenset[Carried] = frozenset()
    moving: bool = False
    paged: bool = False
    most_side: int = 0


ANY: tuple[PixelType, ...] = ("rgb", "gray", "cmyk")
RGB: tuple[PixelType, ...] = ("rgb",)
LIGHT: tuple[PixelType, ...] = ("rgb", "gray")
WEB: tuple[Compression, ...] = ("lossy", "lossless")
ALL: frozenset[Carried] = frozenset({"profile", "xmp", "paths"})
BOTH: frozenset[Carried] = frozenset({"profile", "xmp"})
PRINT: frozenset[Carried] = frozenset({"profile", "paths"})
XMP: frozenset[Carried] = frozenset({"xmp"})
"""Profiles are carried by what the reference names, WebP, AVIF and HEIC; XMP by whatever can hold a packet."""

FORMATS: Mapping[str, Format] = {
    "jpeg": Format("jpeg", "image/jpeg", ANY, carries=ALL),
    "pjpeg": Format("jpeg", "image/jpeg", ANY, progressive=True, carries=ALL),
    "png": Format("png", "image/png", LIGHT, carries=BOTH),
    "png-alpha": Format("png", "image/png", LIGHT, alpha=True, carries=BOTH),
    "png8": Format("png8", "image/png", RGB, carries=BOTH),
    "png8-alpha": Format("png8", "image/png", RGB, alpha=True, carries=BOTH),
    "gif": Format("gif", "image/gif", LIGHT, moving=True),
    "gif-alpha": Format("gif", "image/gif", LIGHT, alpha=True, moving=True),
    "tif": Format("tif", "image/tiff", ANY, ("none", "lzw", "zip", "jpeg"), carries=ALL),
    "tif-alpha": Format("tif", "image/tiff", ANY, ("none", "lzw", "zip"), alpha=True, carries=ALL),
    "webp": Format("webp", "image/webp", RGB, WEB, carries=BOTH, moving=True),
    "webp-alpha": Format("webp", "image/webp", RGB, WEB, alpha=True, carries=BOTH, moving=True),
    "avif": Format("avif", "image/avif", RGB, WEB, carries=BOTH),
    "avif-alpha": Format("avif", "image/avif", RGB, WEB, alpha=True, carries=BOTH),
    "jpeg2000": Format("jpeg2000", "image/jp2", LIGHT, WEB),
    "jpeg2000-alpha": Format("jpeg2000", "image/jp2", LIGHT, WEB, alpha=True),
    "heic": Format("heic", "image/heic", RGB, carries=BOTH),
    "jxl": Format("jxl", "image/jxl", LIGHT, WEB, carries=XMP),
    "jxl-alpha": Format("jxl", "image/jxl", LIGHT, WEB, alpha=True, carries=XMP),
    "bmp": Format("bmp", "image/bmp", LIGHT),
    "ico": Format("ico", "image/x-icon", RGB, most_side=ICON_SIDE),
    "ico-alpha": Format("ico", "image/x-icon", RGB, alpha=True, most_side=ICON_SIDE),
    "pdf": Format("pdf", "application/pdf", ANY, ("jpeg", "zip", "none"), carries=BOTH, paged=True),
    "eps": Format("eps", "image/eps", ANY, carries=PRINT),
}

SPELLINGS: Mapping[str, str] = {
    "jpg": "jpeg",
    "pjpg": "pjpeg",
    "tiff": "tif",
    "tiff-alpha": "tif-alpha",
    "web-alpha": "webp-alpha",
}

UNSUPPORTED: Mapping[str, str] = {
    **dict.fromkeys(("swf", "swf-alpha", "swf3", "swf3-alpha"), "SWF output is not supported"),
    **dict.fromkeys(("jpegxr", "jpegxr-alpha"), "JPEG XR output is not supported"),
    **dict.fromkeys(("m3u8", "f4m"), "lists of videos are for req=mbrSet"),
}


@dataclass(frozen=True, slots=True)
class Output:
    """The format asked for; where nothing was said, pixel type and compression are empty."""

    name: str
    pixel_type: PixelType | Literal[""] = ""
    compression: Compression | Literal[""] = ""

    @property
    def format(self) -> Format:
        """What this format can carry."""
        return FORMATS[self.name]


@dataclass(frozen=True, slots=True)
class OutputGrammar:
    """Reads `format[,[pixelType],[compression]]`."""

    expected: str = (
        "format[,[pixelType],[compression]] with a format of "
        + ", ".join(FORMATS)
        + "; each has pixel types of its own"
    )

    def parse(self, text: str) -> Output:
        """Read the text, or raise `Mismatch`, or `NotSupported` for a format of the reference that we lack."""
        words = [word.strip().casefold() for word in text.split(",")]
        name = SPELLINGS.get(words[0], words[0])
        if name in UNSUPPORTED:
            raise NotSupported(words[0], UNSUPPORTED[name])
        if name not in FORMATS or any(words[3:]):
            raise Mismatch(self.expected)
        pixel_type, compression = (*words[1:], "", "")[:2]
        form = FORMATS[name]
        for one in form.pixel_types:
            for other in (*form.compressions, ""):
                if pixel_type in {one, ""} and compression == other:
                    return Output(name, one if pixel_type else "", other)  # type: ignore[arg-type]
        allowed = f"{name},[{'|'.join(form.pixel_types)}],[{'|'.join(form.compressions)}]".removesuffix(",[]")
        raise Mismatch(allowed)
