"""Edits → the texts, files and records as they will be; nothing is written yet.

A record that several files define is edited in the one that holds, and taken away from all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imageserver.catalog.reading import RECORDS
from imageserver.store.book import Book, Statement
from imageserver.store.edits import (
    Change,
    ChangeAttributes,
    ChangeMacros,
    Edit,
    Key,
    Put,
    Remove,
    Rename,
    Restore,
    StoreFile,
)
from imageserver.store.errors import AlreadyThere, NoSuchRecord, Uneditable
from imageserver.store.file_draft import FileDraft
from imageserver.store.home import Home, Surroundings, surroundings
from imageserver.store.seeing import PUT_ENTRY, text_of
from imageserver.store.surgery import with_value, without
from imageserver.store.validating import check_attributes, check_id, check_macros, check_record
from imageserver.store.writing import Plain, plain

Id = tuple[str, str]
Definitions = tuple[tuple[str, Plain], ...]
Place = tuple[Path, str]
"""A folder of source files, and a path below it."""
HAVING = "SELECT file FROM piece WHERE section = ? UNION SELECT file FROM entry WHERE section = ?"
DROP_ENTRY = "DELETE FROM entry WHERE section = ? AND name = ? AND file = ?"


@dataclass(slots=True)
class Fate:
    """What a commit does to one record: under which id it was before, and what happens to its files."""

    origin: Id | None
    renamed: bool = False
    stored: bool = False
    restored: str = ""
    drop_files: bool = False
    checked: bool = False


@dataclass(slots=True)
class Draft:
    """A commit while it is being put together."""

    home: Home
    book: Book
    files: dict[str, FileDraft] = field(default_factory=dict)
    definitions: dict[Id, Definitions] = field(default_factory=dict)
    fates: dict[Id, Fate] = field(default_factory=dict)
    gone: dict[Id, Fate] = field(default_factory=dict)
    coming: dict[Place, Path] = field(default_factory=dict)
    """Temporary files by the places at which they will be."""
    takers: dict[str, str] = field(default_factory=dict)

    def apply(self, edit: Edit) -> None:
        """Take an edit in; raises an `EditError`."""
        match edit:
            case Put():
                self.put(edit)
            case Change():
                self.change(edit)
            case Remove():
                self.remove(edit)
            case Rename():
                self.rename(edit)
            case ChangeAttributes(put, drop):
                self.change_attributes(put, drop)
            case ChangeMacros(put, drop):
                self.change_macros(put, drop)
            case StoreFile() | Restore():
                raise Uneditable(edit.name, "files are handled elsewhere")

    def defined(self, key: Id) -> Definitions:
        """Give the files that define something with what they say, the one that holds first."""
        if key not in self.definitions:
            self.definitions[key] = tuple((file, json.loads(text)) for file, text in self.book.entries(*key))
        return self.definitions[key]

    def record(self, key: Id) -> dict[str, Plain]:
        """Give the fields of a record; raises `NoSuchRecord`."""
        found = self.defined(key)
        if not found:
            raise NoSuchRecord(self.home.name, key[1])
        value = found[0][1]
        return value if isinstance(value, dict) else {}

    def fate(self, key: Id) -> Fate:
        """Give what happens to a record, to be noted in."""
        if key not in self.fates:
            self.fates[key] = Fate(key if self.defined(key) else None)
        return self.fates[key]

    def around(self) -> Surroundings:
        """Say where files are once the commit is made."""
        return surroundings(self.home, self.attributes())

    def attributes(self) -> dict[str, Plain]:
        """Give the catalog's own attributes once the commit is made."""
        names = {name for (name,) in self.book.rows("SELECT name FROM entry WHERE section = 'attributes'")}
        names |= {name for section, name in self.definitions if section == "attributes"}
        found = {name: self.defined(("attributes", name)) for name in names}
        return {name: one[0][1] for name, one in found.items() if one}

    def put(self, edit: Put) -> None:
        """Create or replace a record, of which what stays the same is left as it is written."""
        key = (edit.section, edit.name)
        fields = {name: plain(value) for name, value in edit.fields.items()}
        there = bool(self.defined(key))
        if there and not edit.replace:
            raise AlreadyThere(edit.name)
        if not there and not edit.create:
            raise NoSuchRecord(self.home.name, edit.name)
        check_record(*key, fields)
        self.fate(key).checked |= not there or self.files_differ(self.record(key), fields)
        if not there:
            self.add(key, fields)
            return
        before = self.record(key)
        if not isinstance(self.defined(key)[0][1], dict) or not fields:
            self.set(key, (), fields)
            return
        for name, value in fields.items():
            if name not in before or before[name] != value:
                self.set(key, (name,), value)
        for name in before.keys() - fields.keys():
            self.drop(key, (name,))

    @staticmethod
    def files_differ(before: Mapping[str, Plain], after: Mapping[str, Plain]) -> bool:
        """Tell whether a record names other files than before."""
        return any(before.get(name) != after.get(name) for name in ("path", "mask_path"))

    def change(self, edit: Change) -> None:
        """Set and take away fields of a record."""
        key = (edit.section, edit.name)
        before = self.record(key)
        after: Plain = before
        for path, value in edit.put.items():
            after = with_value(after, path, plain(value))
        for path in edit.drop:
            after = without(after, path)
        fields = after if isinstance(after, dict) else {}
        named = {path[0] for path in (*edit.put, *edit.drop)}
        check_record(*key, {name: fields[name] for name in fields if name in named})
        self.fate(key).checked |= self.files_differ(before, fields)
        self.write(key, edit.put, edit.drop)

    def write(self, key: Id, put: Mapping[Key, Plain], drop: Iterable[Key]) -> None:
        """Write values to, and take keys from, what is defined already."""
        for path, value in put.items():
            if self.value_at(key, path) != (wanted := plain(value)):
                self.set(key, path, wanted)
        for path in drop:
            if self.value_at(key, path) is not ABSENT:
                self.drop(key, path)

    def value_at(self, key: Id, path: Key) -> object:
        """Give what stands at a path now, or `ABSENT`."""
        found = self.defined(key)
        value: object = found[0][1] if found else ABSENT
        for name in path:
            value = value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
        return value

    def remove(self, edit: Remove) -> None:
        """Take a record away."""
        key = (edit.section, edit.name)
        self.record(key)
        fate = self.fates.pop(key, None) or Fate(key)
        fate.drop_files |= edit.files
        self.remove_entry(key)
        if fate.origin:
            self.gone[fate.origin] = fate

    def remove_entry(self, key: Id) -> None:
        """Take something away from all files that define it."""
        for file, _ in self.defined(key):
            self.file(file).drop(key[0], (key[1],))
        self.definitions[key] = ()

    def rename(self, edit: Rename) -> None:
        """Give a record another id."""
        key, to = (edit.section, edit.name), (edit.section, edit.to)
        self.record(key)
        if edit.name == edit.to:
            return
        check_id(*to)
        if self.defined(to):
            raise AlreadyThere(edit.to)
        fate = self.fate(key)
        (file, value), *others = self.defined(key)
        for other, _ in others:
            self.file(other).drop(key[0], (key[1],))
        self.file(file).rename(key[0], key[1], edit.to)
        self.definitions[key], self.definitions[to] = (), ((file, value),)
        fate.renamed = True
        self.fates[to] = fate
        del self.fates[key]

    def change_attributes(self, put: Mapping[Key, Plain], drop: Iterable[Key]) -> None:
        """Set and take away attributes of the catalog."""
        names = {path[0] for path in (*put, *drop)}
        after: Plain = {name: found[0][1] for name in names if (found := self.defined(("attributes", name)))}
        for path, value in put.items():
            after = with_value(after, path, plain(value))
        check_attributes(after if isinstance(after, dict) else {})
        for path, value in put.items():
            self.set_named("attributes", path, plain(value), self.home.path.name)
        for name, *inner in drop:
            if self.value_at(("attributes", name), tuple(inner)) is ABSENT:
                raise NoSuchRecord(self.home.name, ".".join((name, *inner)), "attribute of its own")
            self.drop(("attributes", name), tuple(inner))

    def change_macros(self, put: Mapping[str, str], drop: Iterable[str]) -> None:
        """Set and take away macros of the catalog, whose names are not case-sensitive."""
        check_macros({name: plain(value) for name, value in put.items()})
        for name, value in put.items():
            spelled = self.spelled_macro(name) or name
            self.set_named("macros", (spelled,), plain(value), self.home.path.name)
        for name in drop:
            spelled = self.spelled_macro(name)
            if not spelled:
                raise NoSuchRecord(self.home.name, name, "macro")
            self.remove_entry(("macros", spelled))

    def spelled_macro(self, name: str) -> str:
        """Give the name of a macro as the catalog spells it, or nothing."""
        names = [found for (found,) in self.book.rows("SELECT DISTINCT name FROM entry WHERE section = 'macros'")]
        names += [found for section, found in self.definitions if section == "macros"]
        return next((one for one in names if one.casefold() == name.casefold() and self.defined(("macros", one))), "")

    def set_named(self, section: str, path: Key, value: Plain, file: str) -> None:
        """Give an attribute or a macro a value, where it stands or else in a file."""
        key = (section, path[0])
        if self.defined(key):
            if self.value_at(key, path[1:]) != value:
                self.set(key, path[1:], value)
            return
        self.file(file).set(section, path, value)
        self.definitions[key] = ((file, with_value(None, path[1:], value)),)

    def add(self, key: Id, fields: Plain) -> None:
        """Add a record to the file that takes new ones."""
        check_id(*key)
        file = self.file_for_new(key[0])
        self.file(file).set(key[0], (key[1],), fields)
        self.definitions[key] = ((file, fields),)

    def file_for_new(self, section: str) -> str:
        """Name the main file if it has such a section or nobody has, or else the last file that has."""
        if section not in self.takers:
            having = {name for (name,) in self.book.rows(HAVING, section, section)}
            order = [name for (name,) in self.book.rows("SELECT name FROM file ORDER BY ordinal")]
            main = self.home.path.name
            last = max(having, key=order.index, default=main)
            self.takers[section] = main if main in having else last
        return self.takers[section]

    def set(self, key: Id, path: Key, value: Plain) -> None:
        """Write a value into the file that holds."""
        (file, before), *others = self.defined(key)
        self.file(file).set(key[0], (key[1], *path), value)
        self.definitions[key] = ((file, with_value(before, path, value)), *others)

    def drop(self, key: Id, path: Key) -> None:
        """Take a key out of the file that holds."""
        (file, before), *others = self.defined(key)
        self.file(file).drop(key[0], (key[1], *path))
        self.definitions[key] = ((file, without(before, path)), *others) if path else tuple(others)

    def file(self, name: str) -> FileDraft:
        """Give the draft of a YAML file."""
        if name not in self.files:
            path = self.home.file(name)
            data = path.read_bytes() if path.exists() else b""
            statement = "SELECT ordinal, section, name, length FROM piece WHERE file = ? ORDER BY ordinal"
            self.files[name] = FileDraft(name, data, self.book.rows(statement, name))
        return self.files[name]

    def statements(self) -> list[Statement]:
        """Give the changes of the book that describe the YAML files."""
        found = [one for file in self.files.values() if file.changed for one in file.statements()]
        for key, after in self.definitions.items():
            before = dict(self.book.entries(*key))
            found += [(DROP_ENTRY, (*key, file)) for file in before.keys() - dict(after).keys()]
            found += [(PUT_ENTRY, (*key, file, text_of(value))) for file, value in after]
        return found

    def touched(self) -> list[Id]:
        """Name the records that the commit leaves behind it, changed or not."""
        return [key for key in self.fates if key[0] in RECORDS]


class Absent:
    """What stands nowhere."""


ABSENT = Absent()
