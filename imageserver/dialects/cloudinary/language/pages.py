"""`pg_`: one page of a file, or one frame of an animation, in place of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from imageserver.dialects.cloudinary.language.clipping import CLIPS, unconditional
from imageserver.dialects.cloudinary.language.components import Component
from imageserver.dialects.cloudinary.language.facts import BadTransformation, invalid
from imageserver.dialects.cloudinary.language.numbers import INTEGER
from imageserver.dialects.cloudinary.language.picture import Picture


def page_in(component: Component) -> str:
    """Give the page that a component asks for, if that is not the number of a clipping path."""
    return "" if component.flags.keys() & CLIPS else component.get("pg")


def page_of(nodes: Sequence[object]) -> str:
    """Give the page that is asked for; nothing where none is."""
    return next((page_in(one) for one in reversed(nodes) if isinstance(one, Component) and page_in(one)), "")


def on_page(picture: Picture, nodes: Sequence[object]) -> Picture:
    """Show the page that is asked for of a picture to which nothing has been done; raises `BadTransformation`."""
    text = page_of(nodes)
    if not text:
        return picture
    if page_of(tuple(unconditional(nodes))) != text:
        raise BadTransformation("Transformation parameter pg is not supported under conditions")
    if not INTEGER.fullmatch(text):
        raise invalid("page", text)
    if not 1 <= int(text) <= picture.pages:
        raise BadTransformation(f"Invalid page in transformation: {text}: the image has {picture.pages}")
    if picture.pages == 1:
        return picture
    return replace(picture, commands=(*picture.commands, f"frame={int(text)}"), is_still=True)
