"""By how much a source is reduced while it is read, and when a level is read in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from imageserver.commands.delivery import ResMode
from imageserver.layout.facts import Facts, Pyramid
from imageserver.layout.layout import Box, LaidSource, Level
from imageserver.layout.levels import LEFT_BY_DECODER, LEFT_TO_DO, reduced, reduction_of, whole_reduction
from imageserver.protocol.values import Rect, Size

BIG = Size(6000, 4000)
PATH, PYRAMID = Path("a.jpg"), Path("hash.pyramid")


@pytest.mark.parametrize(
    ("size", "width", "by_decoder", "otherwise"),
    [
        (BIG, 6000, 1, 1),
        (BIG, 2001, 1, 1),
        (BIG, 2000, 2, 1),  # at least 1.5 times as large as needed
        (BIG, 750, 4, 2),  # 4 times where the decoder does not reduce
        (BIG, 500, 8, 2),
        (BIG, 60, 32, 16),  # half a pixel of 64 would be off by too much of a pixel
        (BIG, 1, 2048, 1024),  # a pixel each way, at least
        (Size(4001, 2667), 2001, 1, 1),
        (Size(4001, 2667), 400, 2, 2),  # as would three quarters of one of 4
        (Size(7, 5), 1, 2, 1),
    ],
)
def test_reduction(size: Size, width: int, by_decoder: int, otherwise: int) -> None:
    scale = width / size.width
    assert reduction_of(size, scale, LEFT_BY_DECODER) == by_decoder
    assert reduction_of(size, scale, LEFT_TO_DO) == otherwise


WHOLE = Rect(0, 0, 6000, 4000)


@pytest.mark.parametrize(
    ("rect", "target", "reduction"),
    [
        (WHOLE, Box(0, 0, 3000, 2000), 2),
        (WHOLE, Box(-5, 7, 745, 507), 8),
        (Rect(8, 16, 800, 400), Box(0, 0, 200, 100), 4),
        (Rect(9, 16, 800, 400), Box(0, 0, 200, 100), 1),  # within a pixel of the level
        (Rect(0, 0, 6001, 4000), Box(0, 0, 3000.5, 2000), 1),
        (WHOLE, Box(0.5, 0, 3000.5, 2000), 1),
        (WHOLE, Box(0, 0, 3000, 2001), 1),
        (WHOLE, Box(0, 0, 6000, 4000), 1),
        (WHOLE, Box(0, 0, 375, 250), 1),  # more than the decoder reduces
        (WHOLE, Box(0, 0, 0, 0), 1),
    ],
)
def test_pixels_of_the_decoder_are_those_of_the_reply(rect: Rect, target: Box, reduction: int) -> None:
    assert whole_reduction(rect, target) == reduction


def source(
    width: int,
    facts: Facts,
    share: float = 1.0,
    mode: ResMode = "sharp2",
    *,
    hidden_matters: bool = False,
    oriented: bool = True,
) -> Level | None:
    laid = LaidSource(PATH, "hash", BIG, oriented, turned=False, premultiplied=False, rect=WHOLE)
    target = Box(0, 0, width, width * 2 / 3)
    return reduced(laid, target, facts, share, mode, hidden_matters=hidden_matters).level


def facts(alpha: str = "none", orientation: int = 1, *, upright: bool = False) -> Facts:
    pyramids = (Pyramid(PYRAMID, "digest", upright),)
    kind = "JPEG" if alpha == "none" else "PNG"
    return Facts(BIG, "hash", orientation, kind, alpha=alpha, pyramids=pyramids)  # type: ignore[arg-type]


def test_level_that_is_read() -> None:
    assert source(500, facts()) == Level(PYRAMID, "digest", 3)
    assert source(1600, facts()) == Level(PYRAMID, "digest", 1)
    assert source(1500, facts()) == Level(PYRAMID, "digest", 2)  # which has just the pixels that are wanted
    assert source(1500, facts(), mode="bisharp") == Level(PYRAMID, "digest", 1)
    assert source(1500, facts("unassociated"), share=0.1) == Level(
        PYRAMID, "digest", 0
    )  # the decoder does not reduce it
    assert source(500, Facts(BIG, "hash")) is None
    assert source(6000, facts()) is None  # too much to hold in memory
    assert source(6000, facts(), share=0.01) == Level(PYRAMID, "digest", 0)


def test_hidden_colors_are_in_the_level_of_full_size_only() -> None:
    assert source(500, facts("unassociated")) == Level(PYRAMID, "digest", 1)
    assert source(500, facts("unassociated"), hidden_matters=True) is None
    assert source(6000, facts("unassociated"), 0.01, hidden_matters=True) == Level(PYRAMID, "digest", 0)


@pytest.mark.parametrize(
    ("orientation", "oriented", "upright", "found"),
    [
        (1, True, False, True),
        (6, True, False, False),
        (6, True, True, True),
        (6, False, False, True),
        (6, False, True, False),
    ],
)
def test_pyramid_is_upright_as_the_source_is_shown(
    orientation: int, oriented: bool, upright: bool, found: bool
) -> None:
    level = source(500, facts(orientation=orientation, upright=upright), oriented=oriented)
    assert (level is not None) is found
