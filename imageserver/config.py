"""config.yaml, the environment and the command line → Config, complete and checked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

from imageserver.errors import ConfigError
from imageserver.front_doors import Dialects
from imageserver.options import GIB, KIB, MIB, one_of, option, port, positive, seconds, size, size_from, switch, whole
from imageserver.yaml_nodes import BrokenYaml, Node, YamlFile

T = TypeVar("T")
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
SECRETS = {
    "admin.token",
    "admin.tokens",
    "signing.keys",
    "metrics.token",
    "dialects.cloudinary.clouds",
    "dialects.rest4d.users",
}
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
SHORTEST_SECRET = 16
UNIX = "unix"
HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9_.-]*[a-z0-9])?(:[0-9]{1,5})?")
PREFIX = "IMAGESERVER_"


def no_url(text: str) -> str:
    """Refuse the address of a cache for a farm, which would have no effect."""
    if text:
        raise ValueError("nothing: this version keeps replies in cache.path only")
    return text


@dataclass(frozen=True, slots=True)
class Token:
    """What opens the editing API: for reading or also for writing, of some catalogs, `*` for all."""

    secret: str
    write: bool
    catalogs: tuple[str, ...]

    def reaches(self, catalog: str) -> bool:
        """Tell whether it is for a catalog."""
        return "*" in self.catalogs or catalog in self.catalogs


def secret(text: str) -> str:
    """Read a bearer token; nothing is none."""
    if text and not TOKEN.fullmatch(text):
        raise ValueError("a token of letters, digits and -._~+/")
    return text


def tokens(text: str) -> tuple[Token, ...]:
    """Read tokens, each with what it may do and the catalogs for which it is."""
    found = []
    for line in filter(None, map(str.strip, text.split(","))):
        match line.split():
            case [word, ("read" | "write") as scope, *catalogs] if catalogs and TOKEN.fullmatch(word):
                found.append(Token(word, scope == "write", tuple(catalogs)))
            case _:
                raise ValueError("a list of `TOKEN read|write CATALOG…`, * for all catalogs")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Key:
    """What requests are signed with, for some catalogs, `*` for all."""

    id: str
    secret: str = field(repr=False)
    catalogs: tuple[str, ...]

    def reaches(self, catalog: str) -> bool:
        """Tell whether it is for a catalog."""
        return "*" in self.catalogs or catalog in self.catalogs


def signing_keys(text: str) -> tuple[Key, ...]:
    """Read the keys of signatures, each with its id, its secret and the catalogs for which it is."""
    found: dict[str, Key] = {}
    expected = f"a list of `ID SECRET CATALOG…`, ids different and secrets of {SHORTEST_SECRET} characters or more"
    for line in filter(None, map(str.strip, text.split(","))):
        match line.split():
            case [name, secret, *catalogs] if catalogs and KEY_ID.fullmatch(name) and len(secret) >= SHORTEST_SECRET:
                if name in found:
                    raise ValueError(expected)
                found[name] = Key(name, secret, tuple(catalogs))
            case _:
                raise ValueError(expected)
    return tuple(found.values())


def proxies(text: str) -> tuple[str, ...]:
    """Read addresses and networks, such as those of proxies, and `unix` for whoever uses the Unix socket."""
    words = tuple(word for word in (part.strip() for part in text.split(",")) if word)
    for word in words:
        try:
            _ = word == UNIX or ip_network(word, strict=False)
        except ValueError:
            raise ValueError("addresses with optional netmasks, or unix, separated by commas") from None
    return words


def hosts(text: str) -> tuple[str, ...]:
    """Read hosts, addresses and networks, each with an optional port."""
    words = tuple(word for word in (part.strip().casefold() for part in text.split(",")) if word)
    for word in words:
        try:
            _ = HOST.fullmatch(word) or ip_network(re.sub(r"^\[(.*)\](:[0-9]{1,5})?$", r"\1", word), strict=False)
        except ValueError:
            raise ValueError("hosts such as example.org, *.example.org, host:port, 10.0.0.0/8, [::1]:80") from None
    return words


def forwarding(text: str) -> str:
    """Read the name of the header in which proxies tell the client's address."""
    if text.casefold() not in {"x-forwarded-for", "forwarded"}:
        raise ValueError("one of X-Forwarded-For, Forwarded")
    return text.casefold()


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server listens, and with how many processes."""

    host: str = option(str, "127.0.0.1", "listening address")
    port: int = option(port, 8080, "listening port; 0 takes any that is free")
    socket: str = option(str, "", "a Unix socket instead of host and port")
    workers: int = option(positive, os.cpu_count() or 1, "processes that share the port, each with one that renders")
    access_log: str = option(str, "-", "file of one JSON line a request; - is standard output, empty is none")
    access_log_query: str = option(
        one_of("full", "hashed", "none"),
        "full",
        "what it tells of commands: full, hashed (which are equal), none; never signatures",
    )
    timing: bool = option(switch, False, "tells in the header Server-Timing how long each stage of a request took")
    grace: float = option(seconds, 60.0, "seconds that requests in flight have to finish at a stop or a reload")
    allow_origin: str = option(str, "*", "Access-Control-Allow-Origin of every reply; empty sends none")
    trusted_proxies: tuple[str, ...] = option(
        proxies, (), "proxies that are believed when they say for whom they ask: addresses, netmasks, unix"
    )
    forwarded_header: str = option(
        forwarding, "x-forwarded-for", "the header in which they do, X-Forwarded-For or Forwarded"
    )
    default_catalog_requests: bool = option(switch, True, "serves requests that name no catalog")


@dataclass(frozen=True, slots=True)
class Cache:
    """The response cache: on disk for all processes, and in the memory of each."""

    path: str = option(str, "cache", "folder of the response cache")
    max_size: int = option(size, 2 * GIB, "the most that it may hold on disk; 0 is no cache on disk")
    max_entries: int = option(positive, 200_000, "replies that it may hold on disk")
    memory: int = option(size, 64 * MIB, "the most that each process holds in memory")
    url: str = option(no_url, "", "kept free for a cache of several machines; anything but nothing is refused")
    accel: str = option(str, "", "X-Accel-Redirect: the location of nginx that leads to cache.path; empty is none")


@dataclass(frozen=True, slots=True)
class Pyramids:
    """Large sources decoded ahead, at their own size and at halves of it."""

    threshold: int = option(whole, 2_000_000, "pixels of a source; only those with more get a pyramid")
    build: str = option(
        one_of("background", "ahead", "off"), "background", "at the first use, ahead by `convert` only, or off for none"
    )
    max_size: int = option(size, 20 * GIB, "the most that they may hold on disk; the least used goes first")
    memory: int = option(size, 128 * MIB, "the most that each process keeps of what it decoded")


@dataclass(frozen=True, slots=True)
class History:
    """What is kept of edits of the catalogs."""

    max_size: int = option(size, 10 * GIB, "the most that the bytes of replaced files of a catalog may take")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost."""

    source_pixels: int = option(positive, 400_000_000, "pixels of a source image")
    whole_pixels: int = option(positive, 50_000_000, "pixels of a source that has to be in memory as a whole")
    scans: int = option(positive, 100, "scans of a progressive JPEG")
    file_size: int = option(size, 2 * GIB, "bytes of a source file")
    reply_pixels: int = option(positive, 100_000_000, "pixels of a reply")
    frames: int = option(positive, 1000, "frames of an animation")
    animation_pixels: int = option(positive, 50_000_000, "pixels of all frames of an animation, read or sent")
    render_seconds: float = option(seconds, 30.0, "seconds that rendering a reply may take")
    worker_memory: int = option(size_from(256 * MIB), GIB, "address space of a process that renders; 256 MiB or more")
    worker_jobs: int = option(positive, 5000, "jobs after which such a process is replaced")
    queue: int = option(positive, 256, "renderings that may wait; beyond is 503")
    url_length: int = option(positive, 32768, "bytes of a URL; beyond is 414")
    body_size: int = option(size, MIB, "bytes of a POST body; beyond is 413")
    header_seconds: float = option(seconds, 10.0, "seconds that the head of a request may take to arrive")
    body_seconds: float = option(seconds, 20.0, "seconds that a body may take, and one more for each 16 KiB of it")
    idle_seconds: float = option(seconds, 75.0, "seconds that a connection stays open on which nothing moves")
    connections: int = option(positive, 8192, "connections of a process that serves; beyond is 503")
    client_connections: int = option(positive, 512, "connections from one address to it; beyond is 503")
    layers: int = option(positive, 200, "layers of a request")
    nesting: int = option(positive, 64, "levels of nesting, of macros and of requests")
    text: int = option(size, 64 * KIB, "text after the expansion of macros and variables")
    characters: int = option(positive, 10_000, "characters of the text layers of a request")
    set_items: int = option(positive, 2000, "items of a set, with those of the sets in it")
    set_nesting: int = option(positive, 10, "levels of sets within sets")
    set_pages: int = option(whole, 20, "items of an e-catalog that come with their maps and user data")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where foreign images may come from, and what is kept of them; without hosts there are none."""

    allow_hosts: tuple[str, ...] = option(
        hosts, (), "hosts that src=(http…) may name: example.org, *.example.org, host:port; private ones by address"
    )
    path: str = option(str, "foreign", "folder of foreign images")
    max_size: int = option(size, GIB, "the most that they may hold on disk; the oldest go first")
    file_size: int = option(size, 50 * MIB, "bytes of a foreign image")
    timeout: float = option(seconds, 20.0, "seconds that fetching one may take")
    expiration: float = option(seconds, 3600.0, "seconds that one is fresh that does not say so itself")
    stale: float = option(seconds, 86400.0, "seconds that an old one is used while its server does not answer")


@dataclass(frozen=True, slots=True)
class Save:
    """Where `req=saveToFile` may write: in attribute::SavePath below the folder; without either, nowhere."""

    folder: str = option(str, "", "folder of the folders that attribute::SavePath names; empty is off")
    timeout: float = option(seconds, 60.0, "the most seconds that saving may take")


@dataclass(frozen=True, slots=True)
class Signing:
    """The keys of signed requests; attribute::RequestSigning says which catalogs serve no others."""

    keys: tuple[Key, ...] = option(signing_keys, (), "each `ID SECRET CATALOG…`, * for all; the first one signs")


@dataclass(frozen=True, slots=True)
class Admin:
    """The editing API at `/admin/v1` and the console at `/console`; without a token both are off."""

    token: str = option(secret, "", "bearer token that may do everything")
    tokens: tuple[Token, ...] = option(tokens, (), "more of them, each `TOKEN read|write CATALOG…`, * for all")
    page_size: int = option(positive, 1000, "the most records of a page")

    @property
    def all_tokens(self) -> tuple[Token, ...]:
        """All tokens, the one that may do everything included."""
        return (*self.tokens, *([Token(self.token, write=True, catalogs=("*",))] if self.token else []))


@dataclass(frozen=True, slots=True)
class Metrics:
    """Who may read `/metrics`."""

    enabled: bool = option(switch, True, "counts are told; off answers 404")
    allow: tuple[str, ...] = option(
        proxies, ("127.0.0.0/8", "::1", UNIX), "addresses and netmasks that may read them, unix for the Unix socket"
    )
    token: str = option(secret, "", "bearer token with which others may read them; empty is none")


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; an empty file gives all of these."""

    server: Server = field(default_factory=Server)
    catalogs: str = option(str, "catalogs", "folder of catalogs")
    state: str = option(str, "state", "folder of what the server remembers")
    history: History = field(default_factory=History)
    cache: Cache = field(default_factory=Cache)
    pyramids: Pyramids = field(default_factory=Pyramids)
    limits: Limits = field(default_factory=Limits)
    sources: Sources = field(default_factory=Sources)
    save: Save = field(default_factory=Save)
    signing: Signing = field(default_factory=Signing)
    admin: Admin = field(default_factory=Admin)
    metrics: Metrics = field(default_factory=Metrics)
    dialects: Dialects = field(default_factory=Dialects)


