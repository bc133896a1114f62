"""Names of colour profiles → files: those of the catalog's profile map, of the default catalog's, and built-in ones.

References: r-color-management, c-icc-profile-map-reference, r-icc, r-object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.catalogs import Catalog, Catalogs, existing_file
from imageserver.catalog.loading import Loaded
from imageserver.commands.icc import Intent, OutputProfile
from imageserver.errors import BadProfile
from imageserver.protocol.color import Space
from imageserver.yaml_nodes import Problem

HEADER = 128
SUFFIXES = (".icc", ".icm")


@dataclass(frozen=True, slots=True)
class Profile:
    """A colour space: the digest stands for the bytes of its profile; without one, what is known is the pixel type.

    The bytes are in a file, which may be an image that embeds them, or come with the server.
    """

    pixel_type: Space
    digest: str
    name: str = field(default="", compare=False)
    file: Path | None = field(default=None, repr=False, compare=False)
    built_in: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A profile that comes with the server: its short name, its common name, and what is in it."""

    identifier: str
    common_name: str
    pixel_type: Space
    digest: str

    @property
    def profile(self) -> Profile:
        """The colour space."""
        return Profile(self.pixel_type, self.digest, self.common_name, built_in=self.identifier)


SRGB = BuiltIn("sRGB", "sRGB IEC61966-2.1", "rgb", "e670a8699bc4dcec7291458b28497f91")
BUILT_IN = (
    SRGB,
    BuiltIn("DisplayP3", "Display P3", "rgb", "56df8a09acceb267dad413ef4922eb1b"),
    BuiltIn("AdobeRGB", "Adobe RGB (1998)", "rgb", "149d64b3046726cb1b0acdad3733e4ae"),
    BuiltIn("GrayGamma22", "Gray Gamma 2.2", "gray", "03558d315fe1172d25d527b02bead2d0"),
    BuiltIn("Cmyk", "Chemical proof", "cmyk", "56352118d5e145c2f5871cedafb73e7d"),
)
"""How they are made is told in `render/built_in_profiles.py`."""
BY_DIGEST = {one.digest: one for one in BUILT_IN}
BY_NAME = {name.casefold(): one for one in BUILT_IN for name in (one.identifier, one.common_name)}


@dataclass(frozen=True, slots=True)
class NamedProfile:
    """A profile that a command, an attribute or a record names: a file or a built-in one; else it is unknown.

    `where` is what names it, and `known` are the names that it might have been.
    """

    where: str
    name: str
    catalog: str
    file: Path | None = None
    built_in: BuiltIn | None = None
    known: tuple[str, ...] = ()


def unknown(named: NamedProfile) -> BadProfile:
    """Say that there is no profile of a name, and which ones there are."""
    known = ", ".join(named.known)
    return BadProfile(named.name, f"{named.where}: expected one of catalog '{named.catalog}': {known}")


@dataclass(frozen=True, slots=True)
class Defaults:
    """A profile for each pixel type, where there is one."""

    rgb: NamedProfile | None = None
    gray: NamedProfile | None = None
    cmyk: NamedProfile | None = None

    def of(self, pixel_type: Space) -> NamedProfile | None:
        """Give the profile for a pixel type."""
        return {"rgb": self.rgb, "gray": self.gray, "cmyk": self.cmyk}[pixel_type]

    def __iter__(self) -> Iterator[NamedProfile]:
        yield from (one for one in (self.rgb, self.gray, self.cmyk) if one is not None)


NO_DEFAULTS = Defaults()


@dataclass(frozen=True, slots=True)
class Spaces:
    """The colour spaces of a picture, and how colours are brought from one into another.

    `asked` is what `icc=` names; the default spaces are those of the outermost request's main catalog. `cmyk` says that
    the pixels of the reply are.
    """

    asked: NamedProfile | None = None
    output: Defaults = NO_DEFAULTS
    source: Defaults = NO_DEFAULTS
    intent: Intent = "relative"
    black_point: bool = False
    cmyk: bool = False


