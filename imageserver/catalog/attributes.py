"""The attributes of a catalog, with the values that hold below the default catalog.

Reference: c-catalog-attributes and its pages. Names are the reference's in snake_case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageserver.catalog.addresses import AddressList
from imageserver.catalog.fields import Hours, Scalar, TimeStamp, catalog_field
from imageserver.commands.delivery import Quality, ResMode
from imageserver.commands.icc import INTENT, Intent
from imageserver.commands.view import FIT, Fit
from imageserver.protocol.color import COLOR, WHITE, Color
from imageserver.protocol.grammar import FLAG, Integer, Keyword, Product, Real, Text
from imageserver.protocol.values import Size

ThumbType = Literal["crop", "fit", "texture"]
ANY_TEXT = Scalar(Text(empty=True), null="")
FLAG_FIELD = Scalar(FLAG)
PIX = Scalar(Product(Size, (Integer(low=0), Integer(low=0))))
HOURS = Scalar(Hours())
POSITIVE = Scalar(Real(above=0))
COLOR_FIELD = Scalar(COLOR)
THUMB_TYPE: Keyword[ThumbType] = Keyword(
    {"crop": "crop", "fit": "fit", "texture": "texture"}, {"1": "crop", "2": "fit", "3": "texture"}
)
RES_MODE: Keyword[ResMode] = Keyword(
    {"bilin": "bilin", "bicub": "bicub", "sharp2": "sharp2", "bisharp": "bisharp"},
    {"sharp": "sharp2", "trilin": "bilin", "1": "sharp2", "2": "bilin", "3": "bicub", "4": "sharp2"},
)
HORIZONTAL = Scalar(Keyword({"left": -1, "center": 0, "right": 1}, {"1": -1, "2": 0, "3": 1}))
VERTICAL = Scalar(Keyword({"top": -1, "center": 0, "bottom": 1}, {"1": -1, "2": 0, "3": 1}))
LOCK = Scalar(Integer(0, 1))
UNSUPPORTED = ("digimarc_id", "digimarc_info", "trusted_domains")
"""Attributes that are read, kept and told of as ignored."""
ADDRESSES = Scalar(AddressList(), null="")


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of a catalog, complete: what it lacks comes from the default catalog, and else from here."""

    root_id: str = catalog_field(ANY_TEXT, default="", doc="The name of the catalog in URLs.")
    root_path: str = catalog_field(ANY_TEXT, default="", doc="Folder of the source files, relative to the catalog's.")
    static_content_root_path: str = catalog_field(ANY_TEXT, default="", doc="Folder of static content.")
    save_path: str = catalog_field(ANY_TEXT, default="", doc="Folder of `req=saveToFile`.")
    root_url: str = catalog_field(ANY_TEXT, default="", doc="What relative foreign images are relative to.")
    full_match: bool = catalog_field(FLAG_FIELD, default=False, doc="A name that is no record ignores the catalog.")
    publish_info: str = catalog_field(ANY_TEXT, default="", doc="A note, shown by `req=catalogprops`.")
    allow_direct_access: str = catalog_field(
        ANY_TEXT, default="exclude:", doc="Kinds of file that may be asked for without a record."
    )
    allow_direct_urls: bool = catalog_field(FLAG_FIELD, default=False, doc="Whether foreign URLs may be absolute.")
    cache_validation_policy: int = catalog_field(
        Scalar(Integer(0, 1)), default=0, doc="Read; freshness is always known."
    )
    use_last_modified: bool = catalog_field(FLAG_FIELD, default=False, doc="Sends `Last-Modified`.")
    time_stamp: float | None = catalog_field(
        Scalar(TimeStamp(), null=None), doc="`Last-Modified` of records without one."
    )
    synthesize_font_styles: bool = catalog_field(FLAG_FIELD, default=True, doc="Makes bold and italic faces.")

    default_ext: str = catalog_field(ANY_TEXT, default="", doc="Suffix of file names that have none.")
    default_font: str = catalog_field(ANY_TEXT, default="", doc="The font of text that names none.")
    default_image: str = catalog_field(ANY_TEXT, default="", doc="Shown instead of a missing image.")
    default_image_mode: int = catalog_field(
        Scalar(Integer(0, 1)), default=0, doc="0: the default image replaces all; 1: the missing layer only."
    )
    default_fit: Fit = catalog_field(Scalar(FIT), default=Fit("fit"), doc="What `fit=` is when it is not given.")
    default_pix: Size = catalog_field(PIX, default=Size(400, 400), doc="The most that a reply without a size has.")
    default_thumb_pix: Size = catalog_field(PIX, default=Size(100, 100), doc="The size of thumbnails.")
    max_pix: Size = catalog_field(PIX, default=Size(2000, 2000), doc="The most that a reply may have; 0,0 is no limit.")
    bkg_color: Color = catalog_field(COLOR_FIELD, default=WHITE, doc="What `bgc=` is when it is not given.")
    jpeg_quality: Quality = catalog_field(
        Scalar(Product(Quality, (Integer(1, 100), FLAG))),
        default=Quality(85),
        doc="What `qlt=` is when it is not given.",
    )
    res_mode: ResMode = catalog_field(
        Scalar(RES_MODE), default="sharp2", doc="The kernel when `resMode=` is not given."
    )
    apply_orientation: bool = catalog_field(FLAG_FIELD, default=True, doc="Turns sources as their EXIF says.")
    animation: bool = catalog_field(
        FLAG_FIELD, default=True, doc="Animated sources stay animated as GIF and WebP; 0 sends their first frame."
    )
    default_locale: str = catalog_field(ANY_TEXT, default="", doc="What `locale=` is when it is not given.")
    locale_map: str = catalog_field(ANY_TEXT, default="", doc="Ids of records by locale.")
    locale_str_map: str = catalog_field(ANY_TEXT, default="", doc="Texts by locale.")

    expiration: float = catalog_field(HOURS, default=10.0, doc="Hours that images may be kept.")
    default_expiration: float = catalog_field(HOURS, default=1.0, doc="Hours that a default image may be kept.")
    non_img_expiration: float = catalog_field(HOURS, default=0.1, doc="Hours that properties may be kept.")
    versioned_expiration: float | None = catalog_field(
        Scalar(Hours(), null=None), default=-1.0, doc="Hours for a request whose `id=` is current; null ignores `id=`."
    )
    resolution: float = catalog_field(POSITIVE, default=72.0, doc="catalog::Resolution of records without one.")
    print_resolution: int = catalog_field(
        Scalar(Integer(low=1)), default=72, doc="catalog::PrintResolution of records without one."
    )
    thumb_res: float | None = catalog_field(
        Scalar(Real(above=0), null=None), doc="catalog::ThumbRes of records without."
    )
    thumb_type: ThumbType = catalog_field(
        Scalar(THUMB_TYPE), default="fit", doc="catalog::ThumbType of records without."
    )
    thumb_bkg_color: Color = catalog_field(COLOR_FIELD, default=WHITE, doc="Fills thumbnails.")
    thumb_horiz_align: int = catalog_field(HORIZONTAL, default=0, doc="left, center or right.")
    thumb_vert_align: int = catalog_field(VERTICAL, default=0, doc="top, center or bottom.")

    error_detail: int = catalog_field(Scalar(Integer(0, 3)), default=1, doc="How much errors say, 0 to 3.")
    error_image: str = catalog_field(ANY_TEXT, default="", doc="Shown instead of an error.")
    missing_image_status: int = catalog_field(
        Scalar(Keyword({"403": 403, "404": 404})), default=403, doc="The HTTP status of a missing image."
    )
    watermark: str = catalog_field(ANY_TEXT, default="", doc="The record laid over every image.")
    apply_effect_mask: bool = catalog_field(FLAG_FIELD, default=True, doc="Cuts effects out under their layer.")
    bfc: bool = catalog_field(FLAG_FIELD, default=False, doc="What `bfc=` is when it is not given.")
    digimarc_id: str = catalog_field(ANY_TEXT, default="", doc="Read; Digimarc is not supported.")
    digimarc_info: str = catalog_field(ANY_TEXT, default="", doc="Read; Digimarc is not supported.")

    icc_profile_rgb: str = catalog_field(ANY_TEXT, default="", doc="Colour space of RGB replies.")
    icc_profile_gray: str = catalog_field(ANY_TEXT, default="", doc="Colour space of gray replies.")
    icc_profile_cmyk: str = catalog_field(ANY_TEXT, default="", doc="Colour space of CMYK replies.")
    icc_profile_src_rgb: str = catalog_field(ANY_TEXT, default="", doc="Colour space of RGB sources without a profile.")
    icc_profile_src_gray: str = catalog_field(ANY_TEXT, default="", doc="The same of gray sources.")
    icc_profile_src_cmyk: str = catalog_field(ANY_TEXT, default="", doc="The same of CMYK sources.")
    icc_render_intent: Intent = catalog_field(Scalar(INTENT), default="relative", doc="Rendering intent.")
    icc_black_point_compensation: bool = catalog_field(FLAG_FIELD, default=False, doc="Black point compensation.")
    icc_dither: bool = catalog_field(FLAG_FIELD, default=False, doc="Read; conversions are not dithered.")

    client_address_filter: str = catalog_field(
        ADDRESSES, default="", doc="The addresses and networks that are served; empty is everybody."
    )
    request_lock: int = catalog_field(LOCK, default=0, doc="1: requests end in a checksum of four digits.")
    request_obfuscation: int = catalog_field(LOCK, default=0, doc="1: requests are in base64.")
    request_signing: bool = catalog_field(
        FLAG_FIELD, default=False, doc="Serves only requests that are signed with one of `signing.keys`."
    )
    trusted_domains: str = catalog_field(ANY_TEXT, default="", doc="Read; SWF is not supported.")
    http_apple_streaming_context: str = catalog_field(ANY_TEXT, default="", doc="Prefix of m3u8 URLs.")
    http_flash_streaming_context: str = catalog_field(ANY_TEXT, default="", doc="Prefix of f4m URLs.")
