"""`Range` headers: whatever they say, what is sent lies within the content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageserver.errors import UnsatisfiableRange
from imageserver.protocol.ranges import ByteRange, read_range

numbers = st.one_of(st.just(""), st.integers(0, 120).map(str), st.integers(0, 10**100).map(str))
headers = st.one_of(
    st.builds("bytes={}-{}".format, numbers, numbers),
    st.builds(" Bytes = {} - {} ".format, numbers, numbers),
    st.lists(st.builds("{}-{}".format, numbers, numbers), max_size=4).map(lambda parts: f"bytes={','.join(parts)}"),
    st.text(alphabet="bytes=-,0123456789 ٣x", max_size=20),
    st.text(max_size=20),
)


@given(headers, st.integers(0, 100))
def test_any_header(header: str, whole: int) -> None:
    try:
        part = read_range(header, whole)
    except UnsatisfiableRange:
        return
    if part is not None:
        assert 0 <= part.start < part.start + part.length <= whole


@given(st.binary(min_size=1, max_size=60), st.integers(0, 70), st.integers(0, 70))
def test_one_range(content: bytes, first: int, last: int) -> None:
    """What a range gives is the slice that Python gives."""
    if first >= len(content):
        with pytest.raises(UnsatisfiableRange):
            read_range(f"bytes={first}-", len(content))
        return
    part = read_range(f"bytes={first}-{last}", len(content))
    if last < first:
        assert part is None
    else:
        assert part is not None
        assert content[part.start :][: part.length] == content[first : last + 1]
    tail = read_range(f"bytes=-{last}", len(content)) if last else ByteRange(len(content), 0)
    assert tail is not None
    assert content[tail.start :][: tail.length] == (content[-last:] if last else b"")


@pytest.mark.parametrize("header", ["bytes=" + "9" * 5000 + "-", "bytes=0-" + "9" * 5000, "bytes=-", "bytes=", ""])
def test_all_is_meant(header: str) -> None:
    assert read_range(header, 10) is None
