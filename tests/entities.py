"""A site whose records are 4D's entities, and what the tests ask of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import QUIET
from PIL import Image
from serving import Client, Reply, serving

CATALOG = """attributes: {root_path: images}   # mine
images:
  '1': {path: one.png, user_data: {name: Anna, age: 31}, tags: 'a,b'}   # first
  '2': {path: two.jpg, user_data: 'name=Bert??age=7'}
  '3': {user_data: {name: carla's (x), age: 100}}
  '10': {path: sub/clear.png, user_data: {name: Änne}, expiration: 5}
  a/b (1): {path: one.png}
  drawn: {path: two.jpg, modifier: 'op_invert=1'}
  both: {path: two.jpg, modifier: 'layer=1&src=Co/1&size=9,9'}
  hidden: {path: one.png, access: private}
"""


USERS = "ann secret write *, bob secret2 write Co, eve secret3 read *, zoe secret4 write Other"


TOKEN = "a-token-of-this-test"  # noqa: S105, of this test


RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)


YEAR = "max-age=31536000, immutable"


KEY = "a/b (1)"


def png(color: tuple[int, ...], size: tuple[int, int] = (60, 40), form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGBA" if len(color) == 4 else "RGB", size, color).save(stream, form)
    return stream.getvalue()


def make(folder: Path) -> None:
    images = folder / "catalogs" / "Co" / "images"
    (images / "sub").mkdir(parents=True)
    (images / "one.png").write_bytes(png(RED))
    (images / "two.jpg").write_bytes(png(BLUE, (30, 50), "JPEG"))
    (images / "sub" / "clear.png").write_bytes(png((0, 0, 0, 0), (20, 20)))
    (images.parent / "catalog.yaml").write_text(CATALOG)
    other = folder / "catalogs" / "Other"
    other.mkdir()
    (other / "catalog.yaml").write_text("attributes: {client_address_filter: 10.0.0.0/8}\nimages:\n  x: {}\n")


def settings(**more: str) -> dict[str, str]:
    on = {"IMAGESERVER_DIALECTS__REST4D__ENABLED": "on", "IMAGESERVER_DIALECTS__REST4D__USERS": USERS}
    return {**QUIET, **on, "IMAGESERVER_ADMIN__TOKEN": TOKEN, **more}


def ask(client: Client, url: str, **headers: str) -> Reply:
    return client.ask(f"/rest/{url}", headers={name.replace("_", "-"): value for name, value in headers.items()})


def get(client: Client, url: str, **headers: str) -> Any:  # noqa: ANN401, JSON
    reply = ask(client, url, **headers)
    assert reply.status == 200, reply.text
    return json.loads(reply.body)


def post(client: Client, url: str, body: object = None, who: str = TOKEN, **headers: str) -> Reply:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = {"Authorization": f"Bearer {who}"} if who else {}
    return client.ask(f"/rest/{url}", "POST", data, {**own, **{k.replace("_", "-"): v for k, v in headers.items()}})


def sent(client: Client, url: str, body: object = None, who: str = TOKEN) -> Any:  # noqa: ANN401, JSON
    reply = post(client, url, body, who)
    assert reply.status == 200, reply.text
    return json.loads(reply.body)


def codes(found: Mapping[str, Any]) -> list[int]:
    return [one["errCode"] for one in found["__ERROR"]]


@contextmanager
def datastore(folder: Path) -> Iterator[Client]:
    """A server of that site."""
    make(folder)
    with serving(folder, environment=settings()) as client:
        yield client
