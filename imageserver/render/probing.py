"""Which function reads what is known of which kind of file beside the images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from imageserver.config import Limits
from imageserver.layout.facts import Facts
from imageserver.render.probe import probe_font
from imageserver.render.profiles import probe_profile

PROBES: Mapping[str, Callable[[Path, Limits], Facts]] = {"font": probe_font, "profile": probe_profile}
