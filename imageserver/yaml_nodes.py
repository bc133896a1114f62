"""YAML text → nodes: every scalar as the text that was written, with the place where it stands.

YAML's own typing (`NO`, `0123`, `1:20`, `1e3`) never applies; only a plain `null`, `~` or nothing is null.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

import yaml

DEEPEST = 50
NULL = "tag:yaml.org,2002:null"
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


Written = str | None | list["Node"] | dict[str, "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """A value as written in YAML, untyped, with where it stands (both counted from 1)."""

    value: Written
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class BrokenYaml(Exception):
    """A file that cannot be read as YAML at all."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass
class YamlFile:
    """A file of nodes, and the problems found while reading it."""

    name: str
    problems: list[Problem] = field(default_factory=list)

    def read(self, data: bytes) -> Node:
        """Read the whole file as one node, or raise `BrokenYaml`."""
        try:
            root = yaml.compose(data.decode("utf-8-sig"), Loader=Loader)
        except UnicodeDecodeError as error:
            raise BrokenYaml(Problem(self.name, 1, 1, f"expected UTF-8 text ({error.reason})")) from error
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise BrokenYaml(Problem(self.name, line, column, f"not valid YAML: {error.problem}")) from error
        except yaml.reader.ReaderError as error:
            line = data[: error.position].count(b"\n") + 1
            raise BrokenYaml(Problem(self.name, line, 1, f"not valid YAML: {error.reason}")) from error
        return Node({}, 1, 1) if root is None else self._node(root, 0)

    def report(self, node: Node, message: str) -> None:
        """Note a problem at a node."""
        self.problems.append(Problem(self.name, node.line, node.column, message))

    def report_unknown(self, node: Node, key: str, what: str, known: Iterable[str]) -> None:
        """Note a key that means nothing, with the ones that do or the one that was probably meant."""
        names = list(known)
        close = get_close_matches(key, names, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"expected one of {', '.join(names)}"
        self.report(node, f"unknown key '{key}' in {what}: {hint}")

    def _node(self, node: yaml.Node, depth: int) -> Node:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        value: Written
        if depth > DEEPEST:
            raise BrokenYaml(Problem(self.name, line, column, f"nested more than {DEEPEST} levels deep"))
        if isinstance(node, yaml.MappingNode):
            return Node(self._mapping(node, depth), line, column)
        if isinstance(node, yaml.SequenceNode):
            value = [self._node(item, depth + 1) for item in node.value]
        else:
            value = None if node.tag == NULL else str(node.value)
        return Node(value, line, column)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        result: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in result:
                place = Node(None, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
                self.report(place, f"'{key}' stands here twice; the first one holds")
            else:
                result[key] = self._node(value_node, depth + 1)
        return result
