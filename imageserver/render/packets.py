"""XMP packets: where each format keeps them, and the two parts that a JPEG may have as one."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.dom.expatbuilder import ExpatBuilderNS
from xml.dom.minidom import Document, Element
from xml.parsers.expat import ExpatError

from PIL import Image as Pillow

TAG = 700
"""The tag of a TIFF."""
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
GUID = 32
"""Letters that join the parts of an extended packet."""
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
NOTE = "http://ns.adobe.com/xmp/note/"
ANNOUNCED = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")
UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""What a box of JPEG 2000 begins with that holds a packet."""
BEGIN, END, CLOSED = b"<?xpacket begin=", b"<?xpacket end=", b"?>"
"""What stands around a packet, so that it is found in a file of any format."""
IN_GIF = b"\x21\xff\x0bXMP DataXMP"
END_IN_GIF = b"\x01\xff\xfe\xfd\xfc"
MOST = 16 * 2**20
"""Bytes of the longest packet that is read."""
PADDING = b"\0 \t\r\n"


def packet_of(image: Pillow.Image, path: Path) -> bytes:
    """Give the XMP packet of an opened image; empty without one."""
    match image.format:
        case "GIF":
            return packet_in_gif(path)
        case "JPEG2000":
            return next((data[len(UUID) :] for kind, data in boxes(path) if kind == b"uuid" and is_xmp(data)), b"")
        case _:
            return packet_in_info(image)


def tidy(packet: bytes) -> bytes:
    """Give a packet without what pads it; of a huge one, as much as is read."""
    return packet.strip(PADDING)[:MOST]


def packet_in(data: bytes | mmap.mmap) -> bytes:
    """Find the packet of a file that holds it as it is; empty without one."""
    start = data.find(BEGIN)
    stop = data.find(END, start) if start >= 0 else -1
    end = data.find(CLOSED, stop) if stop >= 0 else -1
    return data[start : end + len(CLOSED)] if 0 <= end < start + MOST else b""


def packet_in_info(image: Pillow.Image) -> bytes:
    """Give the packet that Pillow found, a JPEG's extended one included."""
    tags: Any = getattr(image, "tag_v2", {})
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or tags.get(TAG) or b""
    packet = found.encode() if isinstance(found, str) else bytes(found)
    announced = ANNOUNCED.search(packet) if hasattr(image, "applist") else None
    more = extension(image, announced[1]) if announced else b""
    return joined(packet, more) if more else packet


def extension(image: Pillow.Image, name: bytes) -> bytes:
    """Put the segments of an extended packet together; empty when one of them is missing."""
    parts = {}
    length = 0
    for marker, data in getattr(image, "applist", ()):
        head = len(EXTENSION) + GUID + 8
        if marker == "APP1" and data.startswith(EXTENSION + name) and len(data) > head:
            length, offset = struct.unpack_from(">II", data, head - 8)
            parts[offset] = data[head:]
    whole = b"".join(parts[offset] for offset in sorted(parts))
    return whole if length and len(whole) == length and whole_to(parts) else b""


def whole_to(parts: dict[int, bytes]) -> bool:
    """Tell whether parts follow one another without a gap."""
    place = 0
    for offset in sorted(parts):
        if offset != place:
            return False
        place += len(parts[offset])
    return True


def joined(packet: bytes, more: bytes) -> bytes:
    """Put the descriptions of an extended packet into the one that announced it. Reference: XMP part 3, 1.1.3.1."""
    try:
        main, extended = parsed(packet), parsed(more)
        target, source = first_rdf(main), first_rdf(extended)
    except (ExpatError, ValueError):
        return packet
    for description in [node for node in source.childNodes if isinstance(node, Element)]:
        for name, value in prefixes(source):
            if not description.hasAttribute(name):
                description.setAttribute(name, value)
        target.appendChild(main.importNode(description, deep=True))
    for element in target.getElementsByTagNameNS(RDF, "Description"):
        if element.hasAttributeNS(NOTE, "HasExtendedXMP"):
            element.removeAttributeNS(NOTE, "HasExtendedXMP")
        for note in element.getElementsByTagNameNS(NOTE, "HasExtendedXMP"):
            element.removeChild(note)
    return main.documentElement.toxml("utf-8") if main.documentElement else packet


def parsed(packet: bytes) -> Document:
    """Read XML that declares no type of its own, so that nothing in it stands for more than it is."""
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        raise ValueError("XMP with a document type")
    document: Document = ExpatBuilderNS().parseString(packet.strip(PADDING))
    return document


def first_rdf(document: Document) -> Element:
    """Give the element that holds all descriptions."""
    found = document.getElementsByTagNameNS(RDF, "RDF")
    if not found:
        raise ValueError("XMP without RDF")
    return found[0]


def prefixes(element: Element) -> Iterator[tuple[str, str]]:
    """Yield the declarations of prefixes that hold within an element."""
    node: Any = element
    while isinstance(node, Element):
        yield from ((name, value) for name, value in node.attributes.items() if name.startswith("xmlns:"))
        node = node.parentNode


def packet_in_gif(path: Path) -> bytes:
    """Find the packet of a GIF, which stands there as it is, with a tail that ends it for every reader."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(IN_GIF)
        end = data.find(END_IN_GIF, start)
        return data[start + len(IN_GIF) : min(end, start + MOST)] if 0 <= start < end else b""


def is_xmp(data: bytes) -> bool:
    """Tell whether a box holds a packet."""
    return data.startswith(UUID)


def boxes(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kinds of the outermost boxes of a file, and what the smaller ones hold; others are passed over."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        place = 0
        while place + 8 <= end:
            file.seek(place)
            length, kind = struct.unpack(">I4s", file.read(8))
            head = 8
            if length == 1:
                length, head = int.from_bytes(file.read(8)), 16
            length = length or end - place
            if length < head or place + length > end:
                return
            yield kind, file.read(length - head) if length <= MOST else b""
            place += length
