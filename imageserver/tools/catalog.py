"""`imageserver catalog`: what is in the catalogs, and edits of them, which a running server takes up by itself."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Any

from imageserver.catalog.loading import load
from imageserver.catalog.schema import written_schema
from imageserver.catalog.shelf import shelf_of
from imageserver.catalog.written import Json
from imageserver.config import Config
from imageserver.errors import ConfigError
from imageserver.store.asking import Revision
from imageserver.store.edits import Change, ChangeAttributes, ChangeMacros, Edit, Key, Remove, Rename, Restore, Section
from imageserver.store.errors import EditError, NoSuchRecord
from imageserver.store.store import Status, Store, open_store
from imageserver.store.writing import entry, plain
from imageserver.tools.adding import add, describe_adding
from imageserver.tools.assignments import Assignment, assignment, field_path

NAMED = ("attributes", "macros")
WILD = "*?["
Commands = Any
"""What argparse adds commands to; it has no public name."""


def describe_catalog(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Describe `imageserver catalog`."""
    parser = commands.add_parser("catalog", help="show and edit the records of catalogs")
    does = parser.add_subparsers(required=True, metavar="ACTION")
    one = argparse.ArgumentParser(add_help=False, parents=[common])
    one.add_argument("catalog", metavar="CATALOG", help="root id of a catalog; default is the default catalog")
    of = argparse.ArgumentParser(add_help=False, parents=[one])
    of.add_argument("--section", choices=("images", "content", "svg"), default="images", help="the kind of record")
    edit = argparse.ArgumentParser(add_help=False)
    edit.add_argument("--dry-run", action="store_true", help="only show how the YAML would change")
    listed = does.add_parser("list", parents=[common], help="list catalogs, or the records of one")
    listed.add_argument("catalog", metavar="CATALOG", nargs="?", help="root id of a catalog")
    listed.add_argument("pattern", metavar="PATTERN", nargs="?", default="*", help="ids, as in a shell: shoe-*")
    listed.add_argument("--section", choices=("images", "content", "svg"), default="images", help="the kind of record")
    listed.set_defaults(command=guarded(show_list))
    shown = does.add_parser("show", parents=[of], help="show a record and its numbers; attributes or macros, too")
    shown.add_argument("id", metavar="ID", help="a record, or a pattern; attributes; macros")
    shown.set_defaults(command=guarded(show_record))
    added = does.add_parser("add", parents=[of, edit], help="add image files as records")
    describe_adding(added)
    added.set_defaults(command=guarded(add))
    describe_edits(does, of, edit)
    past = does.add_parser("history", parents=[of], help="list what was stored of a record, the newest first")
    past.add_argument("id", metavar="ID")
    past.set_defaults(command=guarded(show_history))
    compared = does.add_parser("diff", parents=[of], help="show what the last change changed, hand edits included")
    compared.add_argument("id", metavar="ID", nargs="?", default="")
    compared.add_argument("--since", type=int, metavar="REVISION", help="of the catalog, as `list` tells it")
    compared.set_defaults(command=guarded(show_difference))
    shape = does.add_parser("schema", parents=[common], help="print the JSON Schema of catalog files")
    shape.set_defaults(command=lambda _config, _options: tell([written_schema().rstrip()]))


def describe_edits(does: Commands, of: argparse.ArgumentParser, edit: argparse.ArgumentParser) -> None:
    """Describe the commands that change records."""
    changed = does.add_parser("set", parents=[of, edit], help="set fields of records, attributes or macros")
    changed.add_argument(
        "arguments",
        metavar="ID… FIELD=VALUE…",
        nargs="+",
        help="without ID: attributes.NAME=VALUE, macros.NAME=VALUE; a mapping's key: crops.square=0,0,9,9",
    )
    changed.set_defaults(command=guarded(set_fields))
    unset = does.add_parser("unset", parents=[of, edit], help="take fields of records, attributes or macros away")
    unset.add_argument("arguments", metavar="ID FIELD…", nargs="+", help="without ID: attributes.NAME, macros.NAME")
    unset.set_defaults(command=guarded(unset_fields))
    renamed = does.add_parser("rename", parents=[of, edit], help="give a record another id")
    renamed.add_argument("old", metavar="OLD")
    renamed.add_argument("new", metavar="NEW")
    renamed.set_defaults(command=guarded(rename))
    removed = does.add_parser("remove", parents=[of, edit], help="remove records")
    removed.add_argument("ids", metavar="ID", nargs="+", help="a record, or a pattern: shoe-*")
    removed.add_argument("--files", action="store_true", help="also their files, which are kept for `restore`")
    removed.set_defaults(command=guarded(remove))
    restored = does.add_parser("restore", parents=[of, edit], help="put the files of a version in place again")
    restored.add_argument("id", metavar="ID")
    restored.add_argument("version", metavar="VERSION", help="as `history` lists it: its beginning, or its revision")
    restored.set_defaults(command=guarded(restore))


