"""An Answer: what is sent, and the headers that say how long it may be kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from imageserver.answers.caching import Caching
from imageserver.layout.facts import FactsOf
from imageserver.layout.layout import Layout
from imageserver.plan.plan import Saving


@dataclass(frozen=True, slots=True)
class Document:
    """A text, ready to be sent; a `dated` one tells the time at which it was made."""

    body: bytes
    media_type: str
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that is still to be drawn."""

    layout: Layout
    media_type: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """A picture that is drawn only to tell its length (`req=loadcache`)."""

    layout: Layout


@dataclass(frozen=True, slots=True)
class Storing:
    """A picture that is drawn into a file (`req=saveToFile`)."""

    layout: Layout
    saving: Saving


@dataclass(frozen=True, slots=True)
class Packet:
    """The XMP packet of a file, still to be read; `absent` says that the file has none."""

    path: Path
    name: str
    absent: bool
    media_type: str = "text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent: `tag` identifies the content for conditional requests; `facts` are those that it follows from.

    Properties of a picture tell the `length` of the reply with the tag `tells_length_of`, 0 when it was not made yet.
    What is `passing` is not to be given again unasked: files that `facts` has nothing of may have come or gone.
    """

    content: Document | Drawing | Measurement | Storing | Packet
    caching: Caching
    tag: str
    is_default_image: bool = False
    passing: bool = False
    tells_length_of: str = ""
    length: int = 0
    facts: FactsOf = field(default_factory=dict, repr=False)
