"""Lists of videos for adaptive players, as their formats say. References: r-mbrset; RFC 8216; Adobe's F4M 1.0."""

from __future__ import annotations

from imageserver.answers.answer import Document
from imageserver.answers.properties import quote, xml_document
from imageserver.plan.plan import Stream, Streams

APPLE = "application/vnd.apple.mpegurl"
FLASH = "application/f4m+xml"
KILO = 1000


def streams_document(streams: Streams, encoding: str) -> Document:
    """Write a list of videos."""
    if streams.manifest == "m3u8":
        lines = ["#EXTM3U", *(line for stream in streams.streams for line in (apple_line(stream), stream.url))]
        return Document("".join(f"{line}\n" for line in lines).encode(), APPLE)
    media = "".join(f"\n{flash_element(stream)}" for stream in streams.streams)
    manifest = f'<manifest xmlns="http://ns.adobe.com/f4m/1.0">{media}\n</manifest>'
    body = xml_document(manifest, encoding).encode(encoding, "xmlcharrefreplace")
    return Document(body, f"{FLASH}; charset={encoding.lower()}")


def apple_line(stream: Stream) -> str:
    """Describe a video of an m3u8 list; the bandwidth is in bits a second."""
    size = f",RESOLUTION={stream.size.width}x{stream.size.height}" if stream.size else ""
    return f"#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={stream.bit_rate}{size}"


def flash_element(stream: Stream) -> str:
    """Describe a video of an f4m list; the bit rate is in kilobits a second."""
    size = f' width="{stream.size.width}" height="{stream.size.height}"' if stream.size else ""
    return f'<media url={quote(stream.url)} bitrate="{round(stream.bit_rate / KILO)}"{size}/>'
