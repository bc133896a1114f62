"""Files over HTTP: what is stored, what is refused, what comes back, and what is served of it."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from admin import CATALOG, TOKENS, Api, api, encoded, problem
from pictures import BLUE, RED, disc
from PIL import Image
from serving import Reply
from sites import eventually, version

PICTURE = encoded()
OTHER = encoded(size=(80, 20))
LONG = encoded(size=(90, 90), image=Image.effect_noise((430, 430), 200))
BOUNDARY = "b0undary"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api(tmp_path_factory.mktemp("admin"), workers=2) as found:
        yield found


@pytest.fixture
def shoes(running: Api) -> Api:
    """A catalog as it is at the beginning, but for files that nobody names."""
    (running.client.folder / "catalogs" / "Co" / "catalog.yaml").write_text(CATALOG)
    Image.new("RGB", (40, 30), RED).save(running.image("red.png"))
    Image.new("RGB", (40, 30), BLUE).save(running.image("blue.png"))
    return running


def form(**parts: tuple[str, bytes]) -> bytes:
    found = b""
    for name, (kind, content) in parts.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="../x"\r\n'
        found += (head + (f"Content-Type: {kind}\r\n" if kind else "") + "\r\n").encode() + content + b"\r\n"
    return found + f"--{BOUNDARY}--\r\n".encode()


def post(shoes: Api, url: str, body: bytes, etag: str | None = None) -> Reply:
    return shoes.ask(url, "POST", body, etag, Content_Type=f"multipart/form-data; boundary={BOUNDARY}")


def leftovers(shoes: Api) -> list[str]:
    """Files in the catalog's folder that are neither pictures nor YAML."""
    folder = shoes.client.folder / "catalogs" / "Co"
    return [str(path) for path in folder.rglob("*") if path.is_file() and path.suffix not in {".png", ".jpg", ".yaml"}]


def test_upload_makes_a_record_that_is_served(shoes: Api) -> None:
    made = shoes.ask("images/new%2Fone/source", "PUT", PICTURE, Content_Type="image/png")
    assert made.status == 201, made.text
    found = json.loads(made.text)
    assert found["fields"] == {"path": "new/one.png"}
    assert found["md5"] == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()
    assert made.headers["ETag"] == shoes.tag("images/new%2Fone")
    assert shoes.image("new/one.png").read_bytes() == PICTURE
    eventually(lambda: shoes.client.ask("/is/image/Co/new/one").status, 200)
    sent = shoes.ask("images/new%2Fone/source")
    assert (sent.body, sent.headers["Content-Type"]) == (PICTURE, "image/png")
    assert sent.headers["ETag"] == made.headers["ETag"]
    assert shoes.ask("images/new%2Fone/source", If_None_Match=sent.headers["ETag"]).status == 304
    head = shoes.ask("images/new%2Fone/source", "HEAD")
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(PICTURE)))
    assert shoes.ask("images/new%2Fone/mask").status == 404
    assert shoes.ask("images/new%2Fone?files=true", "DELETE", etag="*").status == 204
    assert not shoes.image("new/one.png").exists()


def test_replaced_picture_is_served_at_once_by_all_workers(shoes: Api) -> None:
    def seen() -> set[tuple[str, tuple[int, int]]]:
        """What many connections get, which the workers share among them."""

        def one(_: int) -> tuple[str, tuple[int, int]]:
            return version(shoes.client, "Co/boot"), shoes.client.ask("/is/image/Co/boot?fmt=png").image.size

        with ThreadPoolExecutor(8) as threads:
            return set(threads.map(one, range(24)))

    (first,) = seen()
    tag = shoes.tag()
    reply = shoes.ask("images/boot/source", "PUT", PICTURE, tag, Content_Type="image/png")
    assert reply.status == 200, reply.text
    (second,) = seen()
    assert (first[1], second[1]) == ((40, 30), (60, 40))
    assert first[0] != second[0]
    assert shoes.text == CATALOG
    before, now = shoes.read("images/boot/revisions")["revisions"][1], json.loads(reply.text)
    assert reply.headers["ETag"] != tag
    restored = shoes.ask(f"images/boot/revisions/{before['version_id']}/restore", "POST", etag=reply.headers["ETag"])
    assert restored.status == 200, restored.text
    assert seen() == {first}
    again = json.loads(restored.text)
    assert again["rev"] > now["rev"]
    assert again["stored_at"] > now["stored_at"]
    assert again["content_hash"] != now["content_hash"]


