"""The sessions of docs/versioning.md, which are run: `python tests/versioning.py` writes them into the page.

Times are replaced by numbers in their order, so that the page is the same after every run.
"""

from __future__ import annotations

import json
import re
import struct
import tempfile
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from serving import Client, Reply, serving

PAGE = Path(__file__).parents[1] / "docs" / "versioning.md"
IMAGES = "/admin/v1/catalogs/toys/images"
OK = 200
BEGIN, END = "<!-- sessions: written by tests/versioning.py -->\n", "<!-- end of the sessions -->\n"
TOKEN = "secret-token"  # noqa: S105, of these sessions
RED, BLUE = (255, 0, 0), (0, 0, 255)
NAMES = {RED: "red", BLUE: "blue"}
START = 1_795_000_000
SETTINGS = {
    "IMAGESERVER_SERVER__ACCESS_LOG": "",
    "IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": "demo toys key secret",
    "IMAGESERVER_DIALECTS__REST4D__ENABLED": "on",
    "IMAGESERVER_ADMIN__TOKEN": TOKEN,
}


def png(color: tuple[int, int, int]) -> bytes:
    """Make a picture of one colour, whose bytes are the same whoever makes it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + bytes(color) * 12) * 8
    header = struct.pack(">IIBBBBB", 12, 8, 8, 2, 0, 0, 0)
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(rows), 0xFFFF - len(rows)) + rows
    stored += struct.pack(">I", zlib.adler32(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", stored) + chunk(b"IEND", b"")


@dataclass(slots=True)
class Story:
    """What is asked and answered, in the order in which it happens."""

    client: Client
    lines: list[str] = field(default_factory=list)
    times: dict[int, int] = field(default_factory=dict)

    def told(self, seconds: int) -> int:
        """Give the number that stands for a time on the page."""
        return self.times.setdefault(seconds, START + len(self.times))

    def ask(self, url: str, method: str = "GET", body: bytes = b"", **headers: str) -> Reply:
        """Ask as one who may write, and note nothing."""
        own = {"Authorization": f"Bearer {TOKEN}", **{name.replace("_", "-"): one for name, one in headers.items()}}
        return self.client.ask(url, method, body if method != "GET" else None, own)

    def read(self, url: str) -> Any:  # noqa: ANN401, JSON
        """Read a document."""
        return json.loads(self.ask(url).body)

    def show(self, note: str, url: str) -> None:
        """Ask for a picture, and note what comes, and how long it may be kept."""
        reply = self.client.ask(url)
        seen = NAMES[reply.image.convert("RGB").getpixel((0, 0))]  # type: ignore[index]
        self.lines += [
            f"# {note}",
            f"GET {self.written(url)}",
            f"  {reply.status}, {seen}; {reply.headers['Cache-Control']}",
        ]

    def tell(self, note: str, line: str) -> None:
        """Note something else."""
        self.lines += [f"# {note}", line]

    def written(self, url: str) -> str:
        """Write a URL with times replaced."""
        return re.sub(r"(?<=/v)[0-9]{10}(?=/)", lambda match: str(self.told(int(match[0]))), url)

    def session(self, title: str) -> str:
        """Give what was noted, and begin anew."""
        text = "\n".join(self.lines)
        self.lines = []
        return f"### {title}\n\n```\n{text}\n```\n"


@contextmanager
def toys(folder: Path) -> Iterator[Client]:
    """Run a server over an empty catalog of toys."""
    home = folder / "catalogs" / "toys"
    (home / "images").mkdir(parents=True)
    (home / "catalog.yaml").write_text("attributes: {root_path: images}\n")
    with serving(folder, environment=SETTINGS) as client:
        yield client


def properties(story: Story, name: str) -> Mapping[str, str]:
    """Read what `req=props` tells."""
    lines = story.ask(f"/is/image/toys/{name}?req=props").text.splitlines()
    return {name: value for name, equals, value in (line.partition("=") for line in lines) if equals}


def upload(story: Story, name: str, color: tuple[int, int, int]) -> int:
    """Upload as Cloudinary's clients do, and give the version."""
    data = "data:image/png;base64," + b64encode(png(color)).decode()
    form = urlencode({"public_id": name, "file": data}).encode()
    kind = "application/x-www-form-urlencoded"
    return int(json.loads(story.ask("/v1_1/demo/image/upload", "POST", form, Content_Type=kind).body)["version"])


