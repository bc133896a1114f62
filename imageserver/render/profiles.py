"""The bytes of colour profiles, and what is known of a profile file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from imageserver.config import Limits
from imageserver.errors import BadProfile, BadSource
from imageserver.layout.facts import Facts
from imageserver.plan.profiles import Profile
from imageserver.protocol.values import Size
from imageserver.render.built_in_profiles import built_in_bytes, digest_of
from imageserver.render.damages import unreadable
from imageserver.render.probe import PROFILE_HEADER, embedded_profile, is_profile, profile_name, profile_type, stat_of

MOST_KEPT = 8


def profile_bytes(profile: Profile) -> bytes:
    """Give the bytes of a profile; raises `BadSource` when they are others by now."""
    if profile.built_in:
        return built_in_bytes(profile.built_in)
    assert profile.file is not None  # noqa: S101, what a profile is without being built in
    return file_bytes(profile.file, profile.digest)


@lru_cache(MOST_KEPT)
def file_bytes(path: Path, digest: str) -> bytes:
    """Read a profile from its file, or from the image that embeds it."""
    try:
        data = path.read_bytes() if holds_nothing_else(path) else embedded_profile(path)
    except OSError as error:
        raise unreadable(path, error) from error
    if digest_of(data) != digest:
        raise BadSource(path.name, "it has changed", str(path))
    return data


def holds_nothing_else(path: Path) -> bool:
    """Tell a profile from an image."""
    with path.open("rb") as file:
        return is_profile(file.read(PROFILE_HEADER))


def probe_profile(path: Path, limits: Limits) -> Facts:
    """Read what is known of a profile; raises `BadProfile` for a file that is none, `LimitExceeded` for a huge one."""
    try:
        stat_of(path, limits)
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    kind = profile_type(data)
    if kind is None:
        raise BadProfile(path.name, "it is no ICC profile of gray, RGB or CMYK", str(path))
    return Facts(
        Size(0, 0), digest_of(data), format="profile", pixel_type=kind, icc_name=profile_name(data) or path.stem
    )