@dataclass(frozen=True, slots=True)
class ImageSpaces:
    """The colour space of an image: what its record says, and what holds if it embeds no profile either.

    `output` are the spaces of replies to whoever asks for the image by its name.
    """

    own: NamedProfile | None = None
    defaults: Defaults = NO_DEFAULTS
    output: Defaults = NO_DEFAULTS

    @property
    def named(self) -> tuple[NamedProfile, ...]:
        """All profiles that may be used."""
        return (*((self.own,) if self.own else ()), *self.defaults)


def spaces_of(catalog: Catalog, catalogs: Catalogs, pixel_type: str) -> Spaces:
    """Give the default colour spaces of a catalog, for a reply of this pixel type."""
    attributes = catalog.attributes
    return Spaces(
        output=output_spaces(catalog, catalogs),
        source=source_spaces(catalog, catalogs),
        intent=attributes.icc_render_intent,
        black_point=attributes.icc_black_point_compensation,
        cmyk=pixel_type == "cmyk",
    )


def with_asked(spaces: Spaces, asked: OutputProfile, catalog: Catalog, catalogs: Catalogs) -> Spaces:
    """Put in what `icc=` says; raises `BadProfile` for an unknown one."""
    found = find_profile("icc", asked.profile, catalog, catalogs)
    if found.file is None and found.built_in is None:
        raise unknown(found)
    return Spaces(
        asked=found,
        output=spaces.output,
        source=spaces.source,
        intent=asked.intent or spaces.intent,
        black_point=spaces.black_point if asked.black_point is None else asked.black_point,
        cmyk=is_cmyk(found),
    )


def is_cmyk(named: NamedProfile) -> bool:
    """Tell by its header whether a profile is one of CMYK; what is no profile is found out later."""
    if named.built_in is not None:
        return named.built_in.pixel_type == "cmyk"
    try:
        with (named.file or Path()).open("rb") as file:
            return file.read(HEADER)[16:20] == b"CMYK"
    except OSError:
        return False


def image_spaces(record_profile: str, name: str, catalog: Catalog, catalogs: Catalogs) -> ImageSpaces:
    """Say what is known of the colour space of an image beside what it embeds."""
    own = find_profile(f"icc_profile of {name}", record_profile, catalog, catalogs) if record_profile else None
    defaults = source_spaces(catalog, catalogs)
    if own is None and defaults is NO_DEFAULTS:  # the attributes of replies are those of sources, too
        return NOTHING_KNOWN
    return ImageSpaces(own, defaults, output_spaces(catalog, catalogs))


NOTHING_KNOWN = ImageSpaces()


def output_spaces(catalog: Catalog, catalogs: Catalogs) -> Defaults:
    """Give attribute::IccProfile* of a catalog."""
    one = catalog.attributes
    return defaults_of(output_names(one), catalog, catalogs)


def source_spaces(catalog: Catalog, catalogs: Catalogs) -> Defaults:
    """Give attribute::IccProfileSrc* of a catalog, or where one is not defined attribute::IccProfile*."""
    one = catalog.attributes
    pairs = zip(source_names(one), output_names(one), strict=True)
    return defaults_of(tuple(first if first[1] else second for first, second in pairs), catalog, catalogs)


def output_names(one: Attributes) -> tuple[tuple[str, str], ...]:
    """Give the attributes that name output profiles."""
    return (
        ("icc_profile_rgb", one.icc_profile_rgb),
        ("icc_profile_gray", one.icc_profile_gray),
        ("icc_profile_cmyk", one.icc_profile_cmyk),
    )


def source_names(one: Attributes) -> tuple[tuple[str, str], ...]:
    """Give the attributes that name the profiles of sources."""
    return (
        ("icc_profile_src_rgb", one.icc_profile_src_rgb),
        ("icc_profile_src_gray", one.icc_profile_src_gray),
        ("icc_profile_src_cmyk", one.icc_profile_src_cmyk),
    )