def guarded(command: Any) -> Any:  # noqa: ANN401, argparse passes on what it is given
    """Open the store that a command is about, and tell a problem in one line; the exit code is then 1."""

    def run(config: Config, options: argparse.Namespace) -> int:
        try:
            store = None if options.catalog is None else open_store(config, options.catalog, time.time)
            return int(command(store, options, config))
        except EditError as error:
            return complain(str(error))

    return run


def show_list(store: Store | None, options: argparse.Namespace, config: Config) -> int:
    """List catalogs, or records with the paths of their files."""
    if store is None:
        state = load(Path(config.catalogs), shelf=shelf_of(config))
        return tell(f"{name}\t{len(one.images)} records" for name, one in state.catalogs.named.items())
    found = store.records(options.pattern, options.section)
    tell("\t".join([one.name, *filter(None, [str(one.fields.get("path") or "")])]) for one in found)
    complain(f"{len(found)} records; the catalog is at revision {store.global_rev()}", mark="")
    return 0 if found or options.pattern == "*" else 1


def show_record(store: Store, options: argparse.Namespace, _: Config) -> int:
    """Show records as YAML, with their numbers as comments; or attributes, or macros."""
    section, _, name = options.id.partition(".")
    if section in NAMED and not store.records(options.id, options.section):
        found = store.named(section)
        if name:
            found = {key: value for key, value in found.items() if key.casefold() == name.casefold()}
        if name and not found:
            raise NoSuchRecord(store.home.name, name, section.removesuffix("s"))
        return tell(entry(section, plain(dict(found)), 0, "\n").splitlines())
    for name in matching(store, [options.id], options.section):
        tell(described(store.record(name, options.section)))
    return 0


def described(status: Status) -> Iterator[str]:
    """Yield the lines that show a record."""
    row = status.row
    yield from entry(status.name, plain(dict(status.fields)), 0, "\n").splitlines()
    yield f"# revision {row.rev}, of the image {row.image_rev}, of the metadata {row.meta_rev}; uid {row.uid}"
    yield f"# stored {moment(row.stored_at)}, changed {moment(row.changed_at / 1000)}"
    if row.content_hash:
        yield f"# content {row.content_hash}, md5 {row.md5}"


