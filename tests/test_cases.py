"""Every row of `cases/*.yaml`, over a real socket.

A row has a `url` (behind `/is/image/`, unless it starts with a slash) and what is expected of the reply:
`status` (200, or 403 where an error is expected), `type`, `size`, `mode` (of the decoded image), `pixels` ("x,y": a
colour, gray value or RGBA; a component of null may be anything), `tolerance` (of the pixels; 2), `same` (another URL
whose picture is the same), `part` (another URL and the x,y at which its picture holds this one), `differs` (another URL
whose body differs), `info` (what Pillow reads beside the pixels), `profile` (the description of
the embedded colour profile, or nothing), `error`, `text` and `without` (what the body contains
or must not contain), `begins` (its first characters), `body` (all of it), `props` (of `req=props`), `headers` (parts of
them), `absent` (headers that it does not have).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image, ImageChops, ImageCms
from serving import Client, Reply

CASES = Path(__file__).parent / "cases"
Row = dict[str, Any]


def rows() -> list[Any]:
    return [
        pytest.param(row, id=f"{path.stem}:{row['url']}")
        for path in sorted(CASES.glob("*.yaml"))
        for row in yaml.safe_load(path.read_text())
    ]


def full(url: str) -> str:
    return url if url.startswith("/") else f"/is/image/{url}"


@pytest.mark.parametrize("row", rows())
def test_case(server: Client, row: Row) -> None:
    unknown = set(row) - {"url", "method", "request_body", "request_headers"} - set(CHECKS)
    assert not unknown, f"unknown keys {unknown}"
    reply = server.ask(
        full(row["url"]), row.get("method", "GET"), row.get("request_body", "").encode() or None, request_headers(row)
    )
    assert reply.status == row.get("status", 403 if "error" in row else 200), reply.body[:300]
    for key, check in CHECKS.items():
        if key in row:
            check(server, reply, row)


def request_headers(row: Row) -> dict[str, str]:
    form = {"Content-Type": "application/x-www-form-urlencoded"} if "request_body" in row else {}
    return {**form, **row.get("request_headers", {})}


def check_type(_: Client, reply: Reply, row: Row) -> None:
    assert reply.headers["Content-Type"] == row["type"]


def check_size(_: Client, reply: Reply, row: Row) -> None:
    assert list(reply.image.size) == row["size"]


def check_mode(_: Client, reply: Reply, row: Row) -> None:
    assert reply.image.mode == row["mode"]


def check_pixels(_: Client, reply: Reply, row: Row) -> None:
    image = reply.image
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    for place, color in row["pixels"].items():
        x, y = map(int, place.split(","))
        pixel: Any = image.getpixel((x, y))
        found = list(pixel) if isinstance(pixel, tuple) else [pixel]
        wanted = color if isinstance(color, list) else [color]
        assert len(found) == len(wanted), f"{place}: {found} is not {wanted}"
        pairs = [(one, other) for one, other in zip(found, wanted, strict=True) if other is not None]
        near = all(abs(one - other) <= row.get("tolerance", 2) for one, other in pairs)
        assert near, f"{place}: {found} is not {wanted}"


def difference(image: Image.Image, other: Image.Image) -> int:
    assert image.size == other.size
    bands = ImageChops.difference(image.convert("RGBA"), other.convert("RGBA")).getextrema()
    return max(int(high) for _, high in bands)  # type: ignore[misc]


def check_same(server: Client, reply: Reply, row: Row) -> None:
    assert difference(reply.image, server.ask(full(row["same"])).image) <= row.get("tolerance", 0)


def check_part(server: Client, reply: Reply, row: Row) -> None:
    url, x, y = row["part"]
    image, whole = reply.image, server.ask(full(url)).image
    cut = whole.crop((x, y, x + image.width, y + image.height))
    assert difference(image, cut) <= row.get("tolerance", 0)


def check_differs(server: Client, reply: Reply, row: Row) -> None:
    other = server.ask(full(row["differs"]))
    assert reply.body != other.body


def check_info(_: Client, reply: Reply, row: Row) -> None:
    found = reply.image.info
    for name, value in row["info"].items():
        wanted = value if isinstance(value, list) else [value]
        actual = list(found[name]) if isinstance(found.get(name), tuple) else [found.get(name)]
        assert actual == pytest.approx(wanted, abs=0.1), f"{name}: {actual} is not {wanted}"


def check_profile(_: Client, reply: Reply, row: Row) -> None:
    data = reply.image.info.get("icc_profile")
    found = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(data))).strip() if data else ""
    assert found == row["profile"]


def check_begins(_: Client, reply: Reply, row: Row) -> None:
    assert reply.body.startswith(row["begins"].encode())


def check_without(_: Client, reply: Reply, row: Row) -> None:
    for part in row["without"] if isinstance(row["without"], list) else [row["without"]]:
        assert part not in reply.text


def check_text(_: Client, reply: Reply, row: Row) -> None:
    for part in row["text"] if isinstance(row["text"], list) else [row["text"]]:
        assert part in reply.text


def check_error(_: Client, reply: Reply, row: Row) -> None:
    for part in row["error"] if isinstance(row["error"], list) else [row["error"]]:
        assert part in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Error"]
    assert "Traceback" not in reply.text


def check_body(_: Client, reply: Reply, row: Row) -> None:
    assert reply.text == row["body"]


def check_props(_: Client, reply: Reply, row: Row) -> None:
    lines = [line for line in reply.text.splitlines() if not line.startswith("#")]
    found = dict(line.split("=", 1) for line in lines)
    for name, value in row["props"].items():
        assert found[name] == str(value), f"{name}: {found[name]!r} is not {value!r}"


def check_headers(_: Client, reply: Reply, row: Row) -> None:
    for name, part in row["headers"].items():
        assert part in reply.headers[name]


def check_absent(_: Client, reply: Reply, row: Row) -> None:
    assert not set(row["absent"]) & set(reply.headers)


CHECKS = {
    "status": lambda *_: None,
    "tolerance": lambda *_: None,
    "type": check_type,
    "size": check_size,
    "mode": check_mode,
    "pixels": check_pixels,
    "same": check_same,
    "part": check_part,
    "differs": check_differs,
    "info": check_info,
    "profile": check_profile,
    "begins": check_begins,
    "without": check_without,
    "text": check_text,
    "error": check_error,
    "body": check_body,
    "props": check_props,
    "headers": check_headers,
    "absent": check_absent,
}
Image.MAX_IMAGE_PIXELS = None
