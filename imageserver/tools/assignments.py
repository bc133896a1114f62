"""`FIELD=VALUE` of the command line: a dotted name, and a text, or a list or mapping as YAML has them in brackets."""

from __future__ import annotations

from dataclasses import dataclass

from imageserver.catalog.written import Json, plain
from imageserver.errors import ConfigError
from imageserver.yaml_nodes import BrokenYaml, YamlFile


@dataclass(frozen=True, slots=True)
class Assignment:
    """A value for what stands at a path, and the text that it was given as."""

    path: tuple[str, ...]
    value: Json
    text: str


def assignment(text: str) -> Assignment:
    """Read `FIELD=VALUE`; raises `ConfigError`. `FIELD=null` is null, `FIELD="null"` the word."""
    name, _, value = text.partition("=")
    return Assignment(field_path(name), value_of(name, value), value)


def field_path(name: str) -> tuple[str, ...]:
    """Read a dotted name; raises `ConfigError`."""
    path = tuple(name.split("."))
    if not all(path):
        raise ConfigError(f"'{name}'", "expected the name of a field, such as path or crops.square")
    return path


def value_of(name: str, text: str) -> Json:
    """Read a value; what is not in brackets or quotes is a text as it stands."""
    if not text.startswith(("[", "{", '"', "'")) and text != "null":
        return text
    file = YamlFile("")
    try:
        value = plain(file.read(text.encode("utf-8", "surrogateescape")))
    except BrokenYaml as broken:
        raise ConfigError(f"{name}={text}", broken.problem.message) from broken
    if file.problems:
        raise ConfigError(f"{name}={text}", file.problems[0].message)
    return value