def save(story: Story, url: str, body: object) -> dict[str, object]:
    """Save as 4D's clients do."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found: dict[str, object] = json.loads(story.ask(f"/rest/{url}", "POST", data).body)
    return found


def replace(story: Story, name: str, color: tuple[int, int, int]) -> str:
    """Store a picture through the editing API, and give its version."""
    url = f"{IMAGES}/{name}"
    found = story.ask(url)
    seen = {"If_Match": found.headers["ETag"]} if found.status == OK else {}
    story.ask(f"{url}/source", "PUT", png(color), Content_Type="image/png", **seen)
    shown(story, name)
    return properties(story, name)["image.version"]


def shown(story: Story, name: str) -> None:
    """See that what was edited is served: a picture whose stamp is not known yet is looked for on the disk."""
    story.ask(f"/rest/toys({name})/image?$expand=image")


def scene7(story: Story) -> str:
    """A picture is replaced; the native protocol tells of it by digests."""
    asked = "GET /is/image/toys/bear?req=props\n  image.version="
    first = replace(story, "bear", RED)
    story.tell("the version follows from the bytes", f"{asked}{first}")
    story.show("a client repeats it", f"/is/image/toys/bear?fmt=png&id={first}")
    second = replace(story, "bear", BLUE)
    story.tell("the file is replaced: another version", f"{asked}{second}")
    story.show("the old one: the new picture, for a short time", f"/is/image/toys/bear?fmt=png&id={first}")
    story.show("the new one", f"/is/image/toys/bear?fmt=png&id={second}")
    third = replace(story, "bear", RED)
    story.tell("the first file again: the first version again", f"{asked}{third}")
    return story.session("Scene7: `image.version` and `id=`")


def cloudinary(story: Story) -> str:
    """A picture is replaced; Cloudinary's URLs tell of it by the second at which it was stored."""
    posted = 'POST /v1_1/demo/image/upload   public_id=car\n  "version": '
    first = upload(story, "car", RED)
    story.tell("an upload answers with a version", f"{posted}{story.told(first)}")
    story.show("which stands in the URL", f"/demo/image/upload/v{first}/car.png")
    second = upload(story, "car", BLUE)
    story.tell("it is replaced", f"{posted}{story.told(second)}")
    story.show("the old version: the new picture, asked for each time", f"/demo/image/upload/v{first}/car.png")
    story.show("the new version", f"/demo/image/upload/v{second}/car.png")
    third = upload(story, "car", BLUE)
    story.tell("equal bytes are a new version, too", f"{posted}{story.told(third)}")
    story.show("no version at all", "/demo/image/upload/car.png")
    return story.session("Cloudinary: `v` and a number")


def rest4d(story: Story) -> str:
    """An entity is saved; 4D tells of it by a stamp, which a save has to name."""
    made = save(story, "toys?$method=update", {"ID": "duck", "tags": "yellow"})
    story.tell("a new entity", 'POST /rest/toys?$method=update   {"ID": "duck", "tags": "yellow"}\n' + stamp(made))
    save(story, "toys(duck)/image?$rawPict=image/png", png(RED))
    first = story.read("/rest/toys(duck)")
    uri = first["image"]["__deferred"]["uri"]
    story.tell("its picture is set", 'POST /rest/toys(duck)/image?$rawPict=image/png\n  {"ok": true}')
    story.tell("the stamp has grown, and is the version", f'GET /rest/toys(duck)\n{stamp(first)},\n  "uri": "{uri}"')
    story.show("a client uses the URI", uri)
    body = {"__KEY": "duck", "__STAMP": first["__STAMP"], "tags": "wet"}
    second = save(story, "toys?$method=update", body)
    story.tell("any save counts", f"POST /rest/toys?$method=update   {json.dumps(body)}\n{stamp(second)}")
    story.show("the old version: asked for each time", uri)
    story.show("the new one: the same picture", uri.replace(f"={first['__STAMP']}&", f"={second['__STAMP']}&"))
    late = {**body, "tags": "lost"}
    stale = save(story, "toys?$method=update", late)
    answer = f'{stamp(stale)}, "__STATUS": {json.dumps(stale["__STATUS"])}'
    story.tell(
        "a save with an old stamp changes nothing", f"POST /rest/toys?$method=update   {json.dumps(late)}\n{answer}"
    )
    return story.session("4D: `__STAMP` and `$version`")


def stamp(entity: Mapping[str, object]) -> str:
    """Write what an answer says of the stamp."""
    return f'  "__STAMP": {entity["__STAMP"]}'


def table(story: Story) -> str:
    """Let one record go through all that can happen, and write down every token after each step."""
    rows = [
        "| what happens | `image.version` | `metadata.version` | `v` | `__STAMP` |",
        "| --- | --- | --- | --- | --- |",
    ]
    seen: dict[str, str] = {}

    def note(what: str) -> int:
        told, entity = properties(story, "ball"), story.read("/rest/toys(ball)")
        version = story.read("/v1_1/demo/resources/image/upload/ball")["version"]
        now = {
            "image": told["image.version"][:6] + "…",
            "metadata": told["metadata.version"][:6] + "…",
            "v": str(story.told(version)),
            "stamp": str(entity["__STAMP"]),
        }
        cells = (f"**{one}**" if seen.get(key) != one else one for key, one in now.items())
        rows.append(f"| {what} | {' | '.join(cells)} |")
        seen.update(now)
        return int(entity["__STAMP"])

    upload(story, "ball", RED)
    note("a red picture is stored")
    upload(story, "ball", BLUE)
    note("a blue one")
    upload(story, "ball", BLUE)
    at = note("the same blue one")
    save(story, "toys?$method=update", {"__KEY": "ball", "__STAMP": at, "userdata": {"size": "5"}})
    note("user data change")
    oldest = story.read(f"{IMAGES}/ball/revisions")["revisions"][-1]["version_id"]
    tag = story.ask(f"{IMAGES}/ball").headers["ETag"]
    story.ask(f"{IMAGES}/ball/revisions/{oldest}/restore", "POST", If_Match=tag)
    shown(story, "ball")
    note("the red one is restored")
    save(story, "toys(ball)?$method=delete", b"")
    upload(story, "ball", RED)
    note("deleted, and the red one stored again")
    return "\n".join(rows) + "\n"


def sessions(client: Client) -> str:
    """Run all, and give what belongs between the marks of the page."""
    parts = [part(Story(client)) for part in (table, scene7, cloudinary, rest4d)]
    return "\nOne record, and all its tokens; what has changed is bold.\n\n" + "\n".join(parts) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name, toys(Path(name)) as running:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(before + BEGIN + sessions(running) + END + rest.partition(END)[2])
