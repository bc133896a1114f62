"""Where resampled pixels belong: on a ramp the value of a pixel is its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageserver.commands.delivery import ResMode
from imageserver.layout.layout import Box
from imageserver.protocol.values import Size
from imageserver.render.engine import Image as VipsImage
from imageserver.render.resample import resample

MODES: list[ResMode] = ["bilin", "bicub", "sharp2", "bisharp"]


def horizontal_ramp(width: int, step: float) -> VipsImage:
    """Brightness grows by `step` a pixel, and is 0 at the left edge; in floats, so nothing is lost."""
    return ((VipsImage.xyz(width, 8)[0] + 0.5) * step).cast("float")


def middle_row(image: VipsImage) -> list[float]:
    """Give the values of the middle row."""
    row = image.crop(0, image.height // 2, image.width, 1)
    return [float(value) for value in memoryview(row.cast("double").write_to_memory()).cast("d")]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), mode=st.sampled_from(MODES), vertical=st.booleans())
def test_pixels_are_where_they_belong(data: st.DataObject, mode: ResMode, *, vertical: bool) -> None:
    """On a ramp the value of a pixel is its place in the source."""
    width = data.draw(st.integers(60, 900))
    left = data.draw(st.floats(0, width / 2))
    right = left + data.draw(st.floats(5, width - left))
    assert abs(shift(width, (left, right), data.draw(st.integers(5, 700)), mode, vertical=vertical)) < 0.15


@pytest.mark.parametrize("count", [40, 41, 99, 100, 250, 333, 400, 450, 601, 1203])
@pytest.mark.parametrize("mode", MODES)
def test_whole_pixels_are_exactly_where_they_belong(count: int, mode: ResMode) -> None:
    """Ends at whole pixels, as of a whole picture: true to a hundredth of a pixel."""
    assert abs(shift(500, (0, 500), count, mode)) < 0.01


def shift(width: int, ends: tuple[float, float], count: int, mode: ResMode, *, vertical: bool = False) -> float:
    """Resample a part of a ramp, and say by how many pixels of the reply the result is off in the mean."""
    (left, right), ramp = ends, horizontal_ramp(width, 1.0)
    source, size, step = Box(left, 0, right, 8), Size(count, 8), (right - left) / count
    if vertical:
        ramp, source, size = ramp.rot90(), Box(0, left, 8, right), Size(8, count)
    result = resample(ramp, source, Box(0, 0, ramp.width, ramp.height), size, mode)
    assert (result.width, result.height) == (size.width, size.height)
    values = middle_row(result.rot270() if vertical else result)
    reach = max(1.0, step) * 4  # what the kernels see beyond the ends of the ramp is flat
    places = [left + (position + 0.5) * step for position in range(count)]
    errors = [value - place for value, place in zip(values, places, strict=True) if reach <= place <= width - reach]
    return sum(errors) / max(1, len(errors)) / max(1.0, step)
