"""Loads the tables of globals that a pickle may ask for, and what may be done with each."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from auditor.data import folder

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "allow_globals.yaml"
# The same tables as JSON, written by `make docs`: YAML takes ten times as long to read.
_AGAIN = Path(__file__).with_name("_allow_globals.json")
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


class _Again(msgspec.Struct, frozen=True):
    """The tables as they were read from the file of this digest.

    Beside each table are its globals: names parted by blanks, by module, then by powers, which
    are bits in the order of `POWERS`.
    """

    sha256: str
    tables: tuple[tuple[Table, dict[str, dict[int, str]]], ...]


@cache
def entries() -> dict[tuple[str, str], Entry]:
    """Return every table's globals by module and name; read once, at the first pickle.

    Raises `DocumentError` (`file:line:column`) where the file is not as it has to be.
    """
    data = (folder("policies") / FILE).read_bytes()
    again = msgspec.json.decode(_AGAIN.read_bytes(), type=_Again)
    if again.sha256 == hashlib.sha256(data).hexdigest():
        return _opened(again)
    from auditor.formats._pickle_table_reader import read

    return read(data, FILE)


def entry_of(table: Table, powers: tuple[str, ...]) -> Entry:
    """Return what a table gives with so many powers."""
    return Entry(table, *(power in powers for power in POWERS))


def written_again(data: bytes, found: Mapping[tuple[str, str], Entry]) -> bytes:
    """Return as JSON what was found in a file of tables with these bytes."""
    tables: dict[Table, dict[str, dict[int, str]]] = {}
    for (module, name), entry in found.items():
        bits = sum(given << place for place, given in enumerate(entry[1:]))
        names = tables.setdefault(entry.table, {}).setdefault(module, {})
        names[bits] = f"{names[bits]} {name}" if bits in names else name
    again = _Again(hashlib.sha256(data).hexdigest(), tuple(tables.items()))
    return msgspec.json.format(msgspec.json.encode(again), indent=1) + b"\n"


def _opened(again: _Again) -> dict[tuple[str, str], Entry]:
    found: dict[tuple[str, str], Entry] = {}
    for table, modules in again.tables:
        made: dict[int, Entry] = {}
        for module, by_bits in modules.items():
            for bits, names in by_bits.items():
                entry = made.get(bits)
                if entry is None:
                    powers = (power for place, power in enumerate(POWERS) if bits >> place & 1)
                    entry = made[bits] = entry_of(table, tuple(powers))
                for name in names.split():
                    found[module, name] = entry
    return found
