"""Takes an address apart as it is written in a setting: scheme, host, port, no credentials."""

from __future__ import annotations

import re

from msgspec import Struct

from auditor.redaction import redact_text

# RFC 3986 §3; the host is everything up to the port, a bracketed IPv6 address included. The
# last `@` ends the credentials, as every URL library has it.
_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]{0,31})://)?"
    r"(?P<authority>[^/?#\s]{0,2000})"
    r"(?P<path>/[^?#\s]*)?"
    r"(?:[?#].*)?"
)
_AUTHORITY = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,60})(?:%[\w.\-]{1,40})?\]|(?P<name>[^\[\]:@\\]{1,255}))"
    r"(?::(?P<port>\d{0,5}))?"
)
_HOST = re.compile(r"[\w.\-]+", re.UNICODE)
_LIMIT = 4096
_PORT_MAX = 65535


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where an address leads: `url` has no credentials, query or fragment; `port` 0 is unsaid."""

    scheme: str
    host: str
    port: int
    url: str

    @property
    def base(self) -> str:
        """Return scheme, host and port alone."""
        return _base(self.scheme, self.host, self.port)


def endpoint(text: str) -> Endpoint | None:
    """Return what `text` (a URL or `host[:port][/path]`) leads to, `None` where it cannot be told.

    An address that libraries read differently (a backslash in the authority) or that still
    holds an unexpanded `$VARIABLE` in its host is not guessed at.
    """
    text = text.strip()
    match = _URL.fullmatch(text) if len(text) <= _LIMIT else None
    if match is None:
        return None
    authority = _AUTHORITY.fullmatch(match["authority"].rpartition("@")[2])
    if authority is None or "\\" in match["authority"]:
        return None
    host = (authority["six"] or authority["name"]).lower()
    port = int(authority["port"] or 0)
    if port > _PORT_MAX or not (authority["six"] or _HOST.fullmatch(host)):
        return None
    scheme = (match["scheme"] or "").lower()
    # Some package hosts put the customer's token into the path.
    path = "/".join(redact_text(part) for part in (match["path"] or "").split("/"))
    return Endpoint(scheme=scheme, host=host, port=port, url=_base(scheme, host, port) + path)


def is_url(text: str) -> bool:
    """Return whether `text` begins as a URL with an authority does."""
    return re.match(r"\s*[A-Za-z][A-Za-z0-9+.\-]{0,31}://", text) is not None


def _base(scheme: str, host: str, port: int) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return (f"{scheme}://" if scheme else "") + bracketed + (f":{port}" if port else "")
