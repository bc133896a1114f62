"""A site whose catalogs are edited over HTTP, and who asks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pictures import quadrants
from PIL import Image
from serving import Client, Reply, serving
from sites import plain

TOKENS = {"all": "all-1", "reader": "read-2", "writer": "write.3=="}
ADMIN = {
    "IMAGESERVER_SERVER__ACCESS_LOG": "",
    "IMAGESERVER_ADMIN__TOKEN": TOKENS["all"],
    "IMAGESERVER_ADMIN__TOKENS": f"{TOKENS['reader']} read *, {TOKENS['writer']} write Co Other",
    "IMAGESERVER_LIMITS__FILE_SIZE": "200000",
    "IMAGESERVER_LIMITS__BODY_SIZE": "10000",
    "IMAGESERVER_LIMITS__SOURCE_PIXELS": "1000000",
}
CATALOG = """# Shoes.
attributes:
  root_path: images   # where they are

images:
  # ---- winter
  boot:   # warm
    path: 'red.png'
    user_data: {color: red, sku: 0123}
    crops:
      square: [0, 0, 10, 10]  # the toe

  # ---- summer
  "summer/sandal": {path: blue.png, expiration: 3}   # light
macros: {thumb: wid=100}
"""


@dataclass(frozen=True, slots=True)
class Api:
    """Asks the API of one catalog with a token."""

    client: Client
    token: str = TOKENS["all"]
    catalog: str = "Co"

    def ask(self, url: str, method: str = "GET", body: object = None, etag: str | None = None, **headers: str) -> Reply:
        """Ask for something below the catalog, or for a whole path; bytes are sent as they are, all else as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | sent
        sent |= {"If-Match": etag} if etag is not None else {}
        if body is not None and not isinstance(body, bytes):
            sent = {"Content-Type": "application/json"} | sent
            body = json.dumps(body).encode()
        path = url if url.startswith("/") else f"/admin/v1/catalogs/{self.catalog}/{url}".rstrip("/")
        return self.client.ask(path, method, body, sent)

    def read(self, url: str) -> Any:  # noqa: ANN401, JSON
        reply = self.ask(url)
        assert reply.status == 200, reply.text
        return json.loads(reply.text)

    def tag(self, url: str = "images/boot") -> str:
        return self.ask(url).headers["ETag"]

    @property
    def text(self) -> str:
        return (self.client.folder / "catalogs" / self.catalog / "catalog.yaml").read_text()

    def image(self, name: str) -> Path:
        return self.client.folder / "catalogs" / self.catalog / "images" / name


@contextmanager
def api(folder: Path, workers: int = 1, environment: Mapping[str, str] | None = None) -> Iterator[Api]:
    """Run a server with the API over two catalogs."""
    for name in ("Co", "Other"):
        catalog = folder / "catalogs" / name
        plain(catalog / "images" / "red.png", (255, 0, 0))
        plain(catalog / "images" / "blue.png", (0, 0, 255))
        (catalog / "catalog.yaml").write_text(CATALOG)
    settings = {**ADMIN, "IMAGESERVER_SERVER__WORKERS": str(workers), **(environment or {})}
    with serving(folder, environment=settings) as client:
        yield Api(client)


def encoded(kind: str = "PNG", size: tuple[int, int] = (60, 40), image: Image.Image | None = None) -> bytes:
    """A picture as a file."""
    stream = io.BytesIO()
    (image or quadrants(*size)).save(stream, kind)
    return stream.getvalue()


def problem(reply: Reply) -> dict[str, Any]:
    """Read a problem document, which says what the reply says."""
    assert reply.headers["Content-Type"].startswith("application/problem+json"), reply.headers
    found: dict[str, Any] = json.loads(reply.text)
    assert found["status"] == reply.status
    assert found["title"]
    assert found["type"]
    assert "\n" not in found["detail"]
    assert "Traceback" not in found["detail"]
    return found
