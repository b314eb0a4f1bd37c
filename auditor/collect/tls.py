"""Reads how services are set to encrypt what they send, and the certificates on disk."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.collect import Collector, Fact, Options
from auditor.collect import _apache as apache
from auditor.collect import _certificate_places as places
from auditor.collect import _command_lines as command_lines
from auditor.collect import _haproxy as haproxy
from auditor.collect import _nginx as nginx
from auditor.collect import _private_keys as private_keys
from auditor.collect import _tls_engines as engines
from auditor.collect import _tls_flags as flags
from auditor.collect import _tls_messages as messages
from auditor.collect import _tls_stores as stores
from auditor.collect import _tls_unread as unread
from auditor.collect._certificate_records import Place, records
from auditor.collect._reading import Reading
from auditor.collect._tls_listeners import Found
from auditor.collect._x509 import Contents, contents, is_authority
from auditor.evidence.paths import recordable
from auditor.evidence.transit import Certificate, TlsSetting
from auditor.host import MIB, Absent, Host, Unreadable

NAME = "tls"


class _File(Struct, frozen=True, kw_only=True):
    """A file to be read: whose it is, and the key that goes with it; `named` by a service."""

    purpose: str
    key: str = ""
    named: bool = False


def _collect(host: Host, _options: Options) -> Iterator[Fact]:
    # What a service's settings do not tell, they do not tell of its certificates either.
    settings = Reading(host, NAME, "tls_setting", "certificate")
    files = Reading(host, NAME, "certificate")
    found = Found()
    lines = command_lines.command_lines(settings)
    nginx.read(settings, found)
    apache.read(settings, found)
    haproxy.read(settings, found)
    stores.read(settings, found)
    engines.read(settings, lines, found)
    messages.read(settings, lines, found)
    flags.read(settings, lines, found)
    unread.note(settings, lines, found)
    yield from found.settings
    for path, file in sorted(_files(files, found).items()):
        yield from _certificates(files, path, file)
    yield from settings.gaps()
    yield from files.gaps()


def _files(reading: Reading, found: Found) -> dict[str, _File]:
    """Return the files by path; what a service names outranks the folder that it lies in."""
    files = {one.path: _File(purpose=one.purpose) for one in places.candidates(reading)}
    for one in found.named[: places.MOST]:
        files[one.certificate] = _File(purpose=one.purpose, key=one.key, named=True)
    return files


def _certificates(reading: Reading, path: str, file: _File) -> Iterator[Certificate]:
    held = _contents(reading, path, file)
    if held is None:
        return
    if held.damaged:
        reading.miss(path, "malformed", "a certificate in it is damaged")
    if held.too_many and file.named:
        reading.miss(path, "limit", "more certificates than a server's chain has")
    if not held.certificates:
        return
    key, who = private_keys.key_beside(
        reading.host, path, file.key, within=held.holds_key,
        authority=is_authority(held.certificates[0]),
    )  # fmt: skip
    place = Place(
        path=recordable(path), purpose=file.purpose, key_path=recordable(key), key_readers=who
    )
    for made in records(reading.origin(recordable(path)), place, held.certificates):
        if isinstance(made, str):
            reading.miss(path, "malformed", made)
        else:
            yield made


def _contents(reading: Reading, path: str, file: _File) -> Contents | None:
    """Return what a file holds, `None` where it could not be read (a gap)."""
    try:
        return contents(reading.host.read(path, limit=MIB))
    except Absent:
        if file.named:
            reading.miss(path, "absent", f"{file.purpose} names it, and it is not there")
    except Unreadable as error:
        reading.miss(path, error.reason, error.detail)
    return None


COLLECTOR = Collector(
    title="TLS settings of services, and certificates on disk",
    yields=(Certificate, TlsSetting),
    reads=(
        *places.READS, *private_keys.READS, *command_lines.READS, *nginx.READS, *apache.READS,
        *haproxy.READS, *stores.READS, *engines.READS, *messages.READS,
    ),
    collect=_collect,
)  # fmt: skip
