"""`req=`: the kinds of reply, and the form in which text is sent. Reference: r-req."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from imageserver.errors import Mismatch
from imageserver.protocol.grammar import split_list

TextForm = Literal["text", "javascript", "xml", "json"]
Lifetime = Literal["image", "other", "none"]
Version = Literal["image", "metadata", ""]
ENCODINGS = ("UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "ISO-8859-1")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of reply: which TTL it has, which version `id=` is compared with, and which text forms it has.

    A `watermarked` one shows, or tells of, a picture that attribute::Watermark lies over.
    """

    lifetime: Lifetime
    version: Version = ""
    forms: tuple[TextForm, ...] = ()
    watermarked: bool = False


ALL: tuple[TextForm, ...] = ("text", "javascript", "xml", "json")
DATA: tuple[TextForm, ...] = ("text", "xml", "json")

KINDS: Mapping[str, Kind] = {
    "img": Kind("image", "image", watermarked=True),
    "mask": Kind("image", "image"),
    "tmb": Kind("image", "image"),
    "tile": Kind("image", "image", watermarked=True),
    "xmp": Kind("image", "image"),
    "map": Kind("image", "metadata", DATA),
    "targets": Kind("image", "metadata", DATA),
    "userdata": Kind("image", "metadata", DATA),
    "props": Kind("other", forms=ALL, watermarked=True),
    "imageprops": Kind("other", forms=ALL),
    "catalogprops": Kind("other", forms=ALL),
    "exists": Kind("other", forms=ALL),
    "imageset": Kind("other", forms=ALL),
    **dict.fromkeys(("set", "ctx", "fvctx"), Kind("other", forms=("xml", "json"))),
    "mbrSet": Kind("other", forms=("text", "xml")),
    "xlate": Kind("image", forms=ALL),
    "validate": Kind("none", forms=ALL),
    "resolve": Kind("none", forms=("text",)),
    "loadcache": Kind("none", forms=("text",), watermarked=True),
    "saveToFile": Kind("none", forms=("text",), watermarked=True),
    "message": Kind("none", forms=("text",)),
}

PICTURES = frozenset({"img", "mask", "tmb", "tile"})
"""The kinds that send an image."""

SPELLINGS = {name.casefold(): name for name in KINDS}


def kind_named(text: str) -> str:
    """Give the name of the kind of reply that a value of `req=` asks for, or nothing for an unknown one."""
    words = split_list(text) or ["img"]
    return SPELLINGS.get(words[0].casefold(), "")


def default_form(name: str) -> TextForm:
    """Give the form of a kind of reply that is asked for without one."""
    kind = KINDS.get(name)
    return kind.forms[0] if kind and kind.forms else "text"


@dataclass(frozen=True, slots=True)
class RequestType:
    """The kind of reply and, for text, its form and character encoding."""

    name: str = "img"
    form: TextForm = "text"
    encoding: str = "UTF-8"

    @property
    def kind(self) -> Kind:
        """What holds for this kind of reply."""
        return KINDS[self.name]


@dataclass(frozen=True, slots=True)
class RequestTypeGrammar:
    """Reads `type[,text|javascript|xml|json[,encoding]]`; what follows is ignored, as deployed viewers send more."""

    expected: str = "a request type of " + ", ".join(KINDS)

    def parse(self, text: str) -> RequestType:
        """Read the text, or raise `Mismatch`."""
        words, name = split_list(text), kind_named(text)
        if not name:
            raise Mismatch(self.expected)
        forms = KINDS[name].forms
        if not forms:
            return RequestType(name)
        form, encoding = (*words[1:], "", "")[:2]
        return RequestType(name, self._form(name, form, forms), self._encoding(encoding))

    @staticmethod
    def _form(name: str, word: str, forms: tuple[TextForm, ...]) -> TextForm:
        for form in forms:
            if word.casefold() in {form, ""}:
                return form
        message = f"{name}[,{'|'.join(forms)}]"
        raise Mismatch(message)

    @staticmethod
    def _encoding(word: str) -> str:
        for encoding in ENCODINGS:
            if word.upper() in {encoding, ""}:
                return encoding
        raise Mismatch("an encoding of " + ", ".join(ENCODINGS))
