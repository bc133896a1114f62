"""Locales: which ids and which texts of a catalog a locale stands for.

References: r-object-id-translation, r-text-string-localization, r-localemap, r-localestrmap, r-defaultlocale.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from imageserver.catalog.attributes import Attributes
from imageserver.catalog.records import ContentRecord, Record
from imageserver.errors import Mismatch

Rules = Mapping[str, tuple[str, ...]]
DEFAULT_TEXT = ("",)
"""The rule that gives the text in front of the first token."""
TOKEN = re.compile(r"(?:\^|%5e)loc(?:=|%3d)([!-~]*?)(?:\^|%5e)", re.IGNORECASE)
ITEM = re.compile(r"[^,;:{}()]+")
COLOR = re.compile(r"\s*0x[0-9a-f]{6}(?:[0-9a-f]{2})?\s*", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""(?P<name>[A-Za-z_:][\w:.-]*)(?P<equals>\s*=\s*)(?P<value>"[^"]*"|'[^']*')""")
NOT_LOCALISED = frozenset({"coords", "shape"})
TARGET = re.compile(r"target\.[^.=]*\.(?:label|userdata)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Locale:
    """What a locale stands for: the suffixes with which ids are looked for in turn, and the texts that hold in turn.

    Among `texts` an empty one is the default text. Without any, texts are given as they are written.
    """

    suffixes: tuple[str, ...] = ("",)
    texts: tuple[str, ...] | None = None

    def names(self, name: str) -> tuple[str, ...]:
        """Give the ids that stand for a generic one, the first that exists holds."""
        return tuple(f"{name}{suffix}" for suffix in self.suffixes)

    def text(self, written: str) -> str:
        """Give the part of a text that is in this locale; one without any token is given whole."""
        default, *parts = TOKEN.split(written)
        if self.texts is None or not parts:
            return written
        known = {"": default}
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            known.setdefault(name, text)
        return next((known[name] for name in self.texts if name in known), "")


def locale_of(attributes: Attributes, asked: str | None) -> Locale:
    """Find what `locale=` stands for in a catalog, None being a request without it.

    Raises `Mismatch` for a locale that attribute::LocaleMap does not have, when it has no rule for all others either.
    """
    name = (asked or attributes.default_locale).strip().casefold()
    suffixes = rule_for(attributes.locale_map, name)
    if suffixes is None and asked is None and not name:
        suffixes = ("",)
    if suffixes is None:
        known = ", ".join(rules_of(attributes.locale_map))
        raise Mismatch(f"a locale of attribute::LocaleMap: {known}")
    if not attributes.locale_str_map:
        return Locale(suffixes)
    return Locale(suffixes, rule_for(attributes.locale_str_map, name) or DEFAULT_TEXT)


def rule_for(written: str, name: str) -> tuple[str, ...] | None:
    """Give the rule of a map for a locale, or its rule for all others; without a map, ids and texts are as they are."""
    rules = rules_of(written)
    return rules.get(name, rules.get("")) if rules else ("",)


@lru_cache(1024)
def rules_of(written: str) -> Rules:
    """Read attribute::LocaleMap or attribute::LocaleStrMap: `locale,value,value|locale,value`; the first rule holds."""
    rules: dict[str, tuple[str, ...]] = {}
    for item in written.split("|") if written.strip() else ():
        name, *values = (part.strip() for part in item.split(","))
        rules.setdefault(name.casefold(), tuple(values) or ("",))
    return rules


def suffixes_of(written: str) -> tuple[str, ...]:
    """Give all suffixes of a map, each once; that of the generic id, the empty one, comes first."""
    every = dict.fromkeys(suffix for suffixes in rules_of(written).values() for suffix in suffixes)
    return tuple(sorted(every, key=bool)) or ("",)


def localised(record: Record, locale: Locale) -> Record:
    """Give a record with its texts in a locale."""
    written = (record.image_set, record.map, record.targets, record.user_data)
    if locale.texts is None or not any(map(has_token, written)):
        return record
    return replace(
        record,
        image_set=localised_set(record.image_set, locale),
        map=localised_map(record.map, locale),
        targets=localised_lines(record.targets, locale, lambda name: bool(TARGET.fullmatch(name))),
        user_data=localised_lines(record.user_data, locale),
    )


def localised_content(record: ContentRecord, locale: Locale) -> ContentRecord:
    """Give a record of static content with its texts in a locale."""
    if locale.texts is None or not has_token(record.user_data):
        return record
    return replace(record, user_data=localised_lines(record.user_data, locale))


def has_token(text: str) -> bool:
    """Tell whether a text has parts in several locales."""
    return TOKEN.search(text) is not None


def localised_set(text: str, locale: Locale) -> str:
    """Localise what stands between the separators of an image set, but for a colour in front of it."""

    def item(found: re.Match[str]) -> str:
        color = COLOR.match(found[0])
        start = color.end() if color else 0
        return found[0][:start] + locale.text(found[0][start:])

    return ITEM.sub(item, text)


def localised_map(text: str, locale: Locale) -> str:
    """Localise the quoted values of an image map, but for shapes and coordinates."""

    def attribute(found: re.Match[str]) -> str:
        if found["name"].casefold() in NOT_LOCALISED:
            return found[0]
        quote, inner = found["value"][0], found["value"][1:-1]
        return f"{found['name']}{found['equals']}{quote}{locale.text(inner)}{quote}"

    return ATTRIBUTE.sub(attribute, text)


def localised_lines(text: str, locale: Locale, takes: Callable[[str], bool] = bool) -> str:
    """Localise the values of properties, of those whose names are taken."""

    def line(written: str) -> str:
        name, equals, value = written.partition("=")
        return f"{name}{equals}{locale.text(value)}" if takes(name.strip()) else written

    return "\n".join(map(line, text.split("\n")))
