"""Files of static content for tests, made in code."""

from __future__ import annotations

import os
from pathlib import Path

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
MOMENT = 1_577_934_245
"""2020-01-02T03:04:05Z, when all of these files were last changed."""
PAGE = b"<!doctype html><script>document.title = 'ran'</script><p>hello"
FILES = {
    "content/alphabet.bin": ALPHABET,
    "content/film.mp4": bytes(range(256)) * 16,
    "content/film-small.mp4": b"small film",
    "content/film.f4v": b"film for flash",
    "content/page.html": PAGE,
    "content/drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "content/data.xml": b"<data/>",
    "content/style.css": b"p { color: red }",
    "content/code.js": b"var one = 1;",
    "content/module.MJS": b"export default 1;",
    "content/words.vtt": b"WEBVTT\n",
    "content/leaflet.pdf": b"%PDF-1.4\n",
    "content/letter": b"no suffix",
    "content/empty.txt": b"",
    "content/deep/er.txt": b"deep",
    "content/.secret": b"hidden",
    "content/größe.txt": "größe".encode(),
    "outside.txt": b"outside of the folder",
    "beside/outside.txt": b"outside of the folder",
}


def make_contents(folder: Path) -> None:
    """Write the files that the catalog Cs names, links among them, into its folder."""
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (MOMENT, MOMENT))
    (folder / "content/link-inside.txt").symlink_to("deep/er.txt")
    (folder / "content/link-outside.txt").symlink_to("../outside.txt")
    (folder / "content/link-folder").symlink_to("../beside")
