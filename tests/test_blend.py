"""Blend modes beyond single pixels: dissolve takes about as many pixels as its opacity says."""

from __future__ import annotations

import pytest
from serving import Client

CANVAS = "Co?layer=0&size=100,100&color=ff0000&layer=1&size=100,100&color=0000ff&blendMode=dissolve&fmt=png"


@pytest.mark.parametrize(("opacity", "least", "most"), [(25, 22, 28), (50, 47, 53), (75, 72, 78), (90, 88, 92)])
def test_dissolve(server: Client, opacity: int, least: int, most: int) -> None:
    image = server.ask(f"/is/image/{CANVAS}&opac={opacity}").image.convert("RGB")
    counts = {color: count for count, color in image.getcolors() or []}
    assert set(counts) == {(255, 0, 0), (0, 0, 255)}
    assert least <= counts[0, 0, 255] / 100 <= most


@pytest.mark.parametrize("mode", ["norm", "lighten", "darken", "mult", "screen", "overlay", "hardmix", "divide"])
def test_clear_layer_changes_nothing(server: Client, mode: str) -> None:
    plain = server.ask("/is/image/Co/alpha?fmt=png-alpha").image
    blended = server.ask(
        f"/is/image/Co/alpha?layer=1&size=200,200&color=255,255,255,0&blendMode={mode}&fmt=png-alpha"
    ).image
    for place in [(80, 80), (120, 80), (80, 120), (120, 120)]:
        assert blended.getpixel(place) == plain.getpixel(place)
    assert blended.getchannel("A").tobytes() == plain.getchannel("A").tobytes()
