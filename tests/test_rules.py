"""Rule sets: what they make of requests. Reference: c-rule-set-reference and its pages, with each of their examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import GREEN, RED
from serving import Client, serving
from sites import plain

from catalogs import problems, write
from imageserver.admission.rules import Preprocessed, preprocess
from imageserver.catalog.addresses import address_of
from imageserver.catalog.catalogs import Catalogs, Visitor
from imageserver.config import Limits
from imageserver.errors import LimitExceeded, Refused

LIMITS = Limits()
Rule = dict[str, Any]


def catalogs_with(folder: Path, *rules: Rule, default: str = "") -> Catalogs:
    text = f"attributes: {{root_id: Co}}\nrules: {json.dumps(list(rules))}\nimages: {{shoe: {{}}, a/b: {{}}}}"
    other = "attributes: {root_id: Other, max_pix: [7, 7]}"
    state = write(folder, {"Co/catalog.yaml": text, "Other/catalog.yaml": other, "default.yaml": default})
    assert not state.problems, [str(one) for one in state.problems]
    return state.catalogs


def after(catalogs: Catalogs, url: str, **options: Any) -> Preprocessed:  # noqa: ANN401, what preprocess takes
    path, _, query = url.partition("?")
    return preprocess("/" + path, query, catalogs, LIMITS, **options)


def made(catalogs: Catalogs, url: str) -> str:
    done = after(catalogs, url)
    return f"{done.path.lstrip('/')}?{done.modifiers}" if done.modifiers else done.path.lstrip("/")


HIGH = {"expression": "(?i)_hg$", "substitution": r"\?&qlt=95,1&resmode=bicub"}
HIGH_CDATA = {"expression": "(?i)_hg$", "substitution": "&qlt=95,1&resmode=bicub"}
SIZES = {"expression": "([^/]+)/(small|medium|large)$", "substitution": "$2Template?src=sample/$1"}
PRESETS = {"expression": r"^(.*)/([^/]*)/(.*)\.jpg$", "substitution": r"$3?\$$2\$"}
MACRO = {"expression": "thumb/", "substitution": "?$thumbnail$&req=tmb&src="}


@pytest.mark.parametrize(
    ("rules", "url", "expected"),
    [
        # the examples of the reference
        ([HIGH], "Co/shoe_hg", "Co/shoe?&qlt=95,1&resmode=bicub"),
        ([HIGH], "Co/shoe_HG", "Co/shoe?&qlt=95,1&resmode=bicub"),
        ([HIGH], "Co/shoe_hg?wid=9", "Co/shoe_hg?wid=9"),
        ([HIGH_CDATA], "Co/shoe_hg", "Co/shoe?qlt=95,1&resmode=bicub"),
        ([SIZES], "Co/myImage/small", "Co/smallTemplate?src=sample/myImage"),
        ([SIZES], "Co/myImage/huge", "Co/myImage/huge"),
        # without a catalog of its own, what rules make keeps the one that they are of
        ([PRESETS], "Co/zoom/shoe.jpg", "Co/shoe?$zoom$"),
        ([{"expression": "^Co/", "substitution": "Other/"}], "Co/shoe?wid=9", "Other/shoe?wid=9"),
        # what is replaced, and by what
        ([{"expression": "o", "substitution": "0"}], "Co/shoo", "Co/C0/shoo"),
        ([{"expression": "o", "substitution": "0", "replace": "all"}], "Co/sho?o=o", "Co/C0/sh0?0=0"),
        ([{"expression": "_x", "substitution": ""}], "Co/a_x_x", "Co/a_x"),
        ([{"expression": "_x"}], "Co/a_x", "Co/a_x"),
        ([{"expression": "(a)(b)?", "substitution": "[$2$1]"}], "Co/a", "Co/[a]"),
        ([{"expression": "(a)", "substitution": "$10"}], "Co/a", "Co/a0"),
        ([{"expression": "a", "substitution": r"\$1\\"}], "Co/a", "Co/$1\\"),
        ([{"expression": "a", "substitution": "$x$$"}], "Co/a", "Co/$x$$"),
        ([MACRO], "Co/thumb/shoe", "Co/?$thumbnail$&req=tmb&src=shoe"),
        ([{"expression": "fmt=swf(-alpha)?", "substitution": "fmt=png$1"}], "Co/a?fmt=swf-alpha", "Co/a?fmt=png-alpha"),
        ([{"expression": "%20", "substitution": "-", "replace": "all"}], "Co/a%20b%20c", "Co/a-b-c"),
        ([{"expression": "größe", "substitution": "size"}], "Co/a?größe=1", "Co/a?size=1"),
        ([{"expression": "\\?", "substitution": "?qlt=9&"}], "Co/a?wid=5", "Co/a?qlt=9&wid=5"),
        ([{"expression": ".*", "substitution": "Co/other"}], "Co/a?wid=5", "Co/other"),
        # without an expression
        ([{"substitution": "&qlt=80"}], "Co/a", "Co/a?qlt=80"),
        ([{"substitution": "&qlt=80"}], "Co/a?wid=9", "Co/a?wid=9&qlt=80"),
        ([{"substitution": r"\?qlt=80"}], "Co/a?wid=9", "Co/a?wid=9&qlt=80"),
        ([{"substitution": ".png"}], "Co/a?wid=9", "Co/a.png?wid=9"),
        ([{"expression": "", "substitution": ".png"}], "Co/a", "Co/a.png"),
        # which rules, and in which order
        ([{"expression": "a", "substitution": "b"}, {"expression": "b", "substitution": "c"}], "Co/a", "Co/b"),
        (
            [
                {"expression": "a", "substitution": "b", "on_match": "continue"},
                {"expression": "b", "substitution": "c", "on_match": "continue"},
                {"expression": "nothing", "substitution": "d"},
            ],
            "Co/a",
            "Co/c",
        ),
        ([{"expression": "a", "substitution": "b", "request_type": "static"}], "Co/a", "Co/a"),
        ([{"expression": "a", "substitution": "b", "request_type": "is,static"}], "Co/a", "Co/b"),
        ([{"expression": "a", "substitution": "b", "request_type": ""}], "Co/a", "Co/b"),
        ([{"expression": "x", "substitution": "y"}], "Other/x", "Other/x"),
        ([{"expression": "x", "substitution": "y"}], "x", "x"),
    ],
)
def test_substitution(tmp_path: Path, rules: list[Rule], url: str, expected: str) -> None:
    assert made(catalogs_with(tmp_path, *rules), url) == expected


def test_default_rules_are_for_requests_without_a_catalog(tmp_path: Path) -> None:
    default = 'rules: [{expression: "^x", substitution: "Co/shoe?wid=9"}]'
    catalogs = catalogs_with(tmp_path, default=default)
    assert made(catalogs, "x") == "Co/shoe?wid=9"
    assert made(catalogs, "Co/x") == "Co/x"


def test_static_requests_have_rules_of_their_own(tmp_path: Path) -> None:
    catalogs = catalogs_with(tmp_path, {"expression": "a$", "substitution": "b", "request_type": "static"})
    assert after(catalogs, "Co/a", kind="static").path == "Co/b"


def test_attributes_of_the_last_rule_hold(tmp_path: Path) -> None:
    catalogs = catalogs_with(
        tmp_path,
        {"expression": "a", "on_match": "continue", "attributes": {"max_pix": [1, 2], "expiration": 3}},
        {"expression": "b", "on_match": "continue", "attributes": {"max_pix": [5, 6]}},
        {"expression": "c", "on_match": "continue", "attributes": {"max_pix": [7, 8]}},
    )
    attributes = after(catalogs, "Co/ab").catalogs.named["Co"].attributes
    assert (attributes.max_pix.width, attributes.expiration) == (5, 3.0)
    assert catalogs.named["Co"].attributes.max_pix.width == 2000


def test_attributes_go_along_to_another_catalog_but_for_those_of_access(tmp_path: Path) -> None:
    own = {"expiration": 3, "client_address_filter": "10.0.0.0/8", "request_signing": 1}
    catalogs = catalogs_with(tmp_path, {"expression": "^Co", "substitution": "Other", "attributes": own})
    there = after(catalogs, "Co/x").catalogs.named["Other"].attributes
    assert (there.expiration, there.client_address_filter, there.request_signing) == (3.0, "", False)


@pytest.mark.parametrize(
    ("address", "url", "refused"),
    [
        ("10.1.2.3", "Co/inner", False),
        ("11.1.2.3", "Co/inner", True),
        ("11.1.2.3", "Co/other", False),
        ("::1", "Co/inner", True),
        ("", "Co/inner", True),
    ],
)
def test_address_filter_of_a_rule(tmp_path: Path, address: str, url: str, refused: bool) -> None:
    rule = {"name": "lan", "expression": "inner", "address_filter": "10.0.0.0/8"}
    catalogs = catalogs_with(tmp_path, rule)
    seen = Catalogs(catalogs.default, catalogs.named, Visitor(address_of(address)))
    if refused:
        with pytest.raises(Refused, match="rule 'lan'"):
            after(seen, url)
    else:
        assert after(seen, url).path.endswith(url)


def test_error_refuses(tmp_path: Path) -> None:
    catalogs = catalogs_with(tmp_path, {"name": "no blur", "expression": "op_blur=", "on_match": "error"})
    with pytest.raises(Refused, match="request refused by catalog 'Co': rule 'no blur' does not allow it"):
        after(catalogs, "Co/shoe?op_blur=9")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"expression": "(?<=a)b"}, "rules.expression: expected a regular expression without look-around, back"),
        ({"expression": r"(a)\1"}, "not '(a)\\1'"),
        ({"expression": "a*+"}, "bad repetition operator"),
        ({"expression": "a{99999}"}, "repetitions above 1000"),
        ({"expression": "[a-z&&[^b]]"}, "intersections of classes"),
        ({"expression": "(a)", "substitution": "$2"}, "rules.substitution: expected $n with n up to 1"),
        ({"address_filter": "300.1.1.1"}, "rules.address_filter: expected addresses with optional netmasks"),
        ({"headers": [{"name": "a b", "action": "set", "value": "x"}]}, "rules.headers: expected headers whose names"),
        ({"headers": [{"name": "Content-Length", "action": "set", "value": "1"}]}, "rules.headers"),
        ({"headers": [{"name": "X", "action": "drop", "value": "1"}]}, "action set or add"),
    ],
)
def test_wrong_rules_are_refused_with_their_place(tmp_path: Path, rule: Rule, problem: str) -> None:
    (found,) = problems(tmp_path / "catalogs", f"images: {{}}\nrules:\n- {json.dumps(rule)}\n")
    assert found.startswith("3:")
    assert problem in found


@pytest.mark.parametrize(
    ("rule", "refuses"),
    [
        ({"expression": "(?<=a)b", "substitution": "c"}, False),
        ({"expression": "(?<=a)b", "on_match": "error"}, True),
        ({"expression": "(?<=a)b", "address_filter": "10.0.0.1"}, True),
        ({"address_filter": "10.0.0"}, True),
        ({"expression": "(?<=a)b", "attributes": {"request_signing": 1}}, True),
        ({"expression": "x", "attributes": {"request_lock": 7}}, True),
    ],
)
def test_a_wrong_rule_that_keeps_out_keeps_all_out(tmp_path: Path, rule: Rule, refuses: bool) -> None:
    state = write(tmp_path, {"Co/catalog.yaml": f"rules: [{json.dumps(rule)}]"})
    assert state.problems
    if refuses:
        with pytest.raises(Refused):
            after(state.catalogs, "Co/a")
    else:
        assert made(state.catalogs, "Co/a") == "Co/a"


EVIL = ["(a+)+$", "(a|a)*$", "(.*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(a?){200}a{200}$", "(x+x+)+y"]


@pytest.mark.parametrize("expression", EVIL)
@pytest.mark.slow
def test_no_expression_hangs(tmp_path: Path, expression: str) -> None:
    """A backtracking engine would never end."""
    catalogs = catalogs_with(tmp_path, {"expression": expression, "substitution": "z", "replace": "all"})
    assert after(catalogs, "Co/" + "a" * 30_000 + "!")
    assert after(catalogs, "Co/" + "x" * 30_000)


def test_replacements_are_bounded(tmp_path: Path) -> None:
    catalogs = catalogs_with(tmp_path, {"name": "r", "expression": "a", "substitution": "b", "replace": "all"})
    assert made(catalogs, "Co/" + "a" * 2000) == "Co/" + "b" * 2000
    with pytest.raises(LimitExceeded, match="bytes that rule 'r' looks through: 2"):
        after(catalogs, "Co/" + "a" * 60_000)
    doubling = [{"expression": "(.*)", "substitution": "$0$1", "on_match": "continue"}] * 30
    with pytest.raises(LimitExceeded, match=r"limits\.text"):
        after(catalogs_with(tmp_path, *doubling), "Co/x")


@given(url=st.text(st.characters(max_codepoint=0x2FF), max_size=60))
def test_any_url_survives_rules_that_do_not_match(nothing: Catalogs, url: str) -> None:
    path, _, query = url.partition("?")
    done = preprocess(path, query, nothing, LIMITS)
    assert (done.path.lstrip("/"), done.modifiers) == (path.lstrip("/"), query)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Catalogs:
    return catalogs_with(tmp_path_factory.mktemp("nothing"), {"expression": "[^\\x00-\\x{2ff}]", "substitution": "x"})


# --- over a real socket

RULES: list[Rule] = [
    {"name": "edge", "expression": r"\$Edge-Control=", "on_match": "continue",
     "headers": [{"name": "Edge-Control", "action": "set", "value": "$Edge-Control$"}]},
    {"name": "named", "expression": r"\$name=", "on_match": "continue",
     "headers": [{"name": "$name$", "action": "set", "value": "1"}]},
    {"name": "more", "expression": "more=", "on_match": "continue",
     "headers": [{"name": "cache-control", "action": "add", "value": "no-transform"},
                 {"name": "Access-Control-Allow-Origin", "action": "set", "value": "https://one.example"}]},
    {"name": "short", "expression": "short=", "on_match": "continue", "attributes": {"expiration": 1}},
    {"name": "tiny", "expression": "tiny=", "on_match": "continue", "attributes": {"max_pix": [9, 9]}},
    {"name": "quiet", "expression": "quiet", "on_match": "error"},
    {"expression": "(a+)+b$", "on_match": "continue", "substitution": ""},
    {"expression": r"/virtual/(\w+)$", "substitution": "/$1.png?fmt=png"},
]  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("rules")
    for name in ("red.png", "green.png"):
        plain(folder / "catalogs" / "Co" / name, RED if name.startswith("red") else GREEN)
    write(
        folder / "catalogs",
        {"Co/catalog.yaml": "images: {r: {path: red.png}}\nrules: " + json.dumps(RULES)},
    )
    with serving(folder, environment={"IMAGESERVER_SERVER__ACCESS_LOG": ""}) as client:
        yield client


def test_rules_change_the_picture(client: Client) -> None:
    assert client.ask("/is/image/Co/virtual/green").image.getpixel((1, 1)) == GREEN
    assert client.ask("/is/image/Co?src=is{Co/virtual/green}&fmt=png").image.getpixel((1, 1)) == GREEN


@pytest.mark.parametrize(
    ("url", "header", "value"),
    [
        ("Co/r?$Edge-Control=no-store", "Edge-Control", "no-store"),
        ("Co/r?$Edge-Control=max-age%3d9", "Edge-Control", "max-age=9"),
        ("Co/r?$name=X-Made", "X-Made", "1"),
        ("Co/r?more=1", "Cache-Control", "public, max-age=36000, no-transform"),
        ("Co/r?more=1", "Access-Control-Allow-Origin", "https://one.example"),
        ("Co/r?short=1", "Cache-Control", "public, max-age=3600"),
        ("Co/r?req=props&short=1", "Cache-Control", "public, max-age=360"),
    ],
)
def test_headers_and_attributes_hold_for_every_reply_to_a_url(
    client: Client, url: str, header: str, value: str
) -> None:
    for _ in range(3):
        assert client.ask(f"/is/image/{url}").headers[header] == value
    tag = client.ask(f"/is/image/{url}").headers["ETag"]
    known = client.ask(f"/is/image/{url}", headers={"If-None-Match": tag})
    assert (known.status, known.headers[header]) == (304, value)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("Co/r?quiet=1", "request refused by catalog 'Co': rule 'quiet' does not allow it"),
        ("Co/r?tiny=1", "illegal image size"),
        ("Co/r?$Edge-Control=a%0d%0aSet-Cookie:x", "header Edge-Control"),
        ("Co/r?$name=Transfer-Encoding", "header=$name$"),
        ("Co/r?$name=a%20b", "header=$name$"),
    ],
)
def test_refused(client: Client, url: str, error: str) -> None:
    reply = client.ask(f"/is/image/{url}")
    assert reply.status == 403
    assert error in reply.text
    assert "Set-Cookie" not in reply.headers
    assert reply.headers["Cache-Control"] == "no-store"


def test_a_form_does_not_pass_by_the_rules(client: Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.ask("/is/image/Co/r", "POST", b"wid=9&quiet=1", form).status == 403
    assert client.ask("/is/image/Co/r", "POST", b"wid=9", form).status == 200


def test_a_catastrophic_expression_answers(client: Client) -> None:
    """Here a backtracking engine would run until the connection is given up."""
    assert client.ask("/is/image/Co/" + "a" * 25_000).status == 403
