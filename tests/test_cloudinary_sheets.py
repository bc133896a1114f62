"""What sprites and animations of several pictures are made of, as text: directions, places and style sheets."""

from __future__ import annotations

import pytest

from imageserver.dialects.cloudinary.language.facts import BadTransformation
from imageserver.dialects.cloudinary.language.made import Directions, places, read_directions, style_sheet
from imageserver.protocol.values import Rect, Size


@pytest.mark.parametrize(
    ("parts", "directions"),
    [
        (["w_10"], Directions(("w_10",))),
        (["dl_70,w_10", "e_loop", "e_sepia"], Directions(("w_10", "e_sepia"), 70, 0)),
        (["e_loop:0/"], None),
        (["e_loop:0", "fl_awebp.animated,q_5", "fl_awebp.progressive"], Directions(("q_5", "fl_progressive"), 100, 1)),
        (["p_x_y", "fl_attachment:a.awebp"], Directions(("fl_attachment:a.awebp",), prefix="x_y")),
        (["dl_600001"], None),
        (["dl_\N{SUPERSCRIPT TWO}"], None),
        (["e_loop:65535"], None),
    ],
)
def test_what_a_transformation_says_of_all_pictures(parts: list[str], directions: Directions | None) -> None:
    if directions is None:
        with pytest.raises(BadTransformation, match=r"Invalid (delay|effect loop) in transformation"):
            read_directions(parts)
    else:
        assert read_directions(parts) == directions


def test_a_sheet_without_bounds_has_columns_that_every_format_holds() -> None:
    found = places([Size(10, 9000), Size(30, 7000), Size(20, 5)], Size(0, 0))
    assert found == [Rect(0, 0, 10, 9000), Rect(12, 0, 30, 7000), Rect(12, 7002, 20, 5)]


def test_names_of_classes_are_safe_and_distinct() -> None:
    names = ["a b", "a_b", "9", "-1", "x}*{y", "\N{LATIN SMALL LETTER U WITH DIAERESIS}", "--"]
    text = style_sheet({name: Rect(0, 0, 1, 1) for name in names}, "/x.png", "")
    assert text.partition(" {")[0] == ".a_b, .a_b_2, ._9, ._-1, .x_y, .\N{LATIN SMALL LETTER U WITH DIAERESIS}, ._--"
