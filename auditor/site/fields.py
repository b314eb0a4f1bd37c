"""Checks the values of the site file: ranges, names, dates, countries, keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_interface
from posixpath import normpath

from auditor.errors import SiteError
from auditor.hostnames import address_of, ascii_name
from auditor.site.countries import COUNTRIES, HINTS
from auditor.site.perimeter import Range, range_of

Check = Callable[[str], str]

# Wider than any organisation's own: a perimeter that holds half the Internet is no perimeter.
_WIDEST = {4: 8, 6: 16}
_WIDE_BUT_PRIVATE = ("fc00::/7", "fe80::/10")

# Suffixes that are a registry's, not an organisation's; every two-letter label is a country's.
_PUBLIC_SUFFIX = re.compile(
    r"(?:(?:com|co|net|org|edu|ac|gov|go|mil|ne|or)\.)?[a-z]{2}"
    r"|com|net|org|edu|gov|mil|int|arpa|info|biz|dev|app|cloud|online|site|xyz|tech|shop"
)
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n?")
_SSH_LINE = re.compile(
    r"(?:ssh-ed25519|ecdsa-sha2-nistp256|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+(?: .*)?"
)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_TEXT = 4000


class Wrong(Exception):  # noqa: N818 - becomes a SiteError as soon as the place is known
    """A value is wrong: a sentence, and a hint."""

    def __init__(self, what: str, hint: str = "") -> None:
        """Keep the sentence and the hint."""
        super().__init__(what)
        self.what = what
        self.hint = hint

    def at(self, where: str) -> SiteError:
        """Return the error for the user."""
        return SiteError(self.what, where=where, hint=self.hint)


def text(value: str) -> str:
    """Return any text that is not empty and not a book."""
    if not value.strip():
        raise Wrong("this is empty")
    if len(value) > _MOST_TEXT:
        raise Wrong(f"this is longer than {_MOST_TEXT} characters")
    return value.strip()


def network(value: str) -> str:
    """Return a CIDR in canonical form."""
    found = range_of(value)
    if found is None:
        raise Wrong(f"'{value:.80}' is not an address range", _range_hint(value))
    _refuse_too_wide(found)
    return str(found)


def name_suffix(value: str) -> str:
    """Return a DNS suffix in lower-case ASCII."""
    if address_of(value) is not None or range_of(value) is not None:
        raise Wrong(f"'{value:.80}' is an address, not a name", "Addresses belong to networks")
    plain = ascii_name(value.removeprefix("."))
    if not plain:
        raise Wrong(f"'{value:.80}' is not a DNS name", _name_hint(value))
    _refuse_public_suffix(plain)
    return plain


def entry(value: str) -> str:
    """Return a host name, a `.suffix`, an address or a CIDR, in canonical form."""
    address = address_of(value)
    if address is not None:
        return str(address)
    found = range_of(value)
    if found is not None:
        _refuse_too_wide(found)
        return str(found)
    dot = "." if value.startswith(".") else ""
    plain = ascii_name(value.removeprefix("."))
    if not plain or plain.replace(".", "").isdigit():
        raise Wrong(f"'{value:.80}' is neither a name nor an address", _name_hint(value))
    if dot:
        _refuse_public_suffix(plain)
    return dot + plain


def day(value: str) -> str:
    """Return an ISO date."""
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise Wrong(f"'{value:.40}' is not a date", "Write it as 2026-12-31") from None


def port(value: str) -> str:
    """Return a port number as text; 0 stands for every port."""
    if not (value.isascii() and value.isdigit()) or int(value[:6]) > 65535:  # noqa: PLR2004
        raise Wrong(f"'{value:.40}' is not a port", "A port is a number up to 65535")
    return str(int(value))


def country(value: str) -> str:
    """Return an ISO 3166-1 alpha-2 code."""
    code = value.upper()
    if code not in COUNTRIES:
        hint = HINTS.get(code, "Use the two letters of ISO 3166, such as DE")
        raise Wrong(f"'{value:.40}' is not a country code", hint)
    return code


def path(value: str) -> str:
    """Return an absolute path without `..` and double slashes."""
    if not value.startswith("/") or ".." in value.split("/"):
        raise Wrong(f"'{value:.200}' is not an absolute path")
    return normpath(value).replace("//", "/")


def model_origin(value: str) -> str:
    """Return a source of models: a registry's name, and below it parts that may hold `*`."""
    registry, *parts = value.split("/")
    hint = "Write it as huggingface.co/Qwen/* or models.plant.example/*"
    if "://" in value:
        raise Wrong(f"'{value:.120}' is a URL, not an origin", hint)
    name, colon, number = registry.partition(":")
    if not name or "*" in name or not parts:
        raise Wrong(f"'{value:.120}' is not registry/repository", hint)
    host = entry(name) + colon + (port(number) if colon else "")
    if any(part in ("", ".", "..") or not part.isprintable() for part in parts):
        raise Wrong(f"'{value:.120}' has an empty part, or dots for one", hint)
    return "/".join((host, *parts))


