"""Guessing at secrets: after some failures an address has to wait, at whatever door it has guessed."""

from __future__ import annotations

import hashlib
import time
import tracemalloc
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from urllib.parse import urlencode

import pytest
from guests import METRICS, PASSWORD, SECRET, TOKEN, Guest, basic, guest_of
from serving import Client, Reply

from imageserver.dialects.cloudinary.language.signatures import call_text
from imageserver.server.attempts import MOST_FAILURES, WINDOW, Attempts, TooManyAttempts, network_of

NOW = 1_800_000_000.0
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("one", "other", "waits"),
    [("192.0.2.1", "192.0.2.1", True), ("192.0.2.1", "192.0.2.2", False), ("2001:db8::1", "2001:db8::2", True)],
)
def test_attempts_are_counted_by_network_for_a_minute(one: str, other: str, waits: bool) -> None:
    attempts = Attempts()
    for second in (0, *range(MOST_FAILURES)):
        assert attempts.wait(network_of(ip_address(one)), NOW) == 0
        assert attempts.judge(ip_address(one), f"guess {second}", NOW + second, lambda: None) is None
    assert (attempts.wait(network_of(ip_address(other)), NOW + 10) > 0) is waits
    assert attempts.wait(network_of(ip_address(other)), NOW + WINDOW) == 0


def test_who_has_to_wait_is_not_looked_at() -> None:
    attempts, address = Attempts(), ip_address("192.0.2.1")
    assert attempts.judge(address, "mine", NOW, lambda: "let in") == "let in"
    for number in range(MOST_FAILURES):
        assert attempts.judge(address, f"guess {number}", NOW, lambda: None) is None
    with pytest.raises(TooManyAttempts, match=f"wait {WINDOW:g} s"):
        attempts.judge(address, "right", NOW, lambda: pytest.fail("it was looked at"))
    assert attempts.judge(address, "mine", NOW, lambda: "still let in") == "still let in"
    assert attempts.judge(address, "mine", NOW, lambda: None) is None, "what was right once may be wrong by now"


def bearer(guest: Guest, url: str, token: str) -> Reply:
    return guest.ask(url, Authorization=f"Bearer {token}")


def by_password(guest: Guest, url: str, name: str, password: str) -> Reply:
    return guest.ask(url, Authorization=basic(name, password))


def signed(guest: Guest, secret: str) -> Reply:
    values = {"public_id": "nothing", "timestamp": str(int(time.time()))}
    seal = hashlib.sha256(f"{call_text(values, escape=False)}{secret}".encode()).hexdigest()
    body = urlencode({**values, "api_key": "key", "signature": seal}).encode()
    return guest.ask("/v1_1/demo/image/destroy", "POST", body, Content_Type=FORM)


DOORS: Mapping[str, tuple[Callable[[Guest, str], Reply], str]] = {
    "admin": (lambda guest, secret: bearer(guest, "/admin/v1/catalogs", secret), TOKEN),
    "metrics": (lambda guest, secret: bearer(guest, "/metrics", secret), METRICS),
    "4D, login": (
        lambda guest, secret: guest.ask("/rest/$directory/login", "POST", username_4D="ann", password_4D=secret),
        PASSWORD,
    ),
    "4D, Wakanda's login": (
        lambda guest, secret: guest.ask("/rest/$directory/login", "POST", f'["ann","{secret}",60]'.encode()),
        PASSWORD,
    ),
    "4D, Basic": (lambda guest, secret: by_password(guest, "/rest/$catalog", "ann", secret), PASSWORD),
    "4D, Bearer": (lambda guest, secret: bearer(guest, "/rest/$catalog", secret), TOKEN),
    "Cloudinary, Basic": (lambda guest, secret: by_password(guest, "/v1_1/demo/ping", "key", secret), SECRET),
    "Cloudinary, Bearer": (lambda guest, secret: bearer(guest, "/v1_1/demo/ping", secret), TOKEN),
    "Cloudinary, signed": (signed, SECRET),
}


def test_a_flood_of_guesses_costs_little(caplog: pytest.LogCaptureFixture) -> None:
    """Of who is known by a name, such as a key, guesses go on being looked at; they fill neither memory nor logs."""
    attempts, address = Attempts(), ip_address("192.0.2.1")
    assert attempts.judge(address, "signature", NOW, lambda: True, name="key")
    tracemalloc.start()
    for number in range(5000):
        assert attempts.judge(address, f"guess {number}", NOW + number / 100, lambda: None, name="key") is None
    assert tracemalloc.get_traced_memory()[0] < 50_000
    tracemalloc.stop()
    assert attempts.wait(network_of(address), NOW + 50) == WINDOW
    assert len(caplog.records) == MOST_FAILURES
    for second in range(100):
        assert attempts.judge(None, "a program with an old password", NOW + second, lambda: None) is None
    assert len(caplog.records) == MOST_FAILURES + 1


@pytest.mark.parametrize("door", DOORS)
def test_guessing_at_a_door(doors: Client, door: str) -> None:
    ask, secret = DOORS[door]
    known, stranger = guest_of(doors), guest_of(doors)
    assert ask(known, secret).status == 200
    guesses = [ask(stranger, f"guess-{number}") for number in range(MOST_FAILURES + 1)]
    assert [one.status for one in guesses] == [401] * MOST_FAILURES + [429], guesses[0].text
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= WINDOW
    assert ask(stranger, secret).status == 429, "the right one, too: else guessing would go on"
    assert {ask(known, f"guess-{number}").status for number in range(MOST_FAILURES + 1)} <= {401, 429}
    assert ask(known, secret).status == 200, "who was let in before goes on"
    others = [one(stranger, right).status for one, right in DOORS.values()]
    assert others == [429] * len(DOORS), "what is wrong at one door counts at all"


def test_who_brings_nothing_guesses_nothing(doors: Client) -> None:
    guest = guest_of(doors)
    urls = ("/admin/v1/catalogs", "/metrics", "/rest/$info", "/v1_1/demo/ping")
    assert [guest.ask(url).status for url in urls * 2] == [401] * 8
    assert bearer(guest, "/metrics", METRICS).status == 200


def test_the_log_tells_who_guessed_and_no_secret(doors: Client) -> None:
    guest = guest_of(doors)
    assert bearer(guest, "/admin/v1/catalogs", "a-guess-of-mine").status == 401
    log = (doors.folder / "server.log").read_text()
    assert f"wrong credentials from {guest.address}\n" in log
    assert not [one for one in (TOKEN, PASSWORD, SECRET, METRICS, "a-guess-of-mine") if one in log]
