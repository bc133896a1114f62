"""Who may ask for what: from a request as it came to the commands that are to be read.

The order is that of the protocol: signature, rules, addresses, obfuscation, lock. Lock and signature are checked of
what the client sent, not of what rules made of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from imageserver.admission.locking import is_locked, revealed
from imageserver.admission.rules import Header, Kind, Preprocessed, preprocess
from imageserver.admission.signing import Signed, read_signature
from imageserver.catalog.addresses import Address
from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog, Catalogs, Visitor
from imageserver.commands.groups import asked_kind
from imageserver.config import Config, Key
from imageserver.errors import Refused
from imageserver.protocol.reading import read, read_object
from imageserver.protocol.request import Request

DOORS: dict[Kind, str] = {"is": "/is/image", "static": "/is/content"}
"""The path in front of the object."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came: the path behind its door and the modifiers of URL and form, all of it still encoded.

    Another front door gives a `key` to whom it knows: for the catalogs of that, they need neither signature nor lock.
    """

    path: str
    modifiers: str
    address: Address | None
    now: float
    kind: Kind = "is"
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be read, and the catalogs as it sees them.

    `headers` are those that rules add to the reply, which is `private` when it is not for every client, and may not be
    given again after `until`.
    """

    request: Request
    catalogs: Catalogs
    headers: tuple[Header, ...] = ()
    private: bool = False
    until: float | None = None

    @property
    def is_bounded(self) -> bool:
        """Tell whether a reply is not for every client, or not for long."""
        return self.private or self.until is not None


def admit(arrival: Arrival, catalogs: Catalogs, config: Config) -> Admitted:
    """Apply the rules to a request, and check that it may be served; raises `Refused` when it may not."""
    catalog, _ = catalogs.governing(read_object(arrival.path))
    signed = signature_of(arrival, catalog, config)
    catalogs = replace(catalogs, visitor=Visitor(arrival.address, signed.key or arrival.key), sources=config.sources)
    done = preprocess(arrival.path, signed.modifiers, catalogs, config.limits, kind=arrival.kind)
    done.catalogs.check(done.catalog)
    is_known = arrival.key is not None and arrival.key.reaches(done.catalog.name)
    modifiers = done.modifiers if is_known else unlocked(signed.modifiers, done)
    request = read(done.path, modifiers)
    if not config.server.default_catalog_requests:
        check_names_catalog(request, done.catalogs)
    private = bool(done.catalog.attributes.client_address_filter)
    return Admitted(request, done.catalogs, done.headers, private, signed.until)


def signature_of(arrival: Arrival, catalog: Catalog, config: Config) -> Signed:
    """Check the signature, if there is one."""
    keys = config.signing.keys
    if not keys:
        return Signed(arrival.modifiers)
    return read_signature(DOORS[arrival.kind] + arrival.path, arrival.modifiers, catalog, keys, arrival.now)


def unlocked(received: str, done: Preprocessed) -> str:
    """Give the modifiers in plain text; raises `Refused` when those that were received are not obfuscated or locked.

    The lock itself stays: it is no command, so it is ignored.
    """
    attributes: Attributes = done.catalog.attributes
    modifiers, name = done.modifiers, done.catalog.name
    if attributes.request_obfuscation:
        plain, rewritten = revealed(received), revealed(modifiers)
        if plain is None:
            raise Refused(name, "expected modifiers in base64 (request_obfuscation)")
        if rewritten is None:
            raise Refused(name, "its rules change the query of an obfuscated request (request_obfuscation)")
        received, modifiers = plain, rewritten
    if attributes.request_lock and not is_locked(received):
        raise Refused(name, "expected a lock of four hexadecimal digits behind the last & (request_lock)")
    return modifiers


def check_names_catalog(request: Request, catalogs: Catalogs) -> None:
    """Refuse a request without a catalog, unless it is for `req=catalogprops`, or for nothing at all."""
    asks_attributes = asked_kind(request.pieces) == "catalogprops"
    is_probe = not request.object and not request.pieces
    if not asks_attributes and not is_probe and catalogs.governing(request.object)[0] is catalogs.default:
        raise Refused("", "expected the id of a catalog in the path (server.default_catalog_requests)")
