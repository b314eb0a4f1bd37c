"""Reads the tables of globals from YAML, and refuses a file that is not as it has to be."""

from __future__ import annotations

from auditor.errors import DocumentError
from auditor.formats._pickle_tables import POWERS, Entry, Table, entry_of
from auditor.yamldoc import Mapping, Node, Scalar, Sequence, load


def read(data: bytes, where: str) -> dict[tuple[str, str], Entry]:
    """Return the globals in a file of tables; raises `DocumentError`.

    A module's globals are a mapping of names to powers, or one text of names parted by blanks
    that have the table's `powers`. Tables of the tier `framework` give `call` only name by name.
    """
    found: dict[tuple[str, str], Entry] = {}
    tables = _members(load(data, where=where), where).get("tables")
    if not isinstance(tables, Sequence):
        raise DocumentError("a list of tables is expected", where=where)
    for node in tables.items:
        members = _members(node, where)
        table = _table(members, where)
        default = _powers(members["powers"], where) if "powers" in members else ()
        if "call" in default:
            raise DocumentError("call is given name by name", where=members["powers"].place(where))
        whole = entry_of(table, default)
        for module, names in _members(members["globals"], where).items():
            for name, entry in _names(names, table, whole, where):
                if (module, name) in found:
                    raise DocumentError(f"{module}.{name} twice", where=names.place(where))
                found[module, name] = entry
    return found


def _table(members: dict[str, Node], where: str) -> Table:
    missing = {"name", "tier", "owner", "source", "reviewed", "globals"} - set(members)
    if missing:
        raise DocumentError(f"a table lacks {', '.join(sorted(missing))}", where=where)
    tier = _text(members["tier"], where)
    if tier not in ("data", "framework"):
        raise DocumentError("a tier is data or framework", where=members["tier"].place(where))
    return Table(
        name=_text(members["name"], where),
        tier="data" if tier == "data" else "framework",
        owner=_text(members["owner"], where),
        source=_text(members["source"], where),
        reviewed=_text(members["reviewed"], where),
    )


def _names(node: Node, table: Table, whole: Entry, where: str) -> list[tuple[str, Entry]]:
    if isinstance(node, Mapping):
        return [
            (name, entry_of(table, _powers(powers, where)))
            for name, powers in _members(node, where).items()
        ]
    return [(name, whole) for name in _text(node, where).split()]


def _powers(node: Node, where: str) -> tuple[str, ...]:
    if not isinstance(node, Sequence):
        raise DocumentError("a list of powers is expected", where=node.place(where))
    powers = tuple(_text(item, where) for item in node.items)
    if not set(powers) <= set(POWERS):
        raise DocumentError(f"powers are {', '.join(POWERS)}", where=node.place(where))
    return powers


def _members(node: Node, where: str) -> dict[str, Node]:
    if not isinstance(node, Mapping):
        raise DocumentError("a mapping is expected", where=node.place(where))
    return {key.name: value for key, value in node.entries}


def _text(node: Node, where: str) -> str:
    if not isinstance(node, Scalar) or not node.text:
        raise DocumentError("a text is expected", where=node.place(where))
    return node.text
