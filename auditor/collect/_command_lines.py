"""Reads the command lines of all processes once, for the settings that stand in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from auditor.collect._reading import Reading
from auditor.host import KIB, Absent, Unreadable

READS = ("/proc", "/proc/*/cmdline")
LIMIT = 64 * KIB  # as the collector of processes reads them


class CommandLine(Struct, frozen=True, kw_only=True):
    """A process's arguments, the program first; secrets may stand in them: never stored whole."""

    pid: int
    arguments: tuple[str, ...]

    @property
    def program(self) -> str:
        """The base name of the program."""
        return self.arguments[0].rpartition("/")[2]

    @property
    def path(self) -> str:
        """Where it was read."""
        return f"/proc/{self.pid}/cmdline"

    def value(self, *flags: str) -> str | None:
        """Return the last value of a flag (`--a b`, `--a=b`, `-a b`), `None` where it is not set.

        A flag that stands alone, or before another flag, has the value ``.
        """
        values = self.values(*flags)
        return values[-1] if values else None

    def values(self, *flags: str) -> list[str]:
        """Return every value of a flag that may be given several times."""
        found = []
        for number, word in enumerate(self.arguments):
            name, equals, value = word.partition("=")
            if name not in flags:
                continue
            found.append(value if equals else _following(self.arguments, number))
        return found

    def is_on(self, *flags: str) -> bool:
        """Return whether a switch is on: it stands there, and does not say no."""
        value = self.value(*flags)
        return value is not None and value.lower() not in ("false", "0", "no", "off")


def _following(arguments: Sequence[str], number: int) -> str:
    word = arguments[number + 1] if number + 1 < len(arguments) else ""
    return "" if word.startswith("-") and not word[1:2].isdigit() else word


def command_lines(reading: Reading) -> tuple[CommandLine, ...]:
    """Return the command lines of the programs that run; what is refused is a gap."""
    return tuple(_read(reading))


def _read(reading: Reading) -> Iterator[CommandLine]:
    try:
        names = reading.host.list("/proc")
    except Unreadable as error:
        reading.miss("/proc", error.reason, error.detail)
        return
    for pid in sorted(int(n) for n in names if n.isdecimal() and len(n) < 12):  # noqa: PLR2004
        path = f"/proc/{pid}/cmdline"
        try:
            data = reading.host.read(path, limit=LIMIT, head=True)
        except Absent:
            continue  # it has ended meanwhile
        except Unreadable as error:
            reading.miss(path, error.reason, error.detail)
            continue
        words = data.decode("utf-8", "replace").rstrip("\0").split("\0")
        if words[0]:
            yield CommandLine(pid=pid, arguments=tuple(words))
