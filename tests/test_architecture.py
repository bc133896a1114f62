"""What `docs/style.md` promises about the shape of the code, checked by reading it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from imageserver.commands.groups import DECLARATIONS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "imageserver"
MODULES = sorted(PACKAGE.rglob("*.py"))
ORDER = (
    ("errors", "yaml_nodes", "options", "front_doors", "config", "file_formats"),
    ("protocol",),
    ("richtext",),
    ("commands",),
    ("catalog",),
    ("store",),
    ("admission",),
    ("plan",),
    ("typeset",),
    ("layout",),
    ("answers",),
    ("cache",),
    ("render",),
    ("server",),
    ("dialects",),
    ("tools",),
    ("__main__",),
)
PLACE = {name: place for place, names in enumerate(ORDER) for name in names}
IMAGING = {"pyvips", "PIL", "pillow_heif", "pillow_jxl"}
HTTP = {"aiohttp", "aiohttp_jinja2"}
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 50
Function = ast.FunctionDef | ast.AsyncFunctionDef

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))


def package_of(path: Path) -> str:
    """Give the package that a module belongs to, or the module's own name at the top."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports, wherever in it; a relative import is an error."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            yield f"{node.module}.{node.names[0].name}" if node.module == "imageserver" else str(node.module)


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, Function))


def test_there_is_something_to_check() -> None:
    assert len(MODULES) > 50
    assert {package_of(path) for path in MODULES} >= {"protocol", "commands", "catalog", "plan", "render", "server"}


@each_module
def test_imports_point_left(path: Path) -> None:
    package = package_of(path)
    if package == "__init__":
        assert not list(imports(path))
        return
    for name in imports(path):
        if name.split(".")[0] == "imageserver":
            other = name.split(".")[1]
            assert other == package or PLACE[other] <= PLACE[package], f"{package} imports {name}"


def test_modules_at_the_top_do_not_import_in_circles() -> None:
    """They share a place in the order, so they have an order of their own."""
    own = {
        name: {other.split(".")[1] for other in imports(PACKAGE / f"{name}.py") if "imageserver." in other}
        for name in ORDER[0]
    }
    assert own["errors"] == set()
    assert own["yaml_nodes"] <= {"errors"}
    assert own["options"] == set()
    assert own["front_doors"] == {"options"}
    assert own["config"] <= {"errors", "yaml_nodes", "options", "front_doors"}


@each_module
def test_dialect_is_a_folder_that_nothing_else_knows(path: Path) -> None:
    """What is left of it knows the names of modules, in one table; its language is text in and text out."""
    inside = path.relative_to(PACKAGE).parts
    found = {tuple(name.split(".")[1:]) for name in imports(path) if name.startswith("imageserver.")}
    others = {name[1] for name in found if name[0] == "dialects"}
    assert others <= ({inside[1]} if inside[0] == "dialects" and len(inside) > 2 else set())
    if "language" in inside:
        assert all(name[:3] == inside[:3] or PLACE[name[0]] <= PLACE["protocol"] for name in found)


@each_module
def test_only_render_imports_the_imaging_libraries(path: Path) -> None:
    found = {name.split(".")[0] for name in imports(path)} & IMAGING
    assert not found or package_of(path) == "render"


@each_module
def test_only_server_and_doors_speak_http_and_await(path: Path) -> None:
    inside = path.relative_to(PACKAGE).parts
    if inside[0] == "server" or (inside[0] == "dialects" and "language" not in inside):
        return
    assert not {name.split(".")[0] for name in imports(path)} & HTTP
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert not [node.lineno for node in ast.walk(tree_of(path)) if isinstance(node, waiting)]
    asyncio_is_run = path == PACKAGE / "tools" / "cli.py"
    assert "asyncio" not in set(imports(path)) or asyncio_is_run


@each_module
def test_only_the_edge_asks_the_clock_and_the_environment(path: Path) -> None:
    """`render` says one thing to libvips by its environment, `config` counts the cores, `cache` locks files and
    leaves a folder that cannot be written alone for a while, `store` flushes files."""
    allowed = {
        "server": {"time", "os"},
        "dialects": {"time"},
        "tools": {"os", "time"},
        "config": {"os"},
        "render": {"os"},
        "cache": {"os", "time"},
        "store": {"os"},
    }
    assert {"os", "time"} & set(imports(path)) <= allowed.get(package_of(path), set())


@each_module
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


@each_module
def test_functions_are_short(path: Path) -> None:
    for function in functions(path):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= MOST_LINES_OF_A_FUNCTION, f"{function.name} has {length} lines"


@each_module
def test_everything_public_has_a_docstring(path: Path) -> None:
    tree = tree_of(path)
    assert ast.get_docstring(tree), "the module"
    parents: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    public = [
        node
        for parent in parents
        for node in parent.body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert not [node.name for node in public if not ast.get_docstring(node) and not is_overload(node)]


def is_overload(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in getattr(node, "decorator_list", ()))


@each_module
def test_no_error_is_swallowed(path: Path) -> None:
    """No bare `except`; one of `Exception` stands where everything becomes a reply, and says why."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert not (isinstance(node.type, ast.Name) and node.type.id == "BaseException")
            if isinstance(node.type, ast.Name) and node.type.id == "Exception":
                assert package_of(path) in {"server", "dialects"}


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES}), ids=lambda path: path.name)
def test_folder_says_its_purpose_in_one_line(folder: Path) -> None:
    docstring = ast.get_docstring(tree_of(folder / "__init__.py"))
    assert docstring
    assert "\n" not in docstring
    assert folder.name not in {"utils", "helpers", "common", "misc"}


MACHINE = re.compile(r"/(?:work|tmp/probe|root|home)/")
TEXTS = {".py", ".md", ".yaml", ".toml", ".txt", ".html", ".css", ".js", ".json", ""}
SKIPPED = {".git", ".venv", ".hypothesis", "node_modules", "build"}


def tracked_texts() -> list[Path]:
    """Give the texts of the project, without what tools make."""
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file()
        and path.suffix in TEXTS
        and not any(
            part in SKIPPED or part.endswith(("cache", "cache__", ".egg-info")) for part in path.relative_to(ROOT).parts
        )
        and path.stat().st_size < 2**20
    ]


def test_nothing_names_a_folder_of_one_machine() -> None:
    texts = [path for path in tracked_texts() if path != Path(__file__)]
    assert len(texts) > len(MODULES)
    assert not [str(path) for path in texts if MACHINE.search(path.read_text(errors="replace"))]


CASES = "\n".join(
    f"?{text}"
    for path in sorted((ROOT / "tests" / "cases").glob("*.yaml"))
    for row in yaml.safe_load(path.read_text()) or []
    for text in (row["url"], row.get("request_body", ""))
)
NAMES = sorted((one.name, one.group.__name__) for one in DECLARATIONS.values())


@pytest.mark.parametrize(("name", "group"), NAMES)
def test_command_is_documented(name: str, group: str) -> None:
    declaration = DECLARATIONS[name.casefold()]
    assert declaration.name == name
    assert declaration.group.__name__ == group
    assert declaration.command.doc.endswith(".")
    assert re.fullmatch(r"[a-z0-9/-]+", declaration.command.page)
    assert declaration.grammar.expected


@pytest.mark.parametrize("name", [name for name, _ in NAMES])
def test_command_has_a_case(name: str) -> None:
    """In its declared spelling, at the start of a piece of some row of `cases/*.yaml`."""
    assert re.search(rf"[?&{{(]{re.escape(name)}=", CASES)
