"""Requests that real sites send, names replaced: each is answered, none breaks the server.

`corpus.txt` has a path a line. What the protocol knows and we do not have yet is refused by name (403).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import XMP, quadrants
from serving import Client, serving
from sites import QUIET

LINES = (Path(__file__).parent / "corpus.txt").read_text().splitlines()
MACRO = re.compile(r"[?&]\$([A-Za-z0-9._!-]+)\$(?=[=&]|$)", re.MULTILINE)
CROP = re.compile(r"photo(?:\.\w+)?(?::|%3A)([A-Za-z0-9-]+)")
SUFFIXES = ("jpg", "png", "tif", "gif", "jpeg")
UNSAFE = re.compile(r"[^!#$%&\'()*+,\-./0-9:;=?@A-Z\[\]_a-z{}|~^\\`]")


def as_browser(url: str) -> str:
    """Encode what HTTP cannot carry, and nothing else."""
    return UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A catalog that has every image, crop and macro of the corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    images = folder / "catalogs" / "Co" / "images"
    images.mkdir(parents=True)
    for suffix in SUFFIXES:
        quadrants(600, 450).save(images / f"photo.{suffix}", xmp=XMP)
    text = "\n".join(LINES)
    names = sorted(set(MACRO.findall(text)), key=str.casefold)
    macros = "".join(f"  '{name}': wid=200&fmt=jpeg\n" for name in names)
    crops = "".join(f"      {name}: [10, 10, 300, 200]\n" for name in sorted(set(CROP.findall(text))))
    record = f"    image_set: Co/photo\n    map: '<area>'\n    crops:\n{crops}"
    ids = ("photo", *(f"photo.{suffix}" for suffix in SUFFIXES))
    records = "".join(f"  {name}:\n    path: {name if '.' in name else 'photo.jpg'}\n{record}" for name in ids)
    (images.parent / "catalog.yaml").write_text(
        f"attributes: {{root_path: images, max_pix: [5000, 5000]}}\nmacros:\n{macros}images:\n{records}"
        "content: {photo: {path: images/photo.jpg}}\n"
    )
    with serving(folder, environment=QUIET) as client:
        assert '"problems": []' in client.ask("/health").text
        yield client


REFUSED = {
    "not supported": "a feature that we do not have",
    "image not found": "an image that only its own site has",
    "problem parsing modifier": "a value that the reference does not know",
    "illegal image size": "more than attribute::MaxPix",
    "commands do not go together": "fit= without a size",
    "unknown macro": "a macro of its own site",
    "unknown font": "a font of its own site",
    "unusable colour profile": "a profile of its own site",
}


@pytest.mark.parametrize("line", LINES)
def test_request_is_answered(client: Client, line: str) -> None:
    reply = client.ask(as_browser(line))
    assert reply.status in {200, 403}
    if reply.status == 200:
        assert reply.body or "req=" in line
        return
    assert reply.headers["X-Error"] in REFUSED
    assert "Traceback" not in reply.text
    assert reply.text.strip()


IMAGE = re.compile(
    r"/is/image/Co/photo(?:\.\w+)?(?:(?::|%3A)[\w-]+)?(?:\?(?:&|amp;|wid=\d+|hei=\d+|qlt=\d+(,[01])?"
    r"|ts=\d+|fmt=(?:jpg|jpeg|pjpeg|png-alpha|webp|webp-alpha|avif-alpha|png8)|dpr=off|dpr=on,\{dpr\}"
    r"|fit=(?:stretch|constrain|crop|wrap|fit)(?:,[01])?|\$[A-Za-z0-9._!-]+\$|op_sharpen=[01]"
    r"|scl=[0-9.]+|\.\w+=\d+|op_invert=1|op_blur=\d+|resMode=(?:sharp2?|bilin|bicub|trilin))*)?"
)
"""What makes up most of the traffic: sizes, presets, formats, the usual ornaments."""


@pytest.mark.parametrize("line", [line for line in LINES if IMAGE.fullmatch(line)])
def test_usual_request_is_answered_with_a_picture(client: Client, line: str) -> None:
    if "fit=" in line and not re.search(r"wid=|hei=|\$\w", line):
        return  # an error of its own, which the reference asks for
    reply = client.ask(as_browser(line))
    assert reply.status == 200, reply.text
    assert reply.headers["Content-Type"].startswith("image/")
    assert min(reply.image.size) >= 1


def test_corpus_is_whole() -> None:
    assert len(LINES) == 215
    assert len([line for line in LINES if IMAGE.fullmatch(line)]) >= 90
