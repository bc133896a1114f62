"""What an operation of the API is: the routes, the checks and the description are all made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from imageserver.server.admin.asking import Handle

BYTES, FORM = "bytes", "form"
"""Bodies that are no JSON: a file, and a form with files."""
LIMIT = "limit"
"""The parameter that has a maximum in the configuration."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a query, or a header."""

    name: str
    doc: str
    schema: Mapping[str, object]
    place: Literal["query", "header"] = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `path` is below the prefix, with names in braces, each of which is one segment.

    `fixed` are values that a handler finds among those of the path. `body` names the schema of its JSON, or says that
    it is bytes or a form; `replies` name schemas by status. `condition` says whether the revision that was
    seen must be given always, or for what is there already.
    """

    method: str
    path: str
    name: str
    doc: str
    handle: Handle
    replies: Mapping[int, str]
    write: bool = False
    query: tuple[Parameter, ...] = ()
    body: str = ""
    condition: Literal["", "always", "when there"] = ""
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def reads_json(self) -> bool:
        """Tell whether its body is JSON."""
        return self.body not in {"", BYTES, FORM}
