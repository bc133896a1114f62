"""The headers in which a client tells of itself → `Hints`. References: RFC 9110 12.5.1; Client Hints, RFC 8942."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from imageserver.commands.formats import Codec
from imageserver.plan.hints import Hints, Network

BETTER: Mapping[str, Codec] = {"image/avif": "avif", "image/webp": "webp"}
SLOW: Mapping[str, Network] = {"slow-2g": "poor", "2g": "poor", "3g": "fair"}
POOR, FAIR = 0.5, 1.5
"""Megabits a second below which a network is poor, and fair; those that browsers draw for 2g and 3g."""
STEP = 0.25
"""Device pixel ratios are rounded up to steps, as browsers tell every zoom."""
LARGEST_RATIO = 8.0


def read_hints(headers: Mapping[str, str]) -> Hints:
    """Say what the headers mean; what they do not say, or say badly, is as if nothing were known."""
    return Hints(
        formats=tuple(dict.fromkeys(accepted(headers.get("Accept", "")))),
        pixel_ratio=pixel_ratio(headers.get("Sec-CH-DPR") or headers.get("DPR", "")),
        network=network(headers),
    )


def accepted(text: str) -> Iterator[Codec]:
    """Yield the formats that are named; `image/*` is what all send, so it says nothing of them."""
    weights = {}
    for part in text.split(","):
        name, *parameters = (word.strip().casefold() for word in part.split(";"))
        quality = next((word.removeprefix("q=") for word in parameters if word.startswith("q=")), "1")
        weights[name] = number(quality)
    yield from (codec for name, codec in BETTER.items() if weights.get(name))


def pixel_ratio(text: str) -> float:
    """Read a device pixel ratio, in steps."""
    ratio = number(text)
    return math.ceil(min(ratio, LARGEST_RATIO) / STEP) * STEP if ratio else 1.0


def network(headers: Mapping[str, str]) -> Network:
    """Judge the network by the worst that is said of it."""
    if headers.get("Save-Data", "").strip().casefold() == "on":
        return "poor"
    speed = number(headers.get("Downlink", ""))
    measured: Network = "poor" if 0 < speed < POOR else "fair" if 0 < speed < FAIR else "good"
    told = SLOW.get(headers.get("ECT", "").strip().strip('"').casefold(), "good")
    return max(measured, told, key=["good", "fair", "poor"].index)


def number(text: str) -> float:
    """Read a number that is not negative; 0 for anything else."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value < math.inf else 0.0
