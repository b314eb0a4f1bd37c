"""Finds the certificate files of a host, without the bundle of authorities of its distribution."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._reading import Reading
from auditor.host import Absent, Host, Stat, Unreadable

# Folder, whose it is, and how many levels below it are looked at.
FOLDERS: tuple[tuple[str, str, int], ...] = (
    ("/etc/ssl", "host", 2),
    ("/etc/pki/tls", "host", 2),
    ("/etc/letsencrypt/live", "letsencrypt", 2),
    ("/etc/nginx", "nginx", 3),
    ("/etc/apache2", "apache", 2),
    ("/etc/httpd", "apache", 2),
    ("/etc/haproxy", "haproxy", 2),
    ("/etc/kubernetes/pki", "kubernetes", 2),
    ("/var/lib/kubelet/pki", "kubelet", 1),
    ("/etc/docker", "docker", 3),
    ("/etc/containerd/certs.d", "containerd", 2),
    ("/etc/etcd", "etcd", 2),
    ("/etc/rabbitmq", "rabbitmq", 2),
    ("/etc/postgresql", "postgresql", 4),
    ("/etc/mosquitto", "mosquitto", 2),
)
READS = tuple(f"{folder}/*" for folder, _, _ in FOLDERS)
_ENDINGS = (".pem", ".crt", ".cer", ".cert", ".der")
# Links to these lead to the authorities that the distribution trusts.
_AUTHORITIES = ("/usr/share/ca-certificates/", "/etc/pki/ca-trust/", "/etc/ca-certificates/",
                "/usr/share/pki/", "/var/lib/ca-certificates/")  # fmt: skip
_BUNDLES = frozenset({"ca-certificates.crt", "ca-bundle.crt", "ca-bundle.trust.crt", "cert.pem"})
_TRUSTED = frozenset({"/etc/ssl/certs", "/etc/pki/tls/certs"})
# By convention of private keys alone, closed to all but root; what a service names is read there.
_OF_KEYS = "private"
_PER_FOLDER = 20_000
MOST = 2_000


class Candidate(Struct, frozen=True, kw_only=True):
    """A file that may hold certificates, and whose it is."""

    path: str
    purpose: str


def candidates(reading: Reading) -> Iterator[Candidate]:
    """Yield the files below the folders, a file each once; too many are a gap."""
    count = 0
    for folder, purpose, depth in FOLDERS:
        for path in _walk(reading, folder, depth):
            count += 1
            if count > MOST:
                reading.miss(folder, "limit", f"more than {MOST} certificate files")
                return
            yield Candidate(path=path, purpose=purpose)


def _walk(reading: Reading, folder: str, depth: int) -> Iterator[str]:
    for name in reading.names(folder, limit=_PER_FOLDER):
        path = f"{folder}/{name}"
        if name.endswith(_ENDINGS):
            if name not in _BUNDLES and _is_own(reading.host, folder, path):
                yield path
        elif depth > 1 and _may_hold(folder, name) and _is_folder(reading, path):
            yield from _walk(reading, path, depth - 1)


def _may_hold(folder: str, name: str) -> bool:
    return folder not in _TRUSTED and name != _OF_KEYS


def _is_own(host: Host, folder: str, path: str) -> bool:
    """Return whether a file is the host's own: links of a trust folder are the distribution's."""
    try:
        target = host.readlink(path)
    except Unreadable:
        return True  # no link, or one that will be a gap when it is read
    if target.startswith(_AUTHORITIES):
        return False
    # A link to a neighbour there is another name (c_rehash(1)) of a file that is seen itself.
    return folder not in _TRUSTED or "/" in target


def _is_folder(reading: Reading, path: str) -> bool:
    stat = status(reading, path)
    return stat is not None and stat.file_type == "directory"


def status(reading: Reading, path: str) -> Stat | None:
    """Return what lstat(2) tells, `None` where there is nothing; a refusal is a gap."""
    try:
        return reading.host.stat(path)
    except Absent:
        return None
    except Unreadable as error:
        reading.miss(path, error.reason, error.detail)
        return None
