"""Judges the names that a pickle imports: in a table, known to run code, or neither."""

from __future__ import annotations

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from auditor.evidence.models import Verdict
from auditor.formats._pickle_danger import why_dangerous
from auditor.formats._pickle_tables import entries
from auditor.formats._pickle_values import Global, Unkept

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

MOST_NAMES = 1000
_FIX_IMPORTS_BELOW = 3
_TEXT = 200
_JUDGED = 8  # steps that a new name costs
_REMEMBERED = 2048


class _Note(NamedTuple):
    """What is noted of a global whenever it is asked for."""

    rule: str
    verdict: Verdict
    detail: str
    full: str


class _Judged(NamedTuple):
    """A global as it would be imported, and what every stream that asks for it is told."""

    named: Global
    asked: tuple[str, ...]
    plain: bool
    unlisted: str
    notes: tuple[_Note, ...]


class Names:
    """What one stream imports; each name is judged once.

    Its machine is not kept: where neither holds the other, both are gone when they are read.
    """

    def __init__(self) -> None:
        """Begin with nothing imported."""
        self._known: dict[tuple[str, str, bool], Global] = {}
        self.asked: set[str] = set()
        self.imports = 0
        self.unlisted: set[str] = set()

    def find(self, machine: Machine, module: str, name: str) -> Global:
        """Return the global as it would be imported.

        Below protocol 3 readers in Python 3 take names of Python 2 for what they are called now
        (`fix_imports`): that has to be in a table, and of what is in none either may be known.
        """
        mapped = machine.protocol < _FIX_IMPORTS_BELOW
        key = (module, name, mapped)
        found = self._known.get(key)
        if found is None:
            short = len(module) + len(name) <= _TEXT
            judged = (_judged_before if short else _judged)(module, name, mapped=mapped)
            found = self._told(machine, judged)
            if len(self._known) < MOST_NAMES:
                self._known[key] = found
        return found

    def take_over(self, asked: tuple[str, ...], unlisted: tuple[str, ...]) -> None:
        """Keep the names that something within asks for."""
        self.asked.update(asked[: MOST_NAMES - len(self.asked)])
        self.unlisted.update(unlisted[: MOST_NAMES - len(self.unlisted)])

    def _told(self, machine: Machine, judged: _Judged) -> Global:
        """Return the global, and keep what is told of it."""
        machine.charge(_JUDGED)
        for full in judged.asked:
            if len(self.asked) < MOST_NAMES:
                self.asked.add(full)
        self.imports += judged.plain
        if judged.unlisted and len(self.unlisted) < MOST_NAMES:
            self.unlisted.add(judged.unlisted)
        for note in judged.notes:
            machine.note(note.rule, note.verdict, note.detail, global_name=note.full)
        return judged.named


def _judged(module: str, name: str, *, mapped: bool) -> _Judged:
    """Return a global by its names, as every stream is told of it."""
    written = (module, name)
    if mapped:
        module, name = renamed(module, name)
    asked = tuple({".".join(pair)[:_TEXT]: None for pair in (written, (module, name))})
    if not _is_plain_name(module, name):
        named = Global(module, name, None)
        return _Judged(named, asked, plain=False, unlisted="", notes=(_odd(module, name),))
    full = f"{module}.{name}"
    notes: tuple[_Note, ...] = ()
    unlisted = ""
    entry = entries().get((module, name))
    if entry is None:
        called = dict.fromkeys((written, (module, name)))
        why = {".".join(pair): why_dangerous(*pair) for pair in called}
        notes = tuple(
            _Note("pickle-global-dangerous", "dangerous", reason, what)
            for what, reason in why.items()
            if reason
        )
        if not notes:
            unlisted = full
            detail = "no table holds what is asked for"
            notes = (_Note("pickle-global-unlisted", "unlisted", detail, full),)
    elif entry.table.tier == "framework":
        detail = f"a class of {entry.table.source}"
        notes = (_Note("pickle-framework", "framework", detail, full),)
    kind = Global if entry is None or entry.may_be_kept else Unkept
    return _Judged(kind(module, name, entry), asked, plain=True, unlisted=unlisted, notes=notes)


# What one file asks for, the next one does too.
_judged_before = lru_cache(maxsize=_REMEMBERED)(_judged)


def _odd(module: str, name: str) -> _Note:
    full = printable(f"{module}.{name}")
    if "." in name and name.replace(".", "").isidentifier():
        detail = "a dotted name reaches through what is imported"
    else:
        detail = "a name that no pickler writes"
    return _Note("pickle-global-name", "dangerous", detail, full)


def renamed(module: str, name: str) -> tuple[str, str]:
    """Return what Python 3 imports where a pickle of Python 2 names a global."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def printable(text: str) -> str:
    """Return a text that can be shown, whatever a stream has in it."""
    shown = text[:_TEXT].encode("ascii", "backslashreplace").decode("ascii")
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)


def _is_plain_name(module: str, name: str) -> bool:
    """Return whether both are words of ASCII; the module's may be parted by dots."""
    return (
        module.isascii() and name.isascii() and name.isidentifier()
        and len(module) + len(name) <= _TEXT
        and all(part.isidentifier() for part in module.split("."))
    )  # fmt: skip