def test_mask_and_source_at_once(shoes: Api) -> None:
    body = form(source=("image/png", PICTURE), mask=("", encoded(image=disc(60, 40))))
    made = post(shoes, "images/both/files", body)
    assert made.status == 201, made.text
    assert json.loads(made.text)["fields"] == {"path": "both.png", "mask_path": "both-mask.png"}
    assert shoes.ask("images/both/source").body == PICTURE
    tag = made.headers["ETag"]
    assert post(shoes, "images/both/files", body).status == 428
    bright = encoded(image=Image.new("L", (60, 40), 200))
    changed = post(shoes, "images/both/files", form(mask=("image/png", bright)), tag)
    assert changed.status == 200
    assert shoes.ask("images/both/mask").body == bright
    assert len(shoes.read("images/both/revisions")["revisions"]) == 2
    raw = shoes.ask("images/both/mask", "PUT", PICTURE, changed.headers["ETag"])
    assert raw.status == 200
    assert shoes.ask("images/both?files=true", "DELETE", etag="*").status == 204


def test_mask_has_the_size_of_its_image(shoes: Api) -> None:
    picture, other = ("image/png", PICTURE), ("image/png", OTHER)
    made = post(shoes, "images/sized/files", form(source=picture, mask=picture))
    assert made.status == 201
    tag = made.headers["ETag"]
    for reply in (
        post(shoes, "images/new/files", form(source=picture, mask=other)),
        post(shoes, "images/sized/files", form(mask=other), tag),
        shoes.ask("images/sized/mask", "PUT", OTHER, tag),
        shoes.ask("images/sized/source", "PUT", OTHER, tag),
    ):
        assert reply.status == 422
        assert "mask of the size of its image" in problem(reply)["detail"]
    assert shoes.tag("images/sized") == tag
    assert post(shoes, "images/sized/files", form(source=other, mask=other), tag).status == 200
    shoes.image("sized-mask.png").unlink()  # what is not there is not compared
    assert shoes.ask("images/sized/source", "PUT", PICTURE, "*").status == 200
    assert shoes.ask("images/sized?files=true", "DELETE", etag="*").status == 204


def test_place_of_a_file(shoes: Api) -> None:
    made = shoes.ask("images/placed/source?path=deep/er/here.jpg", "PUT", encoded("JPEG"))
    assert json.loads(made.text)["fields"] == {"path": "deep/er/here.jpg"}
    assert shoes.image("deep/er/here.jpg").exists()


