"""A site that is a cloud of Cloudinary's, and what the tests ask of it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from conftest import QUIET
from PIL import Image
from serving import Client, Reply, serving

if not os.environ.get("CI"):
    pytest.importorskip("cloudinary", reason="needs what pyproject.toml lists under dev")
cloudinary = import_module("cloudinary")
api, auth_token, uploader, utils, exceptions = (
    import_module(f"cloudinary.{name}") for name in ("api", "auth_token", "uploader", "utils", "exceptions")
)

CATALOG = "attributes: {root_path: images}   # mine\n\nimages:\n  # ---- before\n  here: {path: here.png}   # stays\n"


TOKEN_KEY = "00112233aabbcc"  # noqa: S105, only here
LONG = "public, no-transform, immutable, max-age=2592000"


RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)


def png(color: tuple[int, int, int], size: tuple[int, int] = (60, 40)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, "PNG")
    return stream.getvalue()


def address(client: Client) -> str:
    return f"http://127.0.0.1:{client.port}"


def fetch(client: Client, url: str, **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.ask(url.removeprefix(address(client)), headers=sent)


def color(reply: Reply) -> Any:  # noqa: ANN401, what Pillow gives
    assert reply.status == 200, reply.headers
    return reply.image.convert("RGB").getpixel((0, 0))


def yaml_of(client: Client) -> str:
    return (client.folder / "catalogs" / "Co" / "catalog.yaml").read_text()


def native_version(client: Client, name: str, which: str = "image.version") -> str:
    text = client.ask(f"/is/image/Co/{name}?req=props").text
    return next(line.partition("=")[2] for line in text.splitlines() if line.startswith(which))


def form(**parts: str) -> tuple[bytes, dict[str, str]]:
    """A form as browsers send it."""
    lines = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    ]
    return ("".join(lines) + "--x--\r\n").encode(), {"Content-Type": "multipart/form-data; boundary=x"}


@contextmanager
def cloud(folder: Path, catalog: str = CATALOG, **more: str) -> Iterator[Client]:
    """A server whose cloud `demo` is the catalog `Co`, and the official client set up for it."""
    images = folder / "catalogs" / "Co" / "images"
    images.mkdir(parents=True)
    (images / "here.png").write_bytes(png(GREEN))
    (images.parent / "catalog.yaml").write_text(catalog)
    settings = {
        **QUIET,
        "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": f"demo Co key secret {TOKEN_KEY}, other Co",
        "IMAGESERVER_SERVER__TIMING": "on",
        "IMAGESERVER_DIALECTS__CLOUDINARY__UNFINISHED_UPLOADS": "2",
        **more,
    }
    with serving(folder, environment=settings) as client:
        cloudinary.config(cloud_name="demo", api_key="key", api_secret="secret", upload_prefix=address(client))  # noqa: S106
        yield client
    cloudinary.reset_config()