def load_config(path: Path | None, environment: Mapping[str, str], overrides: Mapping[str, str]) -> Config:
    """Read the file, then the environment, then `overrides` such as `server.port`; each wins over the one before.

    Without a path, `config.yaml` is read if it is there. Raises `ConfigError` with one line that says where and why.
    """
    written: dict[str, tuple[str, str]] = {}
    if path is not None or Path("config.yaml").exists():
        written |= read_file(path or Path("config.yaml"))
    for name, value in environment.items():
        if name.startswith(PREFIX):
            written[name.removeprefix(PREFIX).casefold().replace("__", ".")] = (value, name)
    written |= {key: (value, f"--{key.rpartition('.')[2]}") for key, value in overrides.items()}
    config = build(Config, "", written)
    if written:
        key, (_, where) = next(iter(written.items()))
        raise ConfigError(where, f"unknown key '{key}': expected one of {', '.join(keys(Config))}")
    return config


def read_file(path: Path) -> dict[str, tuple[str, str]]:
    """Read a file as dotted keys, each with its text and the place where it stands."""
    file = YamlFile(str(path))
    try:
        root = file.read(path.read_bytes())
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror}") from error
    except BrokenYaml as broken:
        raise ConfigError(f"{path}:{broken.problem.line}", broken.problem.message) from broken
    if file.problems:
        raise ConfigError(f"{path}:{file.problems[0].line}", file.problems[0].message)
    return dict(flatten(root, path, ""))


