"""How long replies may be kept, and how they are asked for again. References: docs/versions.md, RFC 9110."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

import pytest
from pictures import quadrants
from serving import Client, Reply, serving
from sites import QUIET, write_site

YEAR = 31536000
CATALOGS = {
    "Co": """
attributes: {root_path: images}
images:
  grid: {path: grid.png, map: '<area shape="rect" coords="1,1,9,9">'}
  brief: {path: grid.png, expiration: 0.5}
  never: {path: grid.png, expiration: 0}
  for-ever: {path: grid.png, expiration: -1}
  gone: {path: gone.png, expiration: -1}
  inherited: {path: grid.png, expiration: -2}
  fraction: {path: grid.png, expiration: 0.0001}
macros: {thumb: wid=10&hei=10}
""",
    "Other": """
attributes: {root_path: images, expiration: 2, non_img_expiration: 0.25}
images:
  grid: {path: grid.png}
  inherited: {path: grid.png, expiration: -2}
""",
    "Missing": """
attributes: {root_path: images, default_image: instead}
images:
  instead: {path: grid.png}
""",
    "Shown": """
attributes: {root_path: images, default_image: instead, default_expiration: 3}
images:
  instead: {path: grid.png}
  own: {path: grid.png, expiration: 0.5}
  broken-off: {path: not-there.png}
""",
    "Dated": """
attributes: {root_path: images, use_last_modified: 1, time_stamp: "2019-06-01T12:00:00Z"}
images:
  stamped: {path: grid.png, time_stamp: "2020-01-02T03:04:05Z"}
  inherited: {path: grid.png}
