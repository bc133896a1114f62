"""The reference's names of attributes and columns, and our fields that they stand for.

References: c-attributes-reference, c-image-svg-data-reference, c-font-map-reference, c-icc-profile-map-reference,
c-macro-definition-reference. What is ours alone has names of the same kind, which the reference's server passes by:
attributes that it does not know, and columns that begin with a dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.extras import Font, Rule
from imageserver.catalog.fields import CatalogField, declared
from imageserver.catalog.records import ContentRecord, Record

ATTRIBUTES = dict(declared(Attributes))
RULE = dict(declared(Rule))
RULE_SET_FILE = "RuleSetFile"
EMPTY_COUNTS = frozenset(
    {
        "allow_direct_access",
        "default_ext",
        "default_image",
        "error_image",
        "root_path",
        "root_url",
        "save_path",
        "static_content_root_path",
        "trusted_domains",
        "versioned_expiration",
        "watermark",
    }
)
"""Attributes that are not inherited when they are defined but empty."""
OURS = frozenset(
    {"animation", "apply_orientation", "default_fit", "missing_image_status", "request_signing", "versioned_expiration"}
)
"""Attributes that the reference does not have."""
OUR_COLUMNS = frozenset({"access", "crops", "disposition", "icc_profile", "tags"})
"""Fields of records that the reference does not have."""
CONTENT_ONLY = frozenset({"audiobitrate", "totalstreambitrate", "videobitrate", "videosize"})
"""What the reference lists among the attributes, though it belongs to records of static content."""
RULE_ATTRIBUTES = {
    "DefaultImageMode": "default_image_mode",
    "ErrorImage": "error_image",
    "Expiration": "expiration",
    "MaxPix": "max_pix",
    "RequestLock": "request_lock",
    "RequestObfuscation": "request_obfuscation",
    "RootUrl": "root_url",
    "SavePath": "save_path",
    "WaterMark": "watermark",
}
"""The attributes that a rule may override. Reference: r-rule-rule."""


def reference_name(field: str) -> str:
    """Give the reference's name of a field."""
    return "".join(part.capitalize() for part in field.split("_"))


ATTRIBUTE_NAMES = {reference_name(field).casefold(): field for field in ATTRIBUTES}


@dataclass(frozen=True)
class Kind:
    """A kind of data file: the attribute that names it, our section, and its columns; the first ones are required."""

    attribute: str
    section: str
    columns: Mapping[str, str]
    fields: Mapping[str, CatalogField]
    needed: int = 1
    many: bool = False

    @cached_property
    def known(self) -> dict[str, str]:
        """The names of the columns by their folded names."""
        return {name.casefold(): name for name in self.columns}

    @cached_property
    def required(self) -> list[str]:
        """The folded names of the columns without which there is no row."""
        return list(self.known)[: self.needed]


def record_columns(fields: Mapping[str, CatalogField]) -> dict[str, str]:
    """Give the columns of records, with the fields that they stand for; the id is none."""
    dot = {field: "." if field in OUR_COLUMNS else "" for field in fields}
    return {"Id": "", **{dot[field] + reference_name(field): field for field in fields}}


RECORD = dict(declared(Record))
CONTENT = dict(declared(ContentRecord))
IMAGES = Kind("CatalogFile", "images", record_columns(RECORD), RECORD, many=True)
SVG = Kind("SvgCatalogFile", "svg", record_columns(CONTENT), CONTENT, many=True)
STATIC = Kind("StaticContentCatalogFile", "content", record_columns(CONTENT), CONTENT, many=True)
MACROS = Kind("MacroFile", "macros", {"Name": "", "Definition": ""}, {}, needed=2)
FONTS = Kind(
    "FontMapFile",
    "fonts",
    {"Name": "name", "FontPath": "path", "Bold": "bold", "Italic": "italic"},
    dict(declared(Font)),
    needed=2,
)
PROFILES = Kind("IccProfileMapFile", "icc_profiles", {"Name": "", "ProfilePath": ""}, {}, needed=2)
RECORD_KINDS = (IMAGES, STATIC, SVG)
KINDS = (*RECORD_KINDS, MACROS, FONTS, PROFILES)
FILES = {kind.attribute.casefold(): kind for kind in KINDS}