def flatten(node: Node, path: Path, prefix: str) -> list[tuple[str, tuple[str, str]]]:
    """Give the leaves below a node as dotted keys; a list is its items separated by commas."""
    place = f"{path}:{node.line}:{node.column}"
    if isinstance(node.value, dict):
        return [leaf for key, one in node.value.items() for leaf in flatten(one, path, f"{prefix}.{key}".strip("."))]
    if isinstance(node.value, list):
        return [(prefix, (",".join(str(item.value) for item in node.value), place))]
    return [(prefix, (node.value, place))] if node.value is not None else []


def build(kind: type[T], prefix: str, written: dict[str, tuple[str, str]]) -> T:
    """Make a section of the configuration, taking out of `written` what belongs to it."""
    values: dict[str, object] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        key = f"{prefix}{one.name}"
        if one.default_factory is not MISSING:
            values[one.name] = build(one.default_factory, f"{key}.", written)  # type: ignore[arg-type]
        elif key in written:
            text, where = written.pop(key)
            try:
                values[one.name] = one.metadata["read"](text)
            except ValueError as error:
                shown = "what is written there" if key in SECRETS else f"'{text}'"
                raise ConfigError(where, f"{key}: expected {error}, not {shown}") from error
    return kind(**values)


def keys(kind: type, prefix: str = "") -> list[str]:
    """Give all dotted keys of the configuration."""
    result: list[str] = []
    for one in fields(kind):
        section: Any = one.default_factory
        nested = is_dataclass(section)
        result += keys(section, f"{prefix}{one.name}.") if nested else [f"{prefix}{one.name}"]
    return result
