"""What TLS settings of services have in common: listeners, versions, weak algorithms, files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct, field

from auditor.catalogues.runtimes import split_address
from auditor.collect._reading import Reading
from auditor.evidence.transit import TlsSetting
from auditor.hostnames import address_of

# Oldest first; SSLv2 and SSLv3 are no TLS, and older than all.
VERSIONS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
SOUND = ("TLSv1.2", "TLSv1.3")
# Words of an OpenSSL cipher list (ciphers(1)) that switch on what nobody should use.
_WEAK_CIPHER = re.compile(
    r"(?i)(?:^|[-+_])(?:e?null|anull|adh|aecdh|rc4|rc2|des|3des|cbc3|md5|exp\w*|low|idea|seed)"
    r"(?:$|[-+_])|^(?:export|compleofall|complementofall)"
)
_EVERY = frozenset({"", "*", "0.0.0.0", "::", "_"})  # noqa: S104 - compared, nothing is bound
_LOCAL = frozenset({"localhost", "ip6-localhost", "unix"})


class Named(Struct, frozen=True, kw_only=True):
    """A certificate that a service names, the key that goes with it (may be empty), and who."""

    certificate: str
    key: str
    purpose: str


class Found(Struct, kw_only=True):
    """What the settings of all services say."""

    settings: list[TlsSetting] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)

    def name(self, certificate: str, key: str, purpose: str, *, base: str = "") -> str:
        """Keep a named certificate; returns its path, `` where it is not told by a path.

        A relative one lies below `base`.
        """
        path = _absolute(certificate, base)
        if not path:
            return ""
        self.named.append(Named(certificate=path, key=_absolute(key, base), purpose=purpose))
        return path


def _absolute(path: str, base: str) -> str:
    text = path.strip().strip("\"'")
    if not text or "$" in text or "://" in text or text.startswith("data:"):
        return ""
    return text if text.startswith("/") else f"{base}/{text}" if base else ""


class Listener(Struct, kw_only=True):
    """One listener as its service's settings tell of it; the fields are those of `TlsSetting`."""

    service: str
    address: str
    port: int = 0
    tls: bool | None = False
    control: bool = False
    redirects: bool = False
    protocols: tuple[str, ...] | None = ()
    weak: tuple[str, ...] | None = ()
    peers_verified: bool | None = False
    certificates: tuple[str, ...] = ()

    def record(self, reading: Reading, path: str, line: int = 0) -> TlsSetting:
        """Return it as a record read there; without TLS its versions say nothing."""
        return TlsSetting(
            origin=reading.origin(path, line),
            service=self.service,
            listener=self.shown,
            port=self.port,
            loopback=is_local(self.address),
            control=self.control,
            tls=self.tls,
            redirects=self.redirects and self.tls is False,
            protocols=() if self.tls is False else self.protocols,
            weak=() if self.tls is False else self.weak,
            peers_verified=self.peers_verified,
            certificates=tuple(sorted(set(self.certificates))),
        )

    @property
    def shown(self) -> str:
        """The listener as a reader knows it."""
        address = f"[{self.address}]" if ":" in self.address else self.address or "*"
        return f"{address}:{self.port}" if self.port else address


def is_local(address: str) -> bool | None:
    """Return whether only this host reaches the address; `None` for a name that nobody resolved."""
    text = address.strip("[]").lower()
    if text in _EVERY:
        return False
    if text in _LOCAL or text.startswith(("unix:", "/", "@")):
        return True
    found = address_of(text)
    return None if found is None else found.is_loopback


def listener_of(text: str, port: int = 0) -> tuple[str, int]:
    """Return address and port of `80`, `host:80`, `*:80`, `[::]:80` or a URL of those."""
    bare = text.strip()
    if bare.isdecimal() and len(bare) < 6:  # noqa: PLR2004 - a port
        return "*", int(bare)
    if bare.startswith(("unix:", "/", "@")):
        return "unix", 0
    host, found = split_address(bare)
    # The address of every address is written in many ways: here it is `*`, or `::`.
    return ("*" if host in ("", "0.0.0.0", "*") else host), found or port  # noqa: S104 - compared


def between(lowest: str, highest: str = "TLSv1.3") -> tuple[str, ...]:
    """Return the versions from the lowest to the highest, `()` for one that is not known."""
    low, high = version(lowest), version(highest)
    if not low or not high:
        return ()
    return VERSIONS[VERSIONS.index(low) : VERSIONS.index(high) + 1]


def version(text: str) -> str:
    """Return a version in OpenSSL's spelling (`VersionTLS12`, `tlsv1.2`, `1.2`), or ``."""
    bare = re.sub(r"(?i)^version", "", text.strip().strip("\"'")).lower().replace("_", ".")
    if bare in ("sslv2", "sslv3"):
        return "SSL" + bare[3:]
    match = re.fullmatch(r"(?:tls)?v?1(?:\.?([0-3]))?", bare)
    if match is None:
        return ""
    return "TLSv1" if match[1] in (None, "0") else f"TLSv1.{match[1]}"


def versions(words: Iterable[str]) -> tuple[str, ...]:
    """Return the versions that a list of words switches on, oldest first."""
    found = {version(word) for word in words}
    return tuple(one for one in VERSIONS if one in found)


def weak_ciphers(*lists: str) -> tuple[str, ...]:
    """Return the weak words of OpenSSL cipher lists; `!` and `-` switch off (ciphers(1))."""
    found: dict[str, None] = {}
    for text in lists:
        words = [word for word in re.split(r"[:,\s]+", text.strip().strip("\"'")) if word]
        killed = {word[1:].lower() for word in words if word.startswith("!")}
        for word in words:
            bare = word.lstrip("+")
            if word[0] not in "!-@+" and _WEAK_CIPHER.search(bare) and bare.lower() not in killed:
                found[bare] = None
            elif bare.lower() == "all" and word[0] not in "!-@" and "anull" not in killed:
                found[bare] = None  # among them those that ask for no certificate
    return tuple(sorted(found))
