"""Paragraph → clusters of glyphs. Shaping is HarfBuzz's."""

from __future__ import annotations

from imageserver.plan.text import TextBlock
from imageserver.richtext.document import Paragraph
from imageserver.typeset.clusters import Cluster


def shape(paragraph: Paragraph, block: TextBlock) -> tuple[Cluster, ...]:
    """Give a paragraph's clusters in logical order; they cover its text without a gap."""
    raise NotImplementedError


def hyphen(cluster: Cluster, block: TextBlock) -> Cluster:
    """Give what stands at a line's end in place of a soft hyphen's cluster."""
    raise NotImplementedError
