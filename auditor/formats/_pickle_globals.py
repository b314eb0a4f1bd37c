"""Judges the names that a pickle imports: in a table, known to run code, or neither."""

from __future__ import annotations

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from typing import TYPE_CHECKING

from auditor.formats._pickle_danger import why_dangerous
from auditor.formats._pickle_tables import entries
from auditor.formats._pickle_values import Global, Unkept

if TYPE_CHECKING:
    from auditor.formats._pickle_machine import Machine

MOST_NAMES = 1000
_FIX_IMPORTS_BELOW = 3
_TEXT = 200
_JUDGED = 8  # steps that a new name costs


class Names:
    """What one stream imports; each name is judged once."""

    def __init__(self, machine: Machine) -> None:
        """Begin with nothing imported."""
        self._machine = machine
        self._known: dict[tuple[str, str, bool], Global] = {}
        self.asked: set[str] = set()
        self.imports = 0
        self.unlisted: set[str] = set()

    def find(self, module: str, name: str) -> Global:
        """Return the global as it would be imported.

        Below protocol 3 readers in Python 3 take names of Python 2 for what they are called now
        (`fix_imports`): that has to be in a table, and of what is in none either may be known.
        """
        mapped = self._machine.protocol < _FIX_IMPORTS_BELOW
        key = (module, name, mapped)
        found = self._known.get(key)
        if found is None:
            found = self._judge(module, name, mapped=mapped)
            if len(self._known) < MOST_NAMES:
                self._known[key] = found
        return found

    def take_over(self, asked: tuple[str, ...], unlisted: tuple[str, ...]) -> None:
        """Keep the names that something within asks for."""
        self.asked.update(asked[: MOST_NAMES - len(self.asked)])
        self.unlisted.update(unlisted[: MOST_NAMES - len(self.unlisted)])

    def _judge(self, module: str, name: str, *, mapped: bool) -> Global:
        self._machine.charge(_JUDGED)
        written = (module, name)
        if mapped:
            module, name = renamed(module, name)
        self._keep(written)
        self._keep((module, name))
        if not _is_plain_name(module, name):
            self._odd(module, name)
            return Global(module, name, None)
        self.imports += 1
        entry = entries().get((module, name))
        if entry is None:
            called = dict.fromkeys((written, (module, name)))
            dangerous = {self._refuse_dangerous(*pair) for pair in called}
            if True not in dangerous:
                self._unlisted(module, name)
        if entry is not None and entry.table.tier == "framework":
            full = f"{module}.{name}"
            self._machine.note(
                "pickle-framework", "framework", f"a class of {entry.table.source}",
                global_name=full,
            )  # fmt: skip
        kind = Global if entry is None or entry.may_be_kept else Unkept
        return kind(module, name, entry)

    def _refuse_dangerous(self, module: str, name: str) -> bool:
        why = why_dangerous(module, name)
        if why:
            full = f"{module}.{name}"
            self._machine.note("pickle-global-dangerous", "dangerous", why, global_name=full)
        return bool(why)

    def _unlisted(self, module: str, name: str) -> None:
        full = f"{module}.{name}"
        if len(self.unlisted) < MOST_NAMES:
            self.unlisted.add(full)
        self._machine.note(
            "pickle-global-unlisted", "unlisted", "no table holds what is asked for",
            global_name=full,
        )  # fmt: skip

    def _odd(self, module: str, name: str) -> None:
        full = printable(f"{module}.{name}")
        if "." in name and name.replace(".", "").isidentifier():
            detail = "a dotted name reaches through what is imported"
        else:
            detail = "a name that no pickler writes"
        self._machine.note("pickle-global-name", "dangerous", detail, global_name=full)

    def _keep(self, written: tuple[str, str]) -> None:
        if len(self.asked) < MOST_NAMES:
            self.asked.add(".".join(written)[:_TEXT])


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
