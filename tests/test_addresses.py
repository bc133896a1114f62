"""Who is served: client_address_filter, trusted proxies, and replies that were given before."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from pictures import RED
from serving import Client, serving
from sites import plain

from catalogs import problems, write
from imageserver.catalog.addresses import address_of, is_listed, networks_of
from imageserver.config import Server, forwarding, proxies
from imageserver.render.built_in_profiles import built_in_bytes
from imageserver.server.clients import Clients, address_in


@pytest.mark.parametrize(
    ("listed", "address", "allowed"),
    [
        ("0.0.0.0/0", "1.2.3.4", True),  # the examples of the reference
        ("0.0.0.0/0", "2001:db8::1", True),
        ("192.0.0.0/8", "192.7.7.7", True),
        ("192.0.0.0/8", "193.0.0.1", False),
        ("192.168.12.0/23", "192.168.13.255", True),
        ("192.168.12.0/23", "192.168.14.0", False),
        ("192.168.2.117", "192.168.2.117", True),
        ("192.168.2.117/32", "192.168.2.118", False),
        ("10.0.0.1, 10.0.0.9/32 , 192.168.0.0/16,", "192.168.4.4", True),
        ("10.0.0.1,10.0.0.9", "10.0.0.9", True),
        ("10.0.0.77/24", "10.0.0.1", True),
        ("10.0.0.0/255.255.0.0", "10.0.9.9", True),
        ("2001:db8::/32", "2001:db8:1::5", True),
        ("2001:db8::/32", "2001:db9::5", False),
        ("192.168.0.0/16", "::ffff:192.168.3.3", True),
        ("::1", "::1%lo", True),
        ("10.0.0.0/8", "::1", False),
        ("10.0.0.0/8", "unknown", False),
        ("0.0.0.0/0", "unknown", True),
        ("::/0", "1.2.3.4", False),
    ],
)
def test_filter(listed: str, address: str, allowed: bool) -> None:
    assert is_listed(address_of(address), networks_of(listed)) is allowed


@given(st.ip_addresses(v=4), st.integers(0, 32), st.ip_addresses(v=4))
def test_mask_compares_the_first_bits(base: object, bits: int, address: object) -> None:
    same = int(ip_address(base)) >> (32 - bits) == int(ip_address(address)) >> (32 - bits)  # type: ignore[arg-type]
    assert is_listed(address_of(str(address)), networks_of(f"{base}/{bits}")) is (
        same or f"{base}/{bits}" == "0.0.0.0/0"
    )


@given(st.lists(st.one_of(st.ip_addresses(), st.sampled_from(["10.0.0.0/8", "::/3"])), min_size=1), st.ip_addresses())
def test_a_list_is_any_of_its_members(members: list[object], address: object) -> None:
    text = ",".join(map(str, members))
    expected = any(ip_address(str(address)) in ip_network(str(one)) for one in members)
    mapped = getattr(address, "ipv4_mapped", None)
    assert mapped or is_listed(address_of(str(address)), networks_of(text)) is expected


@pytest.mark.parametrize(
    "text", ["300.0.0.1", "10.0.0.0/33", "10.0.0", "a.example", "10.0.0.1;10.0.0.2", "fe80::1%lo", "1,,2"]
)
def test_wrong_filters_are_told_and_keep_all_out(tmp_path: Path, text: str) -> None:
    yaml = f"attributes: {{client_address_filter: '{text}'}}"
    (found,) = problems(tmp_path / "catalogs", yaml)
    assert "attributes.client_address_filter: expected addresses with optional netmasks" in found
    kept = write(tmp_path / "catalogs", {"Co/catalog.yaml": yaml}).catalogs.named["Co"].attributes
    assert not is_listed(address_of("10.0.0.1"), networks_of(kept.client_address_filter))


def client_of(peer: str, headers: list[tuple[str, str]], trusted: str, header: str = "X-Forwarded-For") -> str:
    request = make_mocked_request("GET", "/", headers=CIMultiDict(headers))
    request = request.clone(remote=peer)
    server = Server(trusted_proxies=proxies(trusted), forwarded_header=forwarding(header))
    return str(Clients(server).address(request))


X, F = "X-Forwarded-For", "Forwarded"


@pytest.mark.parametrize(
    ("peer", "headers", "trusted", "header", "client"),
    [
        ("1.1.1.1", [], "", X, "1.1.1.1"),
        ("1.1.1.1", [(X, "9.9.9.9")], "", X, "1.1.1.1"),  # nobody is believed
        ("1.1.1.1", [(X, "9.9.9.9")], "2.2.2.2", X, "1.1.1.1"),
        ("2.2.2.2", [(X, "9.9.9.9")], "2.2.2.2", X, "9.9.9.9"),
        ("2.2.2.2", [(X, "10.0.0.1, 9.9.9.9")], "2.2.2.2", X, "9.9.9.9"),  # what the client made up comes first
        ("2.2.2.2", [(X, "9.9.9.9, 2.2.2.7")], "2.2.2.0/24", X, "9.9.9.9"),
        ("2.2.2.2", [(X, "9.9.9.9"), (X, "2.2.2.7")], "2.2.2.0/24", X, "9.9.9.9"),
        ("2.2.2.2", [(X, "2.2.2.9, 2.2.2.7")], "2.2.2.0/24", X, "2.2.2.9"),
        ("2.2.2.2", [(X, "9.9.9.9:4711")], "2.2.2.2", X, "9.9.9.9"),
        ("2.2.2.2", [(X, "[2001:db8::5]:80")], "2.2.2.2", X, "2001:db8::5"),
        ("2.2.2.2", [(X, "9.9.9.9, unknown")], "2.2.2.2", X, "None"),
        ("2.2.2.2", [], "2.2.2.2", X, "2.2.2.2"),
        ("2.2.2.2", [(F, "for=9.9.9.9")], "2.2.2.2", X, "2.2.2.2"),  # the other header is the client's own
        ("2.2.2.2", [(F, 'for=10.0.0.1, for="[2001:db8::5]:80";proto=https')], "2.2.2.2", F, "2001:db8::5"),
        ("2.2.2.2", [(F, "proto=http;FOR=9.9.9.9;by=2.2.2.2")], "2.2.2.2", F, "9.9.9.9"),
        ("2.2.2.2", [(F, "for=_hidden")], "2.2.2.2", F, "None"),
        ("2.2.2.2", [(F, "by=9.9.9.9")], "2.2.2.2", F, "None"),
        ("", [(X, "9.9.9.9")], "2.2.2.2", X, "None"),
        ("", [(X, "9.9.9.9")], "unix", X, "9.9.9.9"),
        ("1.1.1.1", [(X, "9.9.9.9")], "unix", X, "1.1.1.1"),
        ("::ffff:2.2.2.2", [(X, "9.9.9.9")], "2.2.2.2", X, "9.9.9.9"),
    ],
)
def test_client(peer: str, headers: list[tuple[str, str]], trusted: str, header: str, client: str) -> None:
    assert client_of(peer, headers, trusted, header) == client


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_none(text: str) -> None:
    assert address_in(text) is None or str(address_in(text))


CATALOGS = {
    "Inner/catalog.yaml": "attributes: {client_address_filter: '10.0.0.0/8,2001:db8::/32'}\n"
    "images: {r: {path: r.png, crops: {Secret: [0, 0, 1, 1]}}}\nmacros: {Secret: wid=9}\n"
    "content: {film: {path: r.png, user_type: video}}\nicc_profiles: {House: house.icc}",
    "Sent/catalog.yaml": "rules: [{expression: ^Sent, substitution: Inner, request_type: []}]",
    "folder/catalog.yaml": "attributes: {root_id: Other, client_address_filter: 10.0.0.0/8}\nimages: {}",
    "Open/catalog.yaml": "attributes: {}\nimages: {r: {path: r.png}, t: {modifier: 'layer=0&src=Inner/r'}}",
    "Free/catalog.yaml": "attributes: {client_address_filter: 0.0.0.0/0}\nimages: {r: {path: r.png}}",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("addresses")
    for name in ("Inner", "Open", "Free", "folder"):
        plain(folder / "catalogs" / name / "r.png", RED)
    write(folder / "catalogs", CATALOGS)
    for name in ("Inner", "folder"):
        (folder / "catalogs" / name / "house.icc").write_bytes(built_in_bytes("DisplayP3"))
    environment = {"IMAGESERVER_SERVER__ACCESS_LOG": "", "IMAGESERVER_SERVER__TRUSTED_PROXIES": "127.0.0.1"}
    with serving(folder, environment=environment) as client:
        yield client


@pytest.mark.parametrize(
    "url",
    [
        "Inner/r",
        "Inner/r?req=props",
        "Inner/r?req=exists",
        "Inner/r.png",
        "Inner?req=catalogprops",
        "Inner/r?req=validate",
        "Open?src=Inner/r",
        "Open/r?layer=1&src=is{Inner/r}",
        "Open/r?mask=Inner/r",
        "Open/t",
        "Open/nothing?defaultImage=Inner/r",
        "Open/r?template=Inner/r",
    ],
)
def test_a_filter_holds_on_all_ways_and_for_replies_that_were_given_before(client: Client, url: str) -> None:
    for _ in range(3):
        for address, status in (("10.1.1.1", 200), ("11.1.1.1", 403), ("2001:db8::7", 200), ("unknown", 403)):
            reply = client.ask(f"/is/image/{url}", headers={"X-Forwarded-For": address})
            if url != "Open/r?template=Inner/r" or status == 403:
                assert reply.status == status, reply.text
            if status == 403:
                assert reply.text.startswith("request refused by catalog 'Inner': the client's address is not one of")
                assert "10.0.0.0" not in reply.text
            elif url.startswith("Inner") and "ETag" in reply.headers:
                assert "private" in reply.headers["Cache-Control"]


@pytest.mark.parametrize(
    "url",
    [
        "/is/content/Inner/film",
        "/is/content/Inner/film?req=props",
        "/is/content/Inner/film?req=exists",
        "/is/content/Inner/r.png",
        "/is/image/Inner/r?req=set",
        "/is/image/Open?req=set&imageSet={Inner/r,Open/r}",
        "/is/image/Open?req=set&imageSet={Inner/film,Open/r}",
    ],
)
def test_a_filter_holds_for_static_content_and_for_sets(client: Client, url: str) -> None:
    for address in ("10.1.1.1", "11.1.1.1") * 2:
        reply = client.ask(url, headers={"X-Forwarded-For": address})
        assert (reply.status == 200) is (address == "10.1.1.1" and not url.endswith(".png")), reply.text
        if url.startswith("/is/content") and reply.status == 200:
            assert "private" in reply.headers["Cache-Control"]
        if address == "11.1.1.1":
            assert reply.status == 403


@pytest.mark.parametrize(
    "url",
    [
        "image/Open?src=Inner/r:none",
        "image/Open?src=is{Inner/r?$none$}",
        "image/Sent?req=catalogprops",
        "image/Sent/r?req=xlate",
        "image/Sent/r?$none$",
        "image/Sent/r?req=validate",
        "content/Sent/film?locale=none",
        "content/Sent/film?req=exists",
    ],
)
def test_nothing_is_told_of_what_is_refused(client: Client, url: str) -> None:
    """Not even the names of crops, macros and attributes that an error would list."""
    reply = client.ask(f"/is/{url}", headers={"X-Forwarded-For": "11.1.1.1"})
    assert reply.text == (
        "request refused by catalog 'Inner': the client's address is not one of client_address_filter\n"
    )
    assert b"request refused" not in client.ask(f"/is/{url}", headers={"X-Forwarded-For": "10.1.1.1"}).body


@pytest.mark.parametrize(
    "name", ["Inner/House", "Inner/house.icc", "/Inner/House", "/Inner/house.icc", "folder/house.icc"]
)
def test_a_profile_of_a_catalog_that_is_not_shown_is_not_there(client: Client, name: str) -> None:
    for address, status in (("10.1.1.1", 200), ("11.1.1.1", 403), ("10.1.1.1", 200)):
        reply = client.ask(f"/is/image/Open/r?icc={name}&iccEmbed=1", headers={"X-Forwarded-For": address})
        assert reply.status == status, reply.text
    assert b"Display P3" not in client.ask(f"/is/image/Open/r?icc={name}", headers={"X-Forwarded-For": "11.1.1.1"}).body


@pytest.mark.parametrize("url", ["folder/r.png", "Open?src=/folder/r.png", "folder/../folder/r.png", "Other/r.png"])
def test_the_folder_of_a_catalog_is_no_way_around_it(client: Client, url: str) -> None:
    for address, status in (("10.1.1.1", 200), ("11.1.1.1", 403)) * 2:
        reply = client.ask(f"/is/image/{url}", headers={"X-Forwarded-For": address})
        assert reply.status == status or (status, ".." in url) == (200, True), reply.text


def test_others_are_served(client: Client) -> None:
    for url in ("Open/r", "Free/r"):
        for address in ("10.1.1.1", "11.1.1.1", "2001:db9::1"):
            assert client.ask(f"/is/image/{url}", headers={"X-Forwarded-For": address}).status == 200


def test_conditional_requests_do_not_pass_by_a_filter(client: Client) -> None:
    tag = client.ask("/is/image/Inner/r", headers={"X-Forwarded-For": "10.1.1.1"}).headers["ETag"]
    asked = {"If-None-Match": tag, "X-Forwarded-For": "11.1.1.1"}
    assert client.ask("/is/image/Inner/r", headers=asked).status == 403
    assert client.ask("/is/image/Inner/r", headers={**asked, "X-Forwarded-For": "10.1.1.1"}).status == 304


def test_the_gallery_shows_what_the_visitor_may_see(client: Client) -> None:
    assert "/is/image/Inner/r" in client.ask("/", headers={"X-Forwarded-For": "10.1.1.1"}).text
    assert "/is/image/Inner/r" not in client.ask("/", headers={"X-Forwarded-For": "11.1.1.1"}).text