REFUSALS: list[tuple[str, str, bytes, dict[str, str], int]] = [
    ("images/boot/source", "428", PICTURE, {}, 428),
    ("images/boot/source", "stale", PICTURE, {"If_Match": '"rev-1"'}, 412),
    ("images/boot/source", "weak", PICTURE, {"If_None_Match": "*"}, 412),
    ("images/new/source", "not there", PICTURE, {"If_Match": "*"}, 412),
    ("images/new/mask", "mask of nothing", PICTURE, {}, 404),
    ("images/new/source", "empty", b"", {}, 422),
    ("images/new/source", "text", b"GIF, or so", {}, 422),
    ("images/new/source", "truncated PNG", PICTURE[:-40], {}, 422),
    ("images/new/source", "truncated JPEG", encoded("JPEG", (400, 300))[:-900], {}, 422),
    ("images/new/source", "damaged", PICTURE[:60] + b"xxxx" + PICTURE[64:], {}, 422),
    ("images/new/source", "SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}, 422),
    ("images/new/source", "too many pixels", encoded("PNG", (1001, 1000)), {}, 422),
    ("images/new/source", "too large", LONG + b"\0" * (200_001 - len(LONG)), {}, 413),
    ("images/new/source", "another type", PICTURE, {"Content_Type": "image/jpeg"}, 422),
    ("images/new/source", "a type that is none", PICTURE, {"Content_Type": "text/html"}, 415),
    ("images/new/source", "a type that is not read", PICTURE, {"Content_Type": "image/svg+xml"}, 415),
    ("images/new/source?path=../x.png", "out of the folder", PICTURE, {}, 422),
    ("images/new/source?path=/x.png", "out of the folder", PICTURE, {}, 422),
    ("images/new/source?path=x.yaml", "a catalog", PICTURE, {}, 422),
    ("images/new/source?path=a/.x.png", "hidden", PICTURE, {}, 422),
    ("images/new/source?path=red.png", "somebody else's", PICTURE, {}, 409),
    ("images/new/source?mode=x", "a parameter", PICTURE, {}, 400),
    ("images/a%2F..%2Fb/source", "an id", PICTURE, {}, 422),
]


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row[1])
def test_refused(shoes: Api, row: tuple[str, str, bytes, dict[str, str], int]) -> None:
    url, _, content, headers, status = row
    files = {path: path.read_bytes() for path in shoes.client.folder.glob("catalogs/Co/**/*.*") if path.is_file()}
    reply = shoes.ask(url, "PUT", content, **headers)
    assert reply.status == status, reply.text
    assert str(shoes.client.folder) not in problem(reply)["detail"]
    assert files == {
        path: path.read_bytes() for path in shoes.client.folder.glob("catalogs/Co/**/*.*") if path.is_file()
    }
    assert not leftovers(shoes)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (form(), 400),
        (b"", 400),
        (b"nothing", 400),
        (form(source=("", PICTURE))[:-60], 422),
        (form(other=("", PICTURE)), 400),
        (form(source=("text/html", PICTURE)), 415),
        (form(source=("", b"no picture")), 422),
        (form(source=("", PICTURE), mask=("", b"no picture")), 422),
        (form(source=("", LONG + b"\0" * 200_001)), 413),
        (form(source=("", PICTURE)).replace(b"--b0undary--", b"") + form(source=("", PICTURE)), 400),
        (form(source=("multipart/mixed; boundary=x", b"--x\r\n\r\na\r\n--x--")), 400),
    ],
)
def test_form_is_refused(shoes: Api, body: bytes, status: int) -> None:
    reply = post(shoes, "images/new/files", body)
    assert reply.status == status, reply.text
    problem(reply)
    assert shoes.ask("images/new").status == 404
    assert not leftovers(shoes)


def test_what_is_no_form(shoes: Api) -> None:
    assert shoes.ask("images/new/files", "POST", PICTURE, Content_Type="image/png").status == 415
    assert shoes.ask("images/new/files", "POST", PICTURE, Content_Type="multipart/form-data").status == 400


