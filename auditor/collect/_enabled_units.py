"""Tells which systemd units and start scripts are there, and which start with the machine."""

from __future__ import annotations

import posixpath
import re

from msgspec import Struct

from auditor.collect._reading import Reading
from auditor.collect._units import UNIT_FOLDERS

_LINKS = (".wants", ".requires", ".upholds")
# Run levels of sysvinit in which a server works, and OpenRC's.
_RUN_LEVELS = ("/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d")
_OPENRC = ("/etc/runlevels/default", "/etc/runlevels/boot")
_SCRIPTS = "/etc/init.d"
_STARTED = re.compile(r"S\d\d(.+)")
READS = (
    *UNIT_FOLDERS,
    *(f"{folder}/*{suffix}" for folder in UNIT_FOLDERS for suffix in _LINKS),
    *_RUN_LEVELS,
    *_OPENRC,
    _SCRIPTS,
)


class Units(Struct, frozen=True, kw_only=True):
    """The units of a host: `files` gives the first file of each, `started` those linked to start.

    `dropins` are the folders of their additions (`NAME.d`). `whole` is false where a folder could
    not be seen, so that what is not listed may be there.
    """

    files: dict[str, str]
    started: frozenset[str]
    masked: frozenset[str]
    dropins: tuple[str, ...]
    whole: bool

    def installed(self, unit: str) -> bool:
        """Return whether there is such a unit, or a start script of its name."""
        return unit in self.files or unit in self.started

    def enabled(self, unit: str) -> bool | None:
        """Return whether a unit starts by itself; `None` where that could not be seen."""
        if unit in self.masked:
            return False
        if unit in self.started:
            return True
        return False if self.whole else None


def units(reading: Reading) -> Units:
    """Return the units; folders that are refused are gaps, as is a host that shows no units."""
    before = reading.losses
    files: dict[str, str] = {}
    started: set[str] = set()
    dropins: list[str] = []
    for folder in UNIT_FOLDERS:
        for path in reading.folder(folder):
            name = posixpath.basename(path)
            if name.endswith(_LINKS):
                started.update(posixpath.basename(link) for link in reading.folder(path))
            elif name.endswith(".d"):
                dropins.append(path)
            else:
                files.setdefault(name, path)
    files |= _scripts(reading, started)
    if not files and not started:
        reading.miss(UNIT_FOLDERS[0], "absent", "no units are seen: what is started is not known")
    masked = frozenset(
        name
        for name, path in files.items()
        if path.startswith((UNIT_FOLDERS[0], UNIT_FOLDERS[1])) and reading.masked(path)
    )
    return Units(
        files=files,
        started=frozenset(started | _instances(started)),
        masked=masked,
        dropins=tuple(dropins),
        whole=reading.losses == before,
    )


def _scripts(reading: Reading, started: set[str]) -> dict[str, str]:
    """Return the start scripts as units, and add those that a run level starts."""
    found = {f"{posixpath.basename(path)}.service": path for path in reading.folder(_SCRIPTS)}
    for folder in _RUN_LEVELS:
        for path in reading.folder(folder):
            match = _STARTED.fullmatch(posixpath.basename(path))
            if match:
                started.add(f"{match[1]}.service")
    for folder in _OPENRC:
        started.update(f"{posixpath.basename(path)}.service" for path in reading.folder(folder))
    return found


def _instances(started: set[str]) -> set[str]:
    """Return the templates of the instances that are started: `frpc@` of `frpc@a.service`."""
    return {
        f"{name.partition('@')[0]}@.{name.rpartition('.')[2]}" for name in started if "@" in name
    }