def global_name(value: str) -> str:
    """Return the name of a global as pickles ask for it, or a module's `module.*`."""
    labels = value.removesuffix(".*").split(".")
    if not all(label.isidentifier() for label in labels) or len(value.split(".")) == 1:
        raise Wrong(
            f"'{value:.120}' is not the name of a global",
            "Write it as ultralytics.nn.tasks.DetectionModel, or ultralytics.nn.tasks.*",
        )
    return value


def sha256(value: str) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    plain = value.strip().lower().removeprefix("sha256:")
    if not _SHA256.fullmatch(plain):
        raise Wrong(f"'{value:.80}' is not a SHA-256", "It has 64 hexadecimal digits")
    return plain


def public_key(value: str) -> str:
    """Return a public key: PEM (SubjectPublicKeyInfo) or a line of an SSH `.pub` file."""
    if "PRIVATE KEY" in value:
        raise Wrong(
            "this is a private key: it does not belong here",
            "Remove it, treat it as disclosed, and name the public key",
        )
    key = value.strip()
    if not (_PEM.fullmatch(key + "\n") or _SSH_LINE.fullmatch(key)):
        raise Wrong("this is not a public key", "PEM text or a line of an SSH .pub file")
    return key


def one_of(*words: str) -> Check:
    """Return a check for one of `words`."""

    def check(value: str) -> str:
        if value not in words:
            shown = ", ".join(word or "''" for word in words)
            raise Wrong(f"'{value:.40}' is not known here", f"One of: {shown}")
        return value

    return check


def _refuse_too_wide(found: Range) -> None:
    if found.prefixlen < _WIDEST[found.version] and str(found) not in _WIDE_BUT_PRIVATE:
        raise Wrong(
            f"{found} is too wide to be anybody's own",
            f"A range has at least /{_WIDEST[found.version]}",
        )


def _refuse_public_suffix(plain: str) -> None:
    if _PUBLIC_SUFFIX.fullmatch(plain):
        raise Wrong(f"everybody can have a name under '{plain}'", "Name your own domain")


def _range_hint(value: str) -> str:
    try:
        return f"Did you mean {ip_interface(value).network}?"
    except ValueError:
        return "Write it as 10.1.0.0/16 or fd00:1::/32"


def _name_hint(value: str) -> str:
    bare = value
    if "://" in bare:
        bare = bare.partition("://")[2]
    bare = bare.partition("/")[0].removeprefix("*")
    host, colon, number = bare.rpartition(":")
    if colon and number.isdigit():
        bare = host
    if bare != value and (ascii_name(bare.removeprefix(".")) or address_of(bare)):
        return f"Did you mean {bare.lower()}?"
    return "Write a name as corp.example, an address as 10.1.0.53"
