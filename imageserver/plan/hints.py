"""Smart imaging: what a client says of itself, and what becomes of it. References: r-bfc, r-dpr, r-network.

The server reads the headers; a plan takes what they mean as a value, and says on which of them it depends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from imageserver.catalog.attributes import Attributes
from imageserver.commands.delivery import Delivery, Quality
from imageserver.commands.formats import Codec, Output
from imageserver.commands.view import DevicePixelRatio, View

Network = Literal["good", "fair", "poor"]
CONVERTED: frozenset[Codec] = frozenset({"jpeg", "png"})
"""What browser format conversion applies to."""
ACCEPT = ("Accept",)
DENSITY = ("Sec-CH-DPR", "DPR")
NETWORK = ("Save-Data", "ECT", "Downlink")
QUALITY: dict[Network, float] = {"good": 1.0, "fair": 0.8, "poor": 0.6}
"""The share of the quality that is left; the reference says only that it is adjusted."""


@dataclass(frozen=True, slots=True)
class Hints:
    """The better formats that a client shows, its device pixel ratio, and how good its network is."""

    formats: tuple[Codec, ...] = ()
    pixel_ratio: float = 1.0
    network: Network = "good"


NO_HINTS = Hints()


def hinted_view(view: View, delivery: Delivery, hints: Hints) -> View:
    """Fill in the device pixel ratio; a poor network switches it off, whoever asked for it."""
    if delivery.network and hints.network == "poor":
        return replace(view, dpr=DevicePixelRatio())
    return replace(view, dpr=DevicePixelRatio(hints.pixel_ratio)) if view.dpr.detected else view


def hinted_quality(quality: Quality, delivery: Delivery, hints: Hints) -> Quality:
    """Lower the quality as far as the network asks for."""
    share = QUALITY[hints.network] if delivery.network else 1.0
    return quality if share == 1 else replace(quality, quality=max(1, round(quality.quality * share)))


def offered(output: Output, delivery: Delivery, attributes: Attributes, hints: Hints) -> tuple[Codec, ...]:
    """Give the formats that may take the place of the one that was asked for."""
    return hints.formats if converts(output, delivery, attributes) else ()


def converts(output: Output, delivery: Delivery, attributes: Attributes) -> bool:
    """Tell whether the format may become another one: JPEG and PNG in colour, and no JPEG of a certain size."""
    asked = attributes.bfc if delivery.bfc is None else delivery.bfc
    bounded = bool(delivery.jpeg_size) and output.format.codec == "jpeg"
    return asked and not bounded and output.format.codec in CONVERTED and output.pixel_type == "rgb"


def headers_used(view: View, output: Output, delivery: Delivery, attributes: Attributes) -> tuple[str, ...]:
    """Name the headers that the reply depends on, whatever they say this time."""
    accept = ACCEPT if converts(output, delivery, attributes) else ()
    return (*accept, *(DENSITY if view.dpr.detected else ()), *(NETWORK if delivery.network else ()))
