"""How long a reply may be kept, as headers. References: r-expiration-cat, r-id; RFC 9110 and 9111."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

from imageserver.answers.versions import is_current
from imageserver.plan.plan import Plan

HOUR = 3600
YEAR = 31536000
NEVER_EXPIRES = -1


@dataclass(frozen=True, slots=True)
class Caching:
    """Hours that a reply may be kept: -1 for ever, 0 only with a question each time, None not at all.

    `varies` are the headers of the request that it depends on.
    Nobody may keep it longer than to the time `until`, and one that is `private` only the client itself.
    """

    hours: float | None
    last_modified: float | None = None
    varies: tuple[str, ...] = ()
    until: float | None = None
    private: bool = False

    def headers(self, tag: str, now: float) -> dict[str, str]:
        """Write the headers of a reply whose content has this tag."""
        if self.hours is None:
            return {**self.negotiation(), "Cache-Control": "no-store"}
        headers = {**self.negotiation(), "ETag": f'"{tag}"'}
        seconds = YEAR if self.hours == NEVER_EXPIRES else round(self.hours * HOUR)
        if self.until is not None:
            seconds = max(0, min(seconds, int(self.until - now)))
        whose = "private" if self.private else "public"
        if self.hours == 0:
            headers["Cache-Control"] = "private, no-cache" if self.private else "no-cache"
        else:
            headers["Cache-Control"] = f"{whose}, max-age={seconds}{', immutable' if seconds == YEAR else ''}"
            headers["Expires"] = formatdate(now + seconds, usegmt=True)
        if self.last_modified is not None:
            headers["Last-Modified"] = formatdate(self.last_modified, usegmt=True)
        return headers

    def negotiation(self) -> dict[str, str]:
        """Write what the reply depends on, and which of it browsers send only when they are asked to."""
        wanted = ", ".join(name for name in self.varies if name != "Accept")
        return {
            **({"Vary": ", ".join(self.varies)} if self.varies else {}),
            **({"Accept-CH": wanted} if wanted else {}),
        }

    def is_known(self, tag: str, conditions: Mapping[str, str]) -> bool:
        """Tell whether a conditional request already has this content (304)."""
        if self.hours is None:
            return False
        names = conditions.get("If-None-Match")
        since = conditions.get("If-Modified-Since")
        if names is not None:
            return names.strip() == "*" or f'"{tag}"' in {strong(name) for name in names.split(",")}
        return since is not None and self.last_modified is not None and not_newer(self.last_modified, since)


def strong(name: str) -> str:
    """Give an entity tag without the mark of a weak one; the comparison of GET is weak."""
    return name.strip().removeprefix("W/")


def not_newer(last_modified: float, since: str) -> bool:
    """Tell whether a content was not modified after the date of a header; a bad date is no condition."""
    try:
        return int(last_modified) <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False


def caching_of(plan: Plan, version: str) -> Caching:
    """Find how long the reply may be kept, with `id=` compared to the current version of this kind of reply.

    A request with the current version may be kept long; one with another version only shortly, so that no cache keeps
    new pixels under an old version, or old ones under a new version.
    """
    lifetime = plan.lifetime
    hours = lifetime.hours
    if hours is None or not plan.cache.client:
        return Caching(None, varies=plan.headers_used)
    if plan.reply.kind.version and lifetime.asked and lifetime.versioned is not None:
        hours = lifetime.versioned if is_current(lifetime.asked, version) else shorter(hours, lifetime.unversioned)
    return Caching(hours, lifetime.last_modified, plan.headers_used, lifetime.until, lifetime.private)


def shorter(one: float, other: float) -> float:
    """Give the shorter of two lifetimes, where -1 is for ever."""
    finite = [hours for hours in (one, other) if hours != NEVER_EXPIRES]
    return min(finite, default=NEVER_EXPIRES)