def unknown_profiles(catalog: Catalog, catalogs: Catalogs) -> Iterator[NamedProfile]:
    """Yield what the attributes of a catalog name and what is no profile."""
    for where, name in (*output_names(catalog.attributes), *source_names(catalog.attributes)):
        found = find_profile(f"attributes.{where}", name, catalog, catalogs) if name else None
        if found is not None and found.known:
            yield found


def missing_profiles(catalogs: Catalogs, loaded: Loaded, shown: Callable[[Path], str]) -> Iterator[Problem]:
    """Yield a problem for each name of a profile in a catalog, of its own and not inherited, that is none."""
    catalog = loaded.catalog
    if catalog is None or loaded.index is None:
        return
    for one in unknown_profiles(catalog, catalogs):
        if one.where.removeprefix("attributes.") in loaded.index.attributes:
            yield Problem(shown(catalog.folder / loaded.index.files[0].name), 1, 1, nameless(one))
    for name, record, problem in loaded.records_with("icc_profile", shown):
        used = record.icc_profile
        found = find_profile(f"images.{name}.icc_profile", used, catalog, catalogs) if used else None
        if found is not None and found.known:
            yield problem(nameless(found))


def nameless(named: NamedProfile) -> str:
    """Say that a name is no profile's."""
    return f"{named.where}: no profile is called '{named.name}': expected one of {', '.join(named.known)}"


def defaults_of(names: tuple[tuple[str, str], ...], catalog: Catalog, catalogs: Catalogs) -> Defaults:
    """Find the profiles that attributes name."""
    if not any(name for _, name in names):
        return NO_DEFAULTS
    found = (find_profile(f"attributes.{where}", name, catalog, catalogs) if name else None for where, name in names)
    return Defaults(*found)


def find_profile(where: str, name: str, catalog: Catalog, catalogs: Catalogs) -> NamedProfile:
    """Find a profile by its name in a map or among the built-in ones, or by its path below attribute::RootPath."""
    homes = homes_of(name, catalog, catalogs)
    for home, key in homes:
        path = mapped(home, key)
        if path is not None:
            return NamedProfile(where, name, catalog.name, file=home.folder / path)
    built_in = BY_NAME.get(name.casefold())
    if built_in is not None:
        return NamedProfile(where, name, catalog.name, built_in=built_in)
    for home, key in homes:
        file = existing_file(home.root, key, trusted=False) if key.casefold().endswith(SUFFIXES) else None
        if file is not None:
            if home is catalogs.default:
                catalogs.check_file(file)
            return NamedProfile(where, name, catalog.name, file=file)
    return NamedProfile(where, name, catalog.name, known=names_known(catalog, catalogs))


def homes_of(name: str, catalog: Catalog, catalogs: Catalogs) -> tuple[tuple[Catalog, str], ...]:
    """Give the catalogs in which a profile is looked for, and its name in each; a leading slash is the default one.

    What the visitor may not see of another catalog is not there.
    """
    if name.startswith("/"):
        name, catalog = name.lstrip("/"), catalogs.default
    named, rest = catalogs.governing(name)
    own = () if catalog is catalogs.default else ((catalog, name),)
    return (*own, (named, rest)) if named is catalogs.default or catalogs.shows(named) else own


def mapped(home: Catalog, name: str) -> str | None:
    """Give the file that the profile map of a catalog has for a name, which is not case-sensitive."""
    key = name.casefold()
    return next((path for one, path in home.extras.profiles if one.casefold() == key), None)


def names_known(catalog: Catalog, catalogs: Catalogs) -> tuple[str, ...]:
    """Give the names of all profiles in reach of a catalog."""
    maps = (one for home in (catalog, catalogs.default) for one, _ in home.extras.profiles)
    return tuple(dict.fromkeys((*sorted(maps, key=str.casefold), *(one.identifier for one in BUILT_IN))))
