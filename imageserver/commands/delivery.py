"""Request commands: what kind of reply is wanted and in which form it is delivered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from imageserver.commands.declare import EXTENSION, Trait, command
from imageserver.commands.formats import Output, OutputGrammar
from imageserver.commands.icc import ICC, OutputProfile
from imageserver.commands.objects import NAME
from imageserver.commands.reply import RequestType, RequestTypeGrammar
from imageserver.errors import Mismatch
from imageserver.protocol.grammar import FLAG, Integer, Keyword, Product, Real, Text, split_list

ResMode = Literal["bilin", "bicub", "sharp2", "bisharp"]
Palette = Literal["adaptive", "web", "mac"]
PALETTE: Keyword[Palette] = Keyword({"adaptive": "adaptive", "web": "web", "mac": "mac"})
RES_MODE: Keyword[ResMode] = Keyword(
    {"bilin": "bilin", "bicub": "bicub", "sharp2": "sharp2", "bisharp": "bisharp"},
    {"sharp": "sharp2", "trilin": "bilin"},
)
SWITCH = Keyword({"off": False, "on": True}, {"0": False, "1": True})
HEX6 = re.compile(r"[0-9A-Fa-f]{6}")
MOST_COLORS = 256
LONGEST_DELAY = 600_000
MOST_PLAYS = 65_535


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality 1-100, and whether chroma is kept at full resolution."""

    quality: int
    full_chroma: bool = False


@dataclass(frozen=True, slots=True)
class Quantize:
    """How colours are reduced for GIF and PNG8; `forced` are colours that the palette must hold."""

    palette: Palette = "adaptive"
    dither: bool = True
    colors: int = MOST_COLORS
    forced: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class QuantizeGrammar:
    """Reads `adaptive|web|mac[,diffuse|off[,numColors[,colorList]]]`."""

    expected: str = "adaptive|web|mac[,diffuse|off[,numColors[,rrggbb…]]] with 2 to 256 colours"

    def parse(self, text: str) -> Quantize:
        """Read the text, or raise `Mismatch`."""
        kind, dither, colors, *forced = (*split_list(text), "", "", "")[: max(3, len(split_list(text)))]
        try:
            palette = PALETTE.parse(kind)
            diffuse = Keyword({"diffuse": True, "off": False}).parse(dither or "diffuse")
            count = Integer(2, MOST_COLORS).parse(colors or str(MOST_COLORS))
        except Mismatch as error:
            raise Mismatch(self.expected) from error
        if len(forced) > count or not all(HEX6.fullmatch(color) for color in forced):
            raise Mismatch(self.expected)
        return Quantize(palette, diffuse, count, tuple((c[0], c[1], c[2]) for c in map(bytes.fromhex, forced)))


@dataclass(frozen=True, slots=True)
class CacheControl:
    """Whether the client may keep the reply, and what the server's own cache does."""

    client: bool = True
    server: Literal["on", "off", "validate", "update"] = "on"


@dataclass(frozen=True, slots=True)
class Turns:
    """Milliseconds that each of the layers is shown for that have their turn, and how often all are (0: for ever)."""

    delay: int
    plays: int = 0


