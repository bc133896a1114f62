"""`$catalog`: which dataclasses there are, and what attributes they have."""

from __future__ import annotations

from hashlib import blake2b
from urllib.parse import quote

from imageserver.dialects.rest4d.datastore import Call
from imageserver.dialects.rest4d.entities import attributes_of
from imageserver.dialects.rest4d.language.address import Address, words
from imageserver.dialects.rest4d.replies import NO_CLASS, failed


def show_catalog(call: Call) -> object:
    """Answer `$catalog`: all dataclasses by name, all with their attributes, one, or several."""
    rest = call.address.rest
    names = [one for one in call.datastore.names() if is_seen(call, one)]
    if not rest:
        shown = [
            {"name": one, "uri": f"/rest/$catalog/{quoted(one)}", "dataURI": f"/rest/{quoted(one)}"} for one in names
        ]
        unique = blake2b("\n".join(names).encode(), digest_size=16).hexdigest().upper()
        return {"__UNIQID": unique, "dataClasses": shown}
    asked = "/".join(rest)
    if asked.casefold() == "$all":
        return {"dataClasses": [dataclass_of(call, one, names) for one in names]}
    wanted = [asked] if asked in names else words(asked)
    for one in wanted:
        if one not in names:
            raise failed(404, NO_CLASS, f"There is no dataclass '{one[:80]}'")
    shapes = [dataclass_of(call, one, names) for one in wanted]
    return shapes[0] if len(shapes) == 1 and "," not in asked else {"dataClasses": shapes}


def is_seen(call: Call, name: str) -> bool:
    """Tell whether who asks may see a dataclass."""
    catalog = Call(call.datastore, call.request, Address(name), {}, call.session)
    found = call.datastore.catalog(name)
    return found is not None and catalog.sees(found)


def quoted(name: str) -> str:
    """Write the name of a dataclass in a URI."""
    return quote(name, safe="")


def dataclass_of(call: Call, name: str, names: list[str]) -> dict[str, object]:
    """Describe a dataclass."""
    return {
        "name": name,
        "className": name,
        "collectionName": f"{name}Selection",
        "tableNumber": names.index(name) + 1,
        "scope": "public",
        "dataURI": f"/rest/{quoted(name)}",
        "attributes": attributes(call),
        "methods": [],
        "key": [{"name": "ID"}],
    }


def attributes(call: Call) -> list[dict[str, object]]:
    """Describe the attributes of all dataclasses."""
    shown = []
    for number, (name, one) in enumerate(attributes_of(call).items(), 1):
        told: dict[str, object] = {
            "name": name,
            "kind": "storage",
            "fieldPos": number,
            "scope": "public",
            "type": one.type,
        }
        if name == "ID":
            told |= {"indexed": True, "identifying": True}
        elif not one.field:
            told["readOnly"] = True
        shown.append(told)
    return shown
