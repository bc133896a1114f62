"""Views, sizes and regions of all kinds, for properties that hold of each."""

from __future__ import annotations

from hypothesis import strategies as st

from imageserver.commands.view import Align, Fit, View
from imageserver.protocol.values import Rect, Size

SIDES = st.integers(1, 3000)
SIZES = st.builds(Size, SIDES, SIDES)
FITS = st.builds(Fit, st.sampled_from(["fit", "constrain", "crop", "wrap", "stretch", "hfit", "vfit"]), st.booleans())
ALIGNS = st.builds(Align, st.floats(-1, 1), st.floats(-1, 1))
REGIONS = st.builds(Rect, st.integers(-500, 3000), st.integers(-500, 3000), st.integers(0, 3000), st.integers(0, 3000))
VIEWS = st.builds(
    View,
    wid=st.none() | SIDES,
    hei=st.none() | SIDES,
    fit=st.none() | FITS,
    scl=st.none() | st.floats(0.05, 50),
    align=ALIGNS,
    rgn=st.none() | REGIONS,
)
