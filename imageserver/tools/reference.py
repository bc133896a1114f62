"""The tables of README, generated from the declarations: run `make reference` after a change."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from imageserver.commands.declare import Command, Comp, declared
from imageserver.commands.formats import FORMATS
from imageserver.commands.formats import UNSUPPORTED as UNSUPPORTED_FORMATS
from imageserver.commands.reply import KINDS
from imageserver.server.console.commands import GROUPS

LANDING = {Comp.LAYER_0: "layer 0", Comp.COMPOSITE: "composite", Comp.ANYWHERE: ""}
BEGIN, END = "<!-- generated: reference -->", "<!-- end of generated -->"
SELECTORS = (
    "`layer=n[,name]`, `layer=name` and `layer=comp` select a layer or the composite, `effect=n` an effect of it."
)
LIFETIMES = {"image": "Expiration", "other": "NonImgExpiration", "none": "not kept"}


def reference() -> str:
    """Give all tables as Markdown."""
    parts = [
        table(("command", "value", "under `layer=comp`", "what it does"), command_rows()),
        SELECTORS,
        table(("`req=`", "forms", "kept for", "version for `id=`"), kind_rows()),
        table(("`fmt=`", "MIME type", "pixel types", "compressions"), format_rows()),
    ]
    return "\n\n".join(parts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def command_rows() -> Iterator[tuple[str, ...]]:
    """Yield a row for each field, in the order of the groups."""
    for _, group in GROUPS:
        for _, command in declared(group):
            yield names_of(command), values_of(command), LANDING[command.comp], command.doc


def names_of(command: Command) -> str:
    """Give the spellings of a command."""
    return ", ".join(f"`{name}`" for name in command.spellings)


def values_of(command: Command) -> str:
    """Say what a command takes, once for spellings that take the same."""
    return "; ".join(dict.fromkeys(grammar.expected for grammar in command.spellings.values()))


def kind_rows() -> Iterator[tuple[str, ...]]:
    """Yield a row for each kind of reply."""
    for name, kind in KINDS.items():
        forms = ", ".join(kind.forms) or ("the packet" if name == "xmp" else "image")
        yield f"`{name}`", forms, LIFETIMES[kind.lifetime], f"{kind.version}.version" if kind.version else ""


def format_rows() -> Iterator[tuple[str, ...]]:
    """Yield a row for each output format."""
    for name, form in FORMATS.items():
        yield f"`{name}`", form.media_type, ", ".join(form.pixel_types), ", ".join(form.compressions)
    for reason in dict.fromkeys(UNSUPPORTED_FORMATS.values()):
        names = ", ".join(f"`{name}`" for name, other in UNSUPPORTED_FORMATS.items() if other == reason)
        yield names, f"*{reason}*", "", ""


def between_marks(text: str, tables: str) -> str:
    """Put tables between the marks of a document."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def write_or_check(program: str, tables: Callable[[], str], arguments: Sequence[str] | None) -> int:
    """Write tables into a document, check that they are up to date there, or print them."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables into this document")
    parser.add_argument("--check", type=Path, metavar="FILE", help="exit with 1 when its tables are out of date")
    options = parser.parse_args(arguments)
    if options.write:
        options.write.write_text(between_marks(options.write.read_text(), tables()))
    elif options.check:
        return int(options.check.read_text() != between_marks(options.check.read_text(), tables()))
    else:
        print(tables())  # noqa: T201
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tables of README, or check that they are up to date."""
    return write_or_check("imageserver.tools.reference", reference, arguments)


if __name__ == "__main__":
    sys.exit(main())
