"""The properties of a catalog. Reference: r-catalogprops."""

from __future__ import annotations

from imageserver.catalog.catalogs import Catalog
from imageserver.plan.dates import java_date
from imageserver.protocol.color import Color
from imageserver.protocol.values import Size

THUMB_TYPES = {"crop": "1", "fit": "2", "texture": "3"}
RES_MODES = {"bilin": "2", "bicub": "3", "sharp2": "4", "bisharp": "bisharp"}


def catalog_properties(catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """Give names and values in the order of the reference's table."""
    attributes = catalog.attributes
    quality = attributes.jpeg_quality
    return (
        ("catalog.bkgColor", hexadecimal(attributes.bkg_color)),
        ("catalog.defaultExt", attributes.default_ext),
        ("catalog.defaultPix", pair(attributes.default_pix)),
        ("catalog.defaultThumbPix", pair(attributes.default_thumb_pix)),
        ("catalog.expiration", f"{attributes.expiration:g}"),
        ("catalog.defaultExpiration", f"{attributes.default_expiration:g}"),
        ("catalog.nonImgExpiration", f"{attributes.non_img_expiration:g}"),
        ("catalog.fileTime", java_date(attributes.time_stamp or catalog.modified)),
        ("catalog.jpegQuality", f"{quality.quality},{int(quality.full_chroma)}"),
        ("catalog.maxPix", pair(attributes.max_pix)),
        ("catalog.printResolution", str(attributes.print_resolution)),
        ("catalog.publishInfo", attributes.publish_info),
        ("catalog.resMode", RES_MODES[attributes.res_mode]),
        ("catalog.resolution", f"{attributes.resolution:g}"),
        ("catalog.thumbBkgColor", hexadecimal(attributes.thumb_bkg_color)),
        ("catalog.thumbHorizAlign", str(attributes.thumb_horiz_align + 2)),
        ("catalog.thumbRes", f"{attributes.thumb_res or 0:g}"),
        ("catalog.thumbType", THUMB_TYPES[attributes.thumb_type]),
        ("catalog.thumbVertAlign", str(attributes.thumb_vert_align + 2)),
        ("catalog.watermark", attributes.watermark),
    )


def hexadecimal(color: Color) -> str:
    """Write a colour as 0xRRGGBBAA, as the deployed service does."""
    red, green, blue = color.rgb
    return f"0x{red:02x}{green:02x}{blue:02x}{color.alpha:02x}"


def pair(size: Size) -> str:
    """Write a size as the protocol does."""
    return f"{size.width},{size.height}"
