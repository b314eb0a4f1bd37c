"""Makes mirror records: what is configured, and which tools are left to their public default."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._endpoint import endpoint
from auditor.collect._environment import HOST
from auditor.collect._reading import Reading
from auditor.evidence.network import Mirror
from auditor.site.perimeter import range_of

# Schemes of apt, pip and dnf that lead to this host's own disk.
_LOCAL_SCHEMES = frozenset({"file", "copy", "cdrom", "media", "dir", "iso", "hd"})
# Prefixes that name how, not where: `mirror+https://…`, `git+ssh://…`, `plugin:…`.
_PREFIXES = ("mirror+", "tor+", "git+", "sparse+", "oci+")


class Place(Struct, frozen=True, kw_only=True):
    """Whose setting of which tool it is, and where it stands."""

    ecosystem: str
    subject: str
    path: str
    line: int = 0


class Mirrors:
    """The mirrors found, each once for each subject, and who has configured one."""

    def __init__(self, reading: Reading) -> None:
        """Note gaps through `reading`."""
        self.reading = reading
        self._found: dict[tuple[str, str, str], Mirror] = {}
        self._configured: set[tuple[str, str]] = set()

    def configure(self, place: Place, address: str, *, settles: bool = True) -> None:
        """Keep a configured mirror; an address that cannot be told is a gap.

        `settles` is false for one that is asked beside the public default, not in its stead.
        """
        plain = address.strip().strip("\"'")
        if not plain:
            return
        ecosystem, subject = place.ecosystem, place.subject
        if settles:
            self.settle(ecosystem, subject)
        for prefix in _PREFIXES:
            plain = plain.removeprefix(prefix)
        local = self._local(plain)
        found = None if local else endpoint(plain)
        if not local and found is None:
            self.reading.malformed(
                place.path, place.line, f"not an address that {ecosystem} could use"
            )
            return
        record = Mirror(
            origin=self.reading.origin(place.path, place.line),
            ecosystem=ecosystem,
            subject=subject,
            url=found.url if found else local,
            host=found.host if found else "",
            explicit=True,
        )
        self._found.setdefault((ecosystem, subject, record.url), record)

    def configure_range(self, place: Place, address: str) -> None:
        """Keep an address that may also be a range (`10.1.0.0/16`), asked beside the default."""
        prefix = range_of(address) if "/" in address else None
        if prefix is None:
            self.configure(place, address, settles=False)
            return
        record = Mirror(
            origin=self.reading.origin(place.path, place.line),
            ecosystem=place.ecosystem,
            subject=place.subject,
            url="",
            host=str(prefix),
            explicit=True,
        )
        self._found.setdefault((place.ecosystem, place.subject, record.host), record)

    def settle(self, ecosystem: str, subject: str = HOST) -> None:
        """Note that the public default of a tool no longer applies for `subject`."""
        self._configured.add((ecosystem, subject))

    def default(self, ecosystem: str, path: str) -> None:
        """Keep that the tool found at `path` is left to its public default on this host."""
        if (ecosystem, HOST) in self._configured:
            return
        record = Mirror(
            origin=self.reading.origin(path),
            ecosystem=ecosystem,
            subject=HOST,
            url="",
            host="",
            explicit=False,
        )
        self._found.setdefault((ecosystem, HOST, ""), record)

    def default_where_present(self, ecosystem: str, *paths: str) -> None:
        """Keep the public default where one of the tool's paths is there."""
        present = next((path for path in paths if self.reading.present(path)), None)
        if present is not None:
            self.default(ecosystem, present)

    def records(self) -> Iterator[Mirror]:
        """Yield the mirrors in the order of ecosystem, subject and address."""
        for _, record in sorted(self._found.items()):
            yield record

    @staticmethod
    def _local(address: str) -> str:
        """Return a local address as `file:PATH`, or `` for one that leads elsewhere."""
        if address.startswith(("/", "./", "../", "~")):
            return f"file:{address}"
        scheme, colon, rest = address.partition(":")
        if colon and scheme.lower() in _LOCAL_SCHEMES and not _names_host(scheme.lower(), rest):
            return f"{scheme.lower()}:{rest}"
        return ""


def _names_host(scheme: str, rest: str) -> bool:
    """Return whether a file URL names another host (`file://server/share`)."""
    if scheme != "file" or not rest.startswith("//"):
        return False
    return rest[2:].partition("/")[0].lower() not in {"", "localhost"}