""",
}
STAMPED = "Thu, 02 Jan 2020 03:04:05 GMT"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = write_site(tmp_path_factory.mktemp("caching"), CATALOGS)
    quadrants(40, 30).save(folder / "catalogs" / "Co" / "images" / "gone.png")
    with serving(folder, environment=QUIET) as client:
        yield client


def ask(client: Client, url: str, method: str = "GET", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.ask(f"/is/image/{url}", method, headers=named)


def seconds_of(reply: Reply) -> int:
    directives = dict(part.strip().partition("=")[::2] for part in reply.headers["Cache-Control"].split(","))
    return int(directives["max-age"])


@pytest.mark.parametrize(
    ("url", "cache_control"),
    [
        ("Co/grid", "public, max-age=36000"),  # attribute::Expiration is 10 hours
        ("Co/inherited", "public, max-age=36000"),  # -2 is the attribute's
        ("Other/grid", "public, max-age=7200"),
        ("Other/inherited", "public, max-age=7200"),
        ("Co/brief", "public, max-age=1800"),
        ("Co/fraction", "public, max-age=0"),
        ("Co/grid?src=brief", "public, max-age=1800"),  # the smallest over all layers
        ("Co/brief?src=grid", "public, max-age=36000"),  # the record of the path is no layer
        ("Co/never", "no-cache"),
        ("Co/for-ever", "public, max-age=31536000, immutable"),
        ("Co/grid?cache=off", "no-store"),
        ("Co/grid?cache=off,on", "no-store"),
        ("Co/for-ever?cache=off,off", "no-store"),
        ("Co/grid?cache=on,off", "public, max-age=36000"),
        ("Co/grid?cache=validate", "public, max-age=36000"),
        ("Co/grid?cache=update", "public, max-age=36000"),
        ("Co/grid.png", "public, max-age=36000"),
        *((f"Co/brief?req={kind}", "public, max-age=1800") for kind in ("img", "mask", "tmb", "tile")),
        *((f"Co/brief?req={kind}", "public, max-age=1800") for kind in ("map", "targets", "userdata")),
        *((f"Co/brief?req={kind}", "public, max-age=360") for kind in ("props", "imageprops", "exists", "imageset")),
        ("Other/grid?req=props", "public, max-age=900"),
        ("Other?req=catalogprops", "public, max-age=900"),
        ("Co/gone-for-good?req=exists", "public, max-age=360"),
        *((f"Co/grid?req={kind}", "no-store") for kind in ("validate", "resolve", "loadcache", "message")),
    ],
)
def test_lifetime(client: Client, url: str, cache_control: str) -> None:
    reply = ask(client, url)
    assert reply.status == 200, reply.text
    assert reply.headers["Cache-Control"] == cache_control
    assert ("ETag" in reply.headers) is (cache_control != "no-store")
    assert ("Expires" in reply.headers) is ("max-age" in cache_control)


def test_expires_says_the_same_as_max_age(client: Client) -> None:
    headers = ask(client, "Co/brief").headers
    lifetime = parsedate_to_datetime(headers["Expires"]) - parsedate_to_datetime(headers["Date"])
    assert abs(lifetime.total_seconds() - 1800) <= 2


def test_tag_is_strong_and_32_hex_digits(client: Client) -> None:
    tag = ask(client, "Co/grid").headers["ETag"]
    assert tag[0] == tag[-1] == '"'
    assert len(bytes.fromhex(tag.strip('"'))) == 16


@pytest.mark.parametrize("url", ["Co/nothing", "Co/grid?wid=x", "Co/for-ever?wid=-1", "Co/nothing?req=props,json"])
def test_error_is_never_kept(client: Client, url: str) -> None:
    reply = ask(client, url, If_None_Match="*")
    assert reply.status == 403
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers


@pytest.mark.parametrize(
    ("url", "status", "seconds"),
    [
        ("Missing/nothing", 200, 3600),  # attribute::DefaultExpiration is 1 hour
        ("Shown/nothing", 200, 3 * 3600),
        ("Shown/broken-off", 200, 3 * 3600),
        ("Shown/nothing?defaultImage=own", 200, 1800),  # its own record says more
        ("Co/nothing?defaultImage=grid", 200, 3600),
        ("Shown/nothing?defaultImage=", 403, 0),
        ("Shown/nothing?req=props", 403, 0),  # r-is-http-defaultimage: only for req=img and req=tmb
        ("Shown/nothing?req=mask", 403, 0),
    ],
)
def test_default_image(client: Client, url: str, status: int, seconds: int) -> None:
    reply = ask(client, url)
    assert reply.status == status
    assert ("X-Default-Image" in reply.headers) is (status == 200)
    if status == 200:
        assert reply.image.size == (40, 30)
        assert seconds_of(reply) == seconds


def test_shown_image_is_not_called_a_default_image(client: Client) -> None:
    assert "X-Default-Image" not in ask(client, "Shown/instead").headers


@pytest.mark.parametrize("condition", ['"{tag}"', '"a", "{tag}"', 'W/"{tag}"', '"a",W/"{tag}" , "b"', "*"])
@pytest.mark.parametrize("url", ["Co/grid", "Co/never", "Co/brief?req=map", "Co/grid?req=props,json"])
def test_known_content_is_not_sent_again(client: Client, url: str, condition: str) -> None:
    first = ask(client, url)
    tag = first.headers["ETag"].strip('"')
    again = ask(client, url, If_None_Match=condition.replace("{tag}", tag))
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]


@pytest.mark.parametrize("condition", ['"0123"', 'W/"0123"', "", '"a", "b"', "{tag}", '"{tag}x"'])
def test_other_content_is_sent(client: Client, condition: str) -> None:
    first = ask(client, "Co/grid")
    again = ask(client, "Co/grid", If_None_Match=condition.replace("{tag}", first.headers["ETag"].strip('"')))
    assert (again.status, again.body) == (200, first.body)


@pytest.mark.parametrize("url", ["Co/grid?cache=off", "Co/grid?req=validate"])
def test_what_may_not_be_kept_is_sent_again(client: Client, url: str) -> None:
    assert ask(client, url, If_None_Match="*").status == 200


@pytest.mark.parametrize(
    ("url", "since", "status"),
    [
        ("Dated/stamped", STAMPED, 304),
        ("Dated/stamped", "Thu, 02 Jan 2020 03:04:06 GMT", 304),
        ("Dated/stamped", "Thu, 02 Jan 2020 03:04:04 GMT", 200),
        ("Dated/stamped", "last week", 200),
        ("Dated/stamped", "", 200),
        ("Dated/inherited", "Sat, 01 Jun 2019 12:00:00 GMT", 304),  # attribute::TimeStamp
        ("Dated/inherited", "Sat, 01 Jun 2019 11:59:59 GMT", 200),
    ],
)
def test_if_modified_since(client: Client, url: str, since: str, status: int) -> None:
    assert ask(client, url, If_Modified_Since=since).status == status


def test_dates_say_nothing_without_use_last_modified(client: Client) -> None:
    assert ask(client, "Co/grid", If_Modified_Since=formatdate(usegmt=True)).status == 200


def test_last_modified_is_sent_only_where_the_catalog_says_so(client: Client) -> None:
    assert ask(client, "Dated/stamped").headers["Last-Modified"] == STAMPED
    assert "Last-Modified" not in ask(client, "Co/grid").headers


def test_tag_decides_before_the_date(client: Client) -> None:
    reply = ask(client, "Dated/stamped", If_None_Match='"other"', If_Modified_Since=formatdate(usegmt=True))
    assert reply.status == 200


@pytest.mark.parametrize("condition", [{"If_None_Match": '"old"'}, {"If_Modified_Since": STAMPED}])
def test_what_never_expires_is_never_looked_at(client: Client, condition: dict[str, str]) -> None:
    """r-expiration-cat: "the server always returns 304 without checking whether the file has actually changed"."""
    reply = ask(client, "Co/for-ever?wid=10", **condition)
    assert (reply.status, reply.body) == (304, b"")
    assert reply.headers["Cache-Control"] == f"public, max-age={YEAR}, immutable"


def test_what_never_expires_is_known_after_its_file_is_deleted(client: Client) -> None:
    tag = ask(client, "Co/gone").headers["ETag"]
    (client.folder / "catalogs" / "Co" / "images" / "gone.png").unlink()
    assert ask(client, "Co/gone", If_None_Match=tag).status == 304
    assert ask(client, "Co/gone").status == 403


@pytest.mark.parametrize(
    "url",
    [
        "Co/grid",
        "Co/for-ever?wid=20&fmt=png",
        "Co/never",
        "Co/grid?req=map",
        "Co/grid?req=props,json&id=7",
        "Co/grid?req=validate",
        "Dated/stamped",
        "Missing/nothing",
        "Co/nothing",
        "Co/grid?wid=x",
    ],
)
def test_head_has_the_headers_of_get(client: Client, url: str) -> None:
    fetched, asked = ask(client, url), ask(client, url, "HEAD")
    assert asked.status == fetched.status
    assert asked.body == b""
    own = {"Date", "Expires", "X-Request-Id"}
    assert {k: v for k, v in asked.headers.items() if k not in own} == {
        k: v for k, v in fetched.headers.items() if k not in own
    }
    assert int(fetched.headers["Content-Length"]) == len(fetched.body)


def test_head_is_answered_304_too(client: Client) -> None:
    assert ask(client, "Co/grid", "HEAD", If_None_Match="*").status == 304


@pytest.mark.parametrize(
    "url",
    [
        "Co/grid?fmt=png&wid=20",
        "Co/grid?WID=20&Fmt=PNG",
        "Co/grid?wid=20&fmt=png&id=1234567890",
        "Co/grid?wid=20&fmt=png&id=",
        "Co/grid?wid=20&fmt=png&utm_source=mail&ts=1490005239000",
        "Co/grid?.comment&wid=20&&fmt=png&",
        "Co/grid?wid=30&wid=20&fmt=png",
        "Co/grid?amp;wid=20&amp;fmt=png",
        "Co/grid?wid=20&fmt=png&bfc=off&cache=on",
        "Co/grid?wid=20&scale=1&rotate=0&op_blur=0&fmt=png",
        "Co//grid/?wid=%320&fmt=png",
        "Co/brief?wid=20&fmt=png",
        "Other/grid?wid=20&fmt=png",  # equal content of equal files
    ],
)
def test_equal_pictures_have_one_tag(client: Client, url: str) -> None:
    first, second = ask(client, "Co/grid?wid=20&fmt=png"), ask(client, url)
    assert second.body == first.body
    assert second.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize(
    "url", ["Co/grid?wid=21&fmt=png", "Co/grid?wid=20&fmt=png-alpha", "Co/grid?wid=20&fmt=png&flip=lr", "Co/grid"]
)
def test_other_pictures_have_other_tags(client: Client, url: str) -> None:
    assert ask(client, url).headers["ETag"] != ask(client, "Co/grid?wid=20&fmt=png").headers["ETag"]


def test_properties_keep_their_tag_though_they_carry_a_date(client: Client) -> None:
    tags = {ask(client, "Co/grid?req=props").headers["ETag"] for _ in range(2)}
    assert len(tags) == 1


def test_post_is_answered_as_get(client: Client) -> None:
    fetched = ask(client, "Co/grid?wid=20&fmt=png")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    posted = client.ask("/is/image/Co/grid", "POST", b"wid=20&fmt=png", form)
    assert (posted.body, posted.headers["ETag"]) == (fetched.body, fetched.headers["ETag"])


def test_files_of_one_content_have_one_tag(client: Client) -> None:
    copy: Path = client.folder / "catalogs" / "Other" / "images" / "copy.png"
    copy.write_bytes((client.folder / "catalogs" / "Co" / "images" / "grid.png").read_bytes())
    assert ask(client, "Other/copy.png?wid=20").headers["ETag"] == ask(client, "Co/grid?wid=20").headers["ETag"]
