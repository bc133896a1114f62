"""The records of a catalog. Reference: c-image-data-reference and c-static-content-data-reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageserver.catalog.attributes import ANY_TEXT, POSITIVE, THUMB_TYPE, ThumbType
from imageserver.catalog.fields import Crops, Hours, PropertyData, Scalar, Targets, TimeStamp, catalog_field
from imageserver.protocol.grammar import Integer, Keyword, Product, Text
from imageserver.protocol.image_set import ImageSetGrammar
from imageserver.protocol.values import Point, Rect, Size

SET_TYPES = ("mediaset", "spinset", "spinset2d", "videoset", "imageset", "ecatalog")
BIT_RATE = Scalar(Integer(low=0))
Access = Literal["private", "authenticated"]
ACCESS: Keyword[Access] = Keyword({"private": "private", "authenticated": "authenticated"})
Disposition = Literal["inline", "attachment"]
DISPOSITION: Keyword[Disposition] = Keyword({"inline": "inline", "attachment": "attachment"})


@dataclass(frozen=True, slots=True)
class Record:
    """An image record: a source file and what is known of it. A template has a modifier and no path."""

    path: str = catalog_field(ANY_TEXT, default="", doc="Source file, relative to attribute::RootPath.")
    mask_path: str = catalog_field(ANY_TEXT, default="", doc="Separate mask, of the same size.")
    modifier: str = catalog_field(
        ANY_TEXT, default="", pixels=True, doc="Commands in front of those of the request, which win."
    )
    post_modifier: str = catalog_field(
        ANY_TEXT, default="", pixels=True, doc="Commands behind those of the request, which lose."
    )
    expiration: float | None = catalog_field(
        Scalar(Hours(default_allowed=True), null=None), doc="Hours that the image may be kept."
    )
    anchor: Point | None = catalog_field(
        Scalar(Product(Point, (Integer(), Integer())), null=None),
        pixels=True,
        doc="The point it turns and is placed by.",
    )
    resolution: float | None = catalog_field(POSITIVE, pixels=True, doc="Object resolution, for `res=`.")
    print_resolution: int | None = catalog_field(Scalar(Integer(low=1)), pixels=True, doc="Print resolution in dpi.")
    size: Size | None = catalog_field(
        Scalar(Product(Size, (Integer(low=1), Integer(low=1)))),
        doc="Size of the source; the file itself is asked.",
    )
    thumb_res: float | None = catalog_field(POSITIVE, pixels=True, doc="Object resolution of thumbnails.")
    thumb_type: ThumbType | None = catalog_field(
        Scalar(THUMB_TYPE, null=None), pixels=True, doc="How thumbnails are made: crop, fit or texture."
    )
    time_stamp: float | None = catalog_field(Scalar(TimeStamp(), null=None), doc="When it last changed.")
    icc_profile: str = catalog_field(ANY_TEXT, default="", pixels=True, doc="Colour space of the source.")
    crops: tuple[tuple[str, Rect], ...] = catalog_field(
        Crops(), default=(), pixels=True, doc="Named crops, asked for as `id:name`."
    )
    map: str = catalog_field(ANY_TEXT, default="", metadata=True, doc="Image map: HTML AREA elements.")
    targets: str = catalog_field(Targets(), default="", metadata=True, doc="Zoom targets.")
    user_data: str = catalog_field(PropertyData(), default="", metadata=True, doc="Anything, for viewers.")
    image_set: str = catalog_field(
        Scalar(ImageSetGrammar(), null=""), default="", metadata=True, doc="The set that this record stands for."
    )
    asset_type: str = catalog_field(
        Scalar(Keyword({word: word for word in SET_TYPES}), null=""),
        default="",
        metadata=True,
        doc="The type of the set.",
    )
    tags: str = catalog_field(ANY_TEXT, default="", metadata=True, doc="Words to find it by.")
    access: Access | None = catalog_field(
        Scalar(ACCESS, null=None), doc="`private` or `authenticated`: only signed requests see it."
    )
    user_type: str = catalog_field(ANY_TEXT, default="", doc="Type of static content.")
    digimarc_info: str = catalog_field(ANY_TEXT, default="", doc="Read; Digimarc is not supported.")

    @property
    def crop_rects(self) -> dict[str, Rect]:
        """The named crops by their names."""
        return dict(self.crops)


@dataclass(frozen=True, slots=True)
class ContentRecord:
    """A record of static content or of an SVG file."""

    path: str = catalog_field(Scalar(Text()), default="", doc="The file.")
    expiration: float | None = catalog_field(
        Scalar(Hours(default_allowed=True), null=None), doc="Hours it may be kept."
    )
    time_stamp: float | None = catalog_field(Scalar(TimeStamp(), null=None), doc="When it last changed.")
    user_type: str = catalog_field(ANY_TEXT, default="", doc="What `type=` is compared with.")
    user_data: str = catalog_field(PropertyData(), default="", metadata=True, doc="Anything, for viewers.")
    tags: str = catalog_field(ANY_TEXT, default="", metadata=True, doc="Words to find it by.")
    access: Access | None = catalog_field(
        Scalar(ACCESS, null=None), doc="`private` or `authenticated`: only signed requests see it."
    )
    disposition: Disposition | None = catalog_field(
        Scalar(DISPOSITION, null=None),
        doc="Whether browsers show or save it; HTML, SVG and XML are saved where nothing is said.",
    )
    video_bit_rate: int | None = catalog_field(BIT_RATE, doc="Bits a second.")
    audio_bit_rate: int | None = catalog_field(BIT_RATE, doc="Bits a second.")
    total_stream_bit_rate: int | None = catalog_field(BIT_RATE, doc="Bits a second.")
    video_size: Size | None = catalog_field(Scalar(Product(Size, (Integer(low=1), Integer(low=1)))), doc="Pixels.")

    @property
    def bit_rate(self) -> int:
        """The bits a second of a video and its sound; 0 is unknown. Reference: r-mbrset."""
        return self.total_stream_bit_rate or (self.video_bit_rate or 0) + (self.audio_bit_rate or 0)
