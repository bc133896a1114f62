"""The fonts of faces: their bytes, measures and outlines."""

from __future__ import annotations

import uharfbuzz as hb

from imageserver.plan.text import Face
from imageserver.typeset.clusters import FaceMetrics


def hb_font(face: Face) -> hb.Font:
    """Give the font that shapes and draws a face, in units of the face (`font.face.upem` to the em), y upwards."""
    raise NotImplementedError


def metrics(face: Face) -> FaceMetrics:
    """Give the measures of a face."""
    raise NotImplementedError