def test_body_without_a_length_is_limited_too(shoes: Api) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", shoes.client.port, timeout=60)
    headers = {"Authorization": f"Bearer {TOKENS['all']}"}
    chunks = (b"\0" * 10_000 for _ in range(30))
    connection.request("PUT", "/admin/v1/catalogs/Co/images/new/source", chunks, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()
    eventually(lambda: not leftovers(shoes), wanted=True)


def test_client_that_goes_away_leaves_nothing(shoes: Api) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", shoes.client.port, timeout=60)
    connection.putrequest("PUT", "/admin/v1/catalogs/Co/images/new/source")
    for name, value in {"Authorization": f"Bearer {TOKENS['all']}", "Content-Length": "100000"}.items():
        connection.putheader(name, value)
    connection.endheaders(PICTURE)
    images = shoes.image("")
    eventually(lambda: len(list(images.glob(".imageserver-*.tmp/source"))), 1)
    connection.close()
    eventually(lambda: not leftovers(shoes), wanted=True)
    assert shoes.ask("images/new").status == 404


def test_record_cannot_be_used_to_replace_a_catalog(shoes: Api) -> None:
    writer = Api(shoes.client, TOKENS["writer"])
    path = shoes.image("notes.txt")
    path.write_text("mine")
    try:
        assert writer.ask("images/new", "PUT", {"fields": {"path": "notes.txt"}}).status == 201
        reply = writer.ask("images/new/source", "PUT", PICTURE, "*")
        assert reply.status == 422
        assert ".png" in problem(reply)["detail"]
        assert path.read_text() == "mine"
    finally:
        path.unlink()


def test_revisions(shoes: Api) -> None:
    url = "images/seen"
    tags = [shoes.ask(f"{url}/source", "PUT", PICTURE).headers["ETag"]]
    tags.append(shoes.ask(f"{url}/source", "PUT", OTHER, tags[0]).headers["ETag"])
    newest, oldest = shoes.read(f"{url}/revisions")["revisions"]
    assert (newest["current"], oldest["current"]) == (True, False)
    assert (newest["size"], oldest["size"]) == (len(OTHER), len(PICTURE))
    assert (newest["restorable"], oldest["restorable"]) == (True, True)
    one = f"{url}/revisions/{oldest['version_id']}"
    assert shoes.read(one) == oldest
    sent = shoes.ask(f"{one}/source")
    assert (sent.body, sent.headers["ETag"]) == (PICTURE, f'"{oldest["version_id"]}"')
    assert shoes.ask(f"{url}/revisions/{newest['version_id']}/source").body == OTHER
    assert shoes.ask(f"{one}/mask").status == 404
    assert shoes.ask(f"{url}/revisions/nothing").status == 404
    assert shoes.ask(f"{url}/revisions/nothing/restore", "POST", etag="*").status == 404
    assert shoes.ask("images/nothing/revisions").status == 404
    assert shoes.ask(f"{one}/restore", "POST").status == 428
    assert shoes.ask(f"{one}/restore", "POST", etag=tags[0]).status == 412
    assert shoes.ask(f"{url}/source").body == OTHER

    assert shoes.ask(f"{url}?files=true", "DELETE", etag="*").status == 204
    back = shoes.ask(f"{one}/restore", "POST")
    assert back.status == 200, back.text
    assert json.loads(back.text)["fields"] == {"path": "seen.png"}
    assert shoes.ask(f"{url}/source").body == PICTURE


def test_revision_whose_bytes_went_is_not_restored(tmp_path: Path) -> None:
    with api(tmp_path, environment={"IMAGESERVER_HISTORY__MAX_SIZE": "0"}) as shoes:
        shoes.ask("images/boot/source", "PUT", PICTURE, "*")
        newest, oldest = shoes.read("images/boot/revisions")["revisions"]
        assert (newest["restorable"], oldest["restorable"]) == (True, False)
        reply = shoes.ask(f"images/boot/revisions/{oldest['version_id']}/restore", "POST", etag="*")
        assert reply.status == 410
        problem(reply)
        assert shoes.ask(f"images/boot/revisions/{oldest['version_id']}/source").status == 404
        assert shoes.ask("images/boot/source").body == PICTURE


def test_of_uploads_made_at_once_one_wins(shoes: Api) -> None:
    tag = shoes.tag()
    pictures = [encoded(size=(20 + number, 20)) for number in range(6)]

    def put(number: int) -> int:
        return shoes.ask("images/boot/source", "PUT", pictures[number], tag).status

    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(put, range(6)))
    assert sorted(statuses) == [200, *[412] * 5]
    assert shoes.image("red.png").read_bytes() == pictures[statuses.index(200)]
    assert not leftovers(shoes)