ATTACHMENT: Keyword[Literal["attachment"]] = Keyword({"attachment": "attachment"})
CACHE: Keyword[CacheControl] = Keyword(
    {
        "on": CacheControl(),
        "off": CacheControl(client=False, server="off"),
        "validate": CacheControl(server="validate"),
        "update": CacheControl(server="update"),
        "on,off": CacheControl(server="off"),
        "off,on": CacheControl(client=False),
        "on,on": CacheControl(),
        "off,off": CacheControl(client=False, server="off"),
    }
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The commands that concern the whole reply; they apply wherever in the request they stand."""

    req: RequestType = command(
        {"req": RequestTypeGrammar()},
        traits=Trait.CONTROL | Trait.OUTERMOST | Trait.FOR_DEFAULT_IMAGE | Trait.CARRIED_OUT,
        default=RequestType(),
        doc="The kind of reply: `req=type[,text|javascript|xml|json[,encoding]]`.",
        page="req/r-req",
    )
    fmt: Output | None = command(
        {"fmt": OutputGrammar()},
        traits=Trait.OUTERMOST | Trait.FOR_DEFAULT_IMAGE,
        doc="The image format, its pixel type and its compression.",
        page="is-http-fmt",
    )
    qlt: Quality | None = command(
        {"qlt": Product(Quality, (Integer(1, 100), FLAG))},
        traits=Trait.OUTERMOST | Trait.FOR_DEFAULT_IMAGE,
        doc="Quality 1-100 of lossy formats; a second value of 1 keeps full chroma in JPEG.",
        page="is-http-qlt",
    )
    res_mode: ResMode | None = command(
        {"resMode": RES_MODE}, doc="The resampling kernel of all scaling.", page="is-http-resmode"
    )
    print_res: float | None = command(
        {"printRes": Real(high=100000, above=0)},
        traits=Trait.OUTERMOST,
        doc="The print resolution written into the reply, in dpi.",
        page="printres",
    )
    quantize: Quantize = command(
        {"quantize": QuantizeGrammar()},
        traits=Trait.OUTERMOST,
        default=Quantize(),
        doc="Palette, dithering, number of colours and forced colours of GIF and PNG8.",
        page="is-http-quantize",
    )
    cache: CacheControl = command(
        {"cache": CACHE},
        traits=Trait.CONTROL | Trait.FOR_DEFAULT_IMAGE,
        default=CacheControl(),
        doc="Switches caching by clients and by the server.",
        page="is-http-cache",
    )
    default_image: str | None = command(
        {"defaultImage": Text(empty=True)},
        traits=Trait.CONTROL,
        doc="Shown instead of an image that is missing; empty switches attribute::DefaultImage off, and sets leave out "
        "what is missing.",
        page="is-http-defaultimage",
    )
    id: str = command(
        {"id": Text(empty=True)},
        traits=Trait.CONTROL | Trait.FOR_DEFAULT_IMAGE,
        default="",
        doc="The version that the client has seen: it changes how long the reply may be kept, never the reply.",
        page="id",
    )
    handler: str = command(
        {"handler": Text(pattern=r"[A-Za-z0-9_.$]+", expected="a JSONP callback of letters, digits, '_', '$' and '.'")},
        traits=Trait.CONTROL,
        default="s7jsonResponse",
        doc="The JSONP callback of JSON replies.",
        page="req/r-req",
    )
    message: str = command(
        {"message": Text(empty=True)},
        traits=Trait.CONTROL,
        default="",
        doc="What `req=message` writes into the log.",
        page="req/r-message",
    )
    name: str = command(
        {"name": Text(empty=True)},
        default="",
        doc="The file that `req=saveToFile` writes, relative to attribute::SavePath.",
        page="req/r-savetofile",
    )
    timeout: str = command(
        {"timeout": Text(empty=True)},
        default="",
        doc="Milliseconds that `req=saveToFile` may take.",
        page="req/r-savetofile",
    )
    bfc: bool | None = command(
        {"bfc": SWITCH},
        traits=Trait.OUTERMOST | Trait.FOR_DEFAULT_IMAGE | Trait.HINTED,
        doc="Sends AVIF or WebP in place of JPEG and PNG to clients that accept them; overrides attribute::Bfc.",
        page="bfc",
    )
    network: bool = command(
        {"network": SWITCH},
        traits=Trait.OUTERMOST | Trait.FOR_DEFAULT_IMAGE | Trait.HINTED,
        default=False,
        doc="Lowers the quality where the client says that its network is slow or dear; then `dpr` is off, too.",
        page="network",
    )
    locale: str | None = command(
        {"locale": Text(empty=True)},
        traits=Trait.CONTROL | Trait.OUTERMOST,
        doc="The locale of ids and texts, as attribute::LocaleMap and attribute::LocaleStrMap translate them.",
        page="locale",
    )
    image_set: str = command(
        {"imageSet": Text(empty=True)},
        default="",
        doc="The set that `req=set` tells of, in braces; overrides catalog::ImageSet.",
        page="imageset",
    )
    label_key: str = command(
        {"labelkey": Text(empty=True)},
        traits=Trait.CONTROL,
        default="",
        doc="Names the user data that labels the images and swatches of a set.",
        page="req/r-set",
    )
    pscan: int = command(
        {"pscan": Keyword({"auto": 0, "3": 3, "4": 4, "5": 5})},
        traits=Trait.OUTERMOST,
        default=0,
        doc="In how many passes a progressive JPEG appears: 3, 4 or 5; `auto` leaves it to the library.",
        page="pscan",
    )
    jpeg_size: int = command(
        {"jpegSize": Integer(low=0)},
        traits=Trait.OUTERMOST,
        default=0,
        doc="The most kilobytes that a JPEG may have: quality goes down until it fits; 0 is no limit.",
        page="jpegsize",
    )
    icc: OutputProfile | None = command(
        {"icc": ICC},
        doc="The colour profile of the reply, rendering intent and black point compensation; dither changes nothing.",
        page="icc",
    )
    icc_embed: bool = command(
        {"iccEmbed": FLAG},
        traits=Trait.OUTERMOST,
        default=False,
        doc="Embeds the colour profile, in the formats that can hold one.",
        page="iccembed",
    )
    xmp_embed: bool = command(
        {"xmpEmbed": FLAG},
        traits=Trait.OUTERMOST,
        default=False,
        doc="Embeds the XMP packet of layer 0's file as it is, in all formats but GIF, JPEG 2000 and EPS.",
        page="xmpembed",
    )
    path_embed: bool = command(
        {"pathEmbed": FLAG},
        traits=Trait.OUTERMOST,
        default=False,
        doc="Embeds the closed Photoshop paths of layer 0's file in JPEG, TIFF and EPS, moved as its pixels are.",
        page="pathembed",
    )
    animate: Turns | None = command(
        {"animate": Product(Turns, (Integer(1, LONGEST_DELAY), Integer(0, MOST_PLAYS)))},
        traits=Trait.OUTERMOST,
        doc="Shows the layers above layer 0 in turn, each over layer 0 and for so many milliseconds; a second value "
        "says how often, 0 for ever. GIF and WebP move, PDF has pages, all else shows the first. An extension.",
        page=EXTENSION,
    )
    effect_mask: bool | None = command(
        {"effectMask": FLAG},
        doc="Whether effects are cut out where they lie under their layer; overrides attribute::ApplyEffectMask.",
        page="effectmask",
    )
    template: str = command(
        {"template": NAME},
        traits=Trait.CARRIED_OUT,
        default="",
        doc="Lays the request over a template of a catalog.",
        page="template",
    )
    type: str = command(
        {"type": Text(empty=True)},
        traits=Trait.STATIC,
        default="",
        doc="Filters static content by its type; ignored for images.",
        page="type",
    )
    cdh: Literal["attachment"] | None = command(
        {"cdh": ATTACHMENT},
        traits=Trait.STATIC,
        doc="Static content is saved, not shown; ignored for images.",
        page="serving-static-non-image-content",
    )
