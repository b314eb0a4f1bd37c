"""Reads what systemd's unit files put into the environment of their services."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from msgspec import Struct

from auditor.collect._ini import Entry, entries
from auditor.collect._reading import Reading
from auditor.collect._shell import file_assignments

# systemd.unit(5): the first folder that has a file of that name wins.
UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
# systemd-system.conf(5): what the manager gives to every service.
MANAGER_FILES = ("/etc/systemd/system.conf", "/usr/lib/systemd/system.conf")
MANAGER_FOLDERS = (
    "/etc/systemd/system.conf.d",
    "/run/systemd/system.conf.d",
    "/usr/lib/systemd/system.conf.d",
)
EVERY_SERVICE = "every service"
_MANAGER_KEYS = frozenset({"DefaultEnvironment", "ManagerEnvironment"})
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "s": " ", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class UnitVariable(Struct, frozen=True, kw_only=True):
    """A variable of a service, and the unit, drop-in or environment file that sets it."""

    unit: str
    name: str
    value: str
    source: str
    line: int


def service_variables(reading: Reading) -> Iterator[UnitVariable]:
    """Yield the variables of every service, as the last file to set each leaves it."""
    yield from manager_variables(reading)
    for unit, paths in sorted(service_files(reading).items()):
        yield from variables_of(reading, unit, paths).values()


def variables_of(reading: Reading, unit: str, paths: Iterable[str]) -> dict[str, UnitVariable]:
    """Return the variables that the files of a unit leave, each over those before it."""
    effective: dict[str, UnitVariable] = {}
    for path in paths:
        _apply(reading, unit, path, effective)
    return effective


def manager_variables(
    reading: Reading, keys: frozenset[str] = _MANAGER_KEYS
) -> tuple[UnitVariable, ...]:
    """Return `DefaultEnvironment=` (of every service) and `ManagerEnvironment=` (its own)."""
    dropins = reading.by_name(MANAGER_FOLDERS, ".conf")
    found: dict[str, UnitVariable] = {}
    for path in (*MANAGER_FILES[::-1], *dropins):
        for entry in settings(reading, path, "Manager"):
            if entry.key in keys:
                for variable in _inline("systemd", path, entry):
                    found[variable.name] = variable
    return tuple(found.values())


def service_files(reading: Reading) -> dict[str, list[str]]:
    """Return, for each service, its unit file and drop-ins in the order they apply."""
    units: dict[str, list[str]] = {}
    dropins: dict[str, dict[str, str]] = {}
    for folder in UNIT_FOLDERS:
        for path in reading.folder(folder, ".service", ".service.d"):
            name = posixpath.basename(path)
            if name.endswith(".service"):
                units.setdefault(name, [path])
                continue
            for dropin in reading.folder(path, ".conf"):
                of_unit = dropins.setdefault(name.removesuffix(".d"), {})
                of_unit.setdefault(posixpath.basename(dropin), dropin)
    # systemd.unit(5): the drop-ins of a type itself apply to every unit of that type.
    for path in reading.by_name(tuple(f"{folder}/service.d" for folder in UNIT_FOLDERS), ".conf"):
        units.setdefault(EVERY_SERVICE, []).append(path)
    for unit, files in dropins.items():
        units.setdefault(unit, []).extend(path for _, path in sorted(files.items()))
    return units


def _apply(reading: Reading, unit: str, path: str, effective: dict[str, UnitVariable]) -> None:
    """Let one file of a unit add to, replace or clear the unit's variables."""
    for entry in settings(reading, path, "Service"):
        if entry.key == "Environment":
            if not entry.value:
                effective.clear()
            for variable in _inline(unit, path, entry):
                effective[variable.name] = variable
        elif entry.key == "EnvironmentFile":
            for variable in _from_file(reading, unit, entry.value):
                effective[variable.name] = variable


def settings(
    reading: Reading, path: str, section: str, about: str = "Environment"
) -> Iterator[Entry]:
    """Yield the settings of one section; a file that does not hold the word `about` is skipped."""
    text = reading.text(path)
    if text is None or about not in text:
        return
    for entry in entries(text, continuation="backslash"):
        if entry.section == section:
            yield entry


def _inline(unit: str, path: str, entry: Entry) -> Iterator[UnitVariable]:
    """Yield the assignments of an `Environment=` line (systemd.exec(5))."""
    for word in words(entry.value):
        name, equals, value = word.partition("=")
        if equals and name:
            yield UnitVariable(
                unit=unit,
                name=name,
                # systemd.unit(5): a doubled percent sign is one; other specifiers stay as written.
                value=value.replace("%%", "%"),
                source=path,
                line=entry.line,
            )


def _from_file(reading: Reading, unit: str, value: str) -> Iterator[UnitVariable]:
    """Yield the assignments of the `EnvironmentFile=` that `value` names; `-` may be absent."""
    pattern = value.removeprefix("-").strip("\"'")
    for path in _matching(reading, pattern):
        text = reading.text(path)
        for assignment in file_assignments(text or ""):
            yield UnitVariable(
                unit=unit,
                name=assignment.name,
                value=assignment.value or "",
                source=path,
                line=assignment.line,
            )


def _matching(reading: Reading, pattern: str) -> tuple[str, ...]:
    """Return the files that a path with wildcards in its last part stands for."""
    if not pattern.startswith("/"):
        return ()
    folder, _, name = pattern.rpartition("/")
    if not set("*?[") & set(name):
        return (pattern,)
    found = reading.folder(folder or "/")
    return tuple(path for path in found if fnmatchcase(posixpath.basename(path), name))


def words(value: str) -> Iterator[str]:
    """Yield the words of a systemd value: quotes group, C escapes apply (systemd.syntax(7))."""
    pieces: list[str] = []
    quote = ""
    started = False
    characters = iter(value.replace("\n", " "))
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            pieces.append(_ESCAPES.get(following, following))
            started = True
        elif character in "'\"" and quote in ("", character):
            quote = "" if quote else character
            started = True
        elif character.isspace() and not quote:
            if started:
                yield "".join(pieces)
            pieces, started = [], False
        else:
            pieces.append(character)
            started = True
    if started:
        yield "".join(pieces)
