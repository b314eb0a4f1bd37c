"""Loads the tables of globals that a pickle may ask for, and what may be done with each."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from auditor.data import folder
from auditor.errors import DocumentError
from auditor.yamldoc import Mapping, Node, Scalar, Sequence, load

FILE = "allow_globals.yaml"
POWERS = ("call", "new", "build", "items", "value", "argument")
Tier = Literal["data", "framework"]


class Table(NamedTuple):
    """One table: whose it is, by what it was written, and when it was last read by a person."""

    name: str
    tier: Tier
    owner: str
    source: str
    reviewed: str


class Entry(NamedTuple):
    """What a table lets a global do.

    `call`: be called with arguments; `new`: make an object without `__init__`; `build`: take a
    state; `items`: take elements. Without any it may only be named, as a value.
    `value`: be kept although it can be called, as its call does nothing that matters; `argument`:
    be named only where what is called knows it, never be kept.
    """

    table: Table
    call: bool
    new: bool
    build: bool
    items: bool
    value: bool = False
    argument: bool = False

    @property
    def may_be_kept(self) -> bool:
        """Whether it may stand as a value, which a method of the loaded object may call later.

        No pickler keeps a function that rebuilds, loads or encodes. What a framework's class does
        when it is called is not read: those that may be kept are named without any power.
        """
        inert = self.new and self.table.tier == "data"
        return not self.argument and (self.value or inert or not (self.call or self.new))


@cache
def entries() -> dict[tuple[str, str], Entry]:
    """Return every table's globals by module and name; read once, at the first pickle.

    Raises `DocumentError` (`file:line:column`) where the file is not as it has to be.
    """
    return read((folder("policies") / FILE).read_bytes(), FILE)


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
        whole = _entry(table, default)
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
            (name, _entry(table, _powers(powers, where)))
            for name, powers in _members(node, where).items()
        ]
    return [(name, whole) for name in _text(node, where).split()]


def _entry(table: Table, powers: tuple[str, ...]) -> Entry:
    return Entry(table, *(power in powers for power in POWERS))


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
