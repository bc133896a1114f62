"""The settings of the other front doors: URL languages that lead to the same catalogs. Each is off at first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from imageserver.options import option, positive, switch, whole

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
RESERVED = frozenset({"is", "admin", "console", "gallery", "health", "iiif", "metrics", "rest", "v1_1", "viewer"})
"""First parts of paths that lead elsewhere."""
RESERVED_TEXT = ", ".join(sorted(RESERVED))
CLOUDS = "a list of `CLOUD CATALOG [KEY SECRET [TOKEN_KEY]]`"
TOKEN_KEY = re.compile(r"([0-9a-fA-F]{2})*")
MONTH = 2_592_000


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud name, the catalog that it stands for, and the key with which it is written to; without, it is not.

    `token_key` is in hexadecimal digits; tokens made with it let in as signed URLs do.
    """

    name: str
    catalog: str
    key: str = ""
    secret: str = field(default="", repr=False)
    token_key: str = field(default="", repr=False)


def lines_of(text: str) -> Iterable[list[str]]:
    """Cut a list into the words of each of its items."""
    return (line.split() for line in text.split(",") if line.strip())


def clouds(text: str) -> tuple[Cloud, ...]:
    """Read clouds, each with its catalog and maybe its key and secret."""
    found: dict[str, Cloud] = {}
    for words in lines_of(text):
        match words:
            case [name, catalog, *credentials] if NAME.fullmatch(name) and len(credentials) in {0, 2, 3}:
                if not TOKEN_KEY.fullmatch("".join(credentials[2:])):
                    raise ValueError(f"{CLOUDS}, each TOKEN_KEY in pairs of hexadecimal digits")
                if name in found or name in RESERVED:
                    raise ValueError(f"{CLOUDS}, clouds different and none of {RESERVED_TEXT}")
                found[name] = Cloud(name, catalog, *credentials)
            case _:
                raise ValueError(CLOUDS)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Cloudinary:
    """Cloudinary's URLs, Upload API and Admin API."""

    clouds: tuple[Cloud, ...] = option(
        clouds, (), "each `CLOUD CATALOG [KEY SECRET [TOKEN_KEY]]`; without one it is off"
    )
    strict: bool = option(switch, default=False, doc="serves derived pictures only by signed or named transformations")
    max_age: int = option(whole, MONTH, "seconds that a URL with the current version may be kept")
    unversioned_max_age: int = option(whole, 0, "the same of all other URLs; 0 asks each time")
    base_url: str = option(str, "", "the address that answers of the API name; else that of the request")
    unfinished_uploads: int = option(
        positive, 20, "uploads in parts, of a cloud, that may be under way; as many again without a signature"
    )

    @property
    def is_on(self) -> bool:
        """Tell whether anything is served."""
        return bool(self.clouds)


@dataclass(frozen=True, slots=True)
class User:
    """Who may log in, with what right to which catalogs."""

    name: str
    password: str = field(repr=False)
    write: bool
    catalogs: tuple[str, ...]

    def reaches(self, catalog: str) -> bool:
        """Tell whether the user may see all of a catalog."""
        return "*" in self.catalogs or catalog in self.catalogs


def users(text: str) -> tuple[User, ...]:
    """Read users, each with a password, a right and catalogs."""
    found: dict[str, User] = {}
    for words in lines_of(text):
        match words:
            case [name, password, ("read" | "write") as right, *catalogs] if catalogs and name not in found:
                found[name] = User(name, password, right == "write", tuple(catalogs))
            case _:
                raise ValueError("a list of `NAME PASSWORD read|write CATALOG…`, each name once")
    return tuple(found.values())


def attribute(text: str) -> str:
    """Read the name of an attribute."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", text):
        raise ValueError("a name of letters, digits and _")
    return text


@dataclass(frozen=True, slots=True)
class Rest4D:
    """4D's REST server at `/rest`."""

    enabled: bool = option(switch, default=False, doc="serves the catalogs at /rest")
    users: tuple[User, ...] = option(users, (), "each `NAME PASSWORD read|write CATALOG…`, * for all catalogs")
    image: str = option(attribute, "image", "the name of the attribute that is the picture")
    strict: bool = option(switch, default=False, doc="answers a stale save with status 500, not 200")
    most: int = option(positive, 100_000, "records that a query may look through")


@dataclass(frozen=True, slots=True)
class Dialects:
    """Other front doors to the same catalogs."""

    cloudinary: Cloudinary = field(default_factory=Cloudinary)
    rest4d: Rest4D = field(default_factory=Rest4D)
    iiif: bool = option(switch, default=False, doc="IIIF URLs")

    @property
    def on(self) -> tuple[str, ...]:
        """Name those that are on."""
        switches = {"cloudinary": self.cloudinary.is_on, "rest4d": self.rest4d.enabled, "iiif": self.iiif}
        return tuple(name for name, is_on in switches.items() if is_on)