def moment(seconds: float) -> str:
    """Write a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def set_fields(store: Store, options: argparse.Namespace, _: Config) -> int:
    """Set fields of records; without ids, attributes and macros."""
    ids = [one for one in options.arguments if "=" not in one]
    values = [assignment(one) for one in options.arguments[len(ids) :] if "=" in one]
    if ids != options.arguments[: len(ids)] or not values:
        raise ConfigError("set", "expected ids first, then at least one FIELD=VALUE")
    if not ids:
        return commit(store, named_edits(values, ()), options)
    names = matching(store, ids, options.section)
    put = {one.path: one.value for one in values}
    return commit(store, [Change(name, put, section=options.section) for name in names], options)


def unset_fields(store: Store, options: argparse.Namespace, _: Config) -> int:
    """Take fields of records away; without an id, attributes and macros."""
    first, *others = options.arguments
    if first.partition(".")[0] in NAMED and "." in first:
        return commit(store, named_edits((), [field_path(one) for one in options.arguments]), options)
    if not others:
        raise ConfigError("unset", "expected an id and at least one field, or attributes.NAME or macros.NAME")
    names = matching(store, [first], options.section)
    drop = tuple(field_path(one) for one in others)
    for name, path in ((name, path) for name in names for path in drop):
        if len(names) == 1 and not holds(store.record(name, options.section).fields, path):
            raise NoSuchRecord(store.home.name, f"{name}.{'.'.join(path)}", "field")
    return commit(store, [Change(name, {}, drop, options.section) for name in names], options)


def holds(fields: Any, path: Key) -> bool:  # noqa: ANN401, what is written
    """Tell whether something stands at a path."""
    for name in path:
        if not isinstance(fields, dict) or name not in fields:
            return False
        fields = fields[name]
    return True


def named_edits(put: Iterable[Assignment], drop: Iterable[Key]) -> list[Edit]:
    """Give the edits of attributes and macros that dotted names stand for."""
    attributes: dict[Key, Json] = {}
    macros: dict[str, str] = {}
    gone: dict[str, list[Key]] = {"attributes": [], "macros": []}
    for one in put:
        section, *path = one.path
        if section == "attributes" and path:
            attributes[tuple(path)] = one.value
        elif section == "macros" and path:
            macros[".".join(path)] = one.text
        else:
            raise ConfigError(".".join(one.path), "without an id, expected attributes.NAME=VALUE or macros.NAME=VALUE")
    for section, *path in drop:
        if section not in gone or not path:
            raise ConfigError(section, "without an id, expected attributes.NAME or macros.NAME")
        gone[section].append(tuple(path))
    edits: list[Edit] = []
    if attributes or gone["attributes"]:
        edits.append(ChangeAttributes(attributes, tuple(gone["attributes"])))
    if macros or gone["macros"]:
        edits.append(ChangeMacros(macros, tuple(".".join(path) for path in gone["macros"])))
    return edits


def rename(store: Store, options: argparse.Namespace, _: Config) -> int:
    """Give a record another id."""
    return commit(store, [Rename(options.old, options.new, options.section)], options)


def remove(store: Store, options: argparse.Namespace, _: Config) -> int:
    """Remove records."""
    names = matching(store, options.ids, options.section)
    return commit(store, [Remove(name, options.section, options.files) for name in names], options)


def restore(store: Store, options: argparse.Namespace, _: Config) -> int:
    """Put the files of a version in place again."""
    found = [
        one.row.version_id for one in store.revisions(options.id, options.section) if is_meant(one, options.version)
    ]
    if len(found) != 1:
        problem = "expected one of those that `history` lists" if not found else "it is the beginning of several"
        return complain(f"no version '{options.version}' of '{options.id}': {problem}")
    return commit(store, [Restore(options.id, found[0], options.section)], options)


def is_meant(revision: Revision, text: str) -> bool:
    """Tell whether a text names a revision."""
    return str(revision.row.rev) == text or revision.row.version_id.startswith(text)


def show_history(store: Store, options: argparse.Namespace, _: Config) -> int:
    """List the stores of bytes of a record."""
    for one in store.revisions(options.id, options.section):
        state = "current" if one.current else "restorable" if one.restorable else "not kept"
        row = one.row
        tell([f"{row.version_id}  {row.rev}  {moment(row.stored_at)}  {row.format or '-'}  {row.size} bytes  {state}"])
    return 0


def show_difference(store: Store, options: argparse.Namespace, _: Config) -> int:
    """Show what became of records as a unified diff of their YAML."""
    if options.id:
        store.revisions(options.id, options.section)  # refuses an id that never was
    for one in store.changes(options.id, options.section, options.since):
        before, after = (lines_of(one.name, value) for value in (one.before, one.after))
        label = f"{one.section}.{one.name}"
        tell(line.rstrip("\n") for line in unified_diff(before, after, f"a/{label}", f"b/{label}"))
    return 0


def lines_of(name: str, value: Json) -> list[str]:
    """Write what was of a record as YAML, each field on a line of its own; nothing when it was not."""
    if not isinstance(value, dict) or not value:
        return [] if value is None else entry(name, plain(value), 0, "\n").splitlines(keepends=True)
    fields = "".join(entry(key, plain(one), 2, "\n") for key, one in value.items())
    return f"{name}:\n{fields}".splitlines(keepends=True)


def matching(store: Store, patterns: Sequence[str], section: Section) -> list[str]:
    """Give the ids that are meant, each once; raises `NoSuchRecord` for a pattern that means none."""
    found: dict[str, None] = {}
    for pattern in patterns:
        if not any(mark in pattern for mark in WILD):
            found[pattern] = None
            continue
        names = [one.name for one in store.records(pattern, section)]
        if not names:
            raise NoSuchRecord(store.home.name, pattern, "record that matches")
        found |= dict.fromkeys(names)
    return list(found)


def commit(store: Store, edits: Sequence[Edit], options: argparse.Namespace) -> int:
    """Make edits, or only show what they would change."""
    done = store.commit(edits, dry_run=options.dry_run)
    if options.dry_run:
        tell(done.diff.splitlines())
    return 0


def tell(lines: Iterable[str]) -> int:
    """Print lines."""
    for line in lines:
        print(line)  # noqa: T201
    return 0


def complain(text: str, mark: str = "imageserver: ") -> int:
    """Print a line on standard error; gives the exit code of a problem."""
    print(f"{mark}{text}", file=sys.stderr)  # noqa: T201
    return 1
