"""Makes records of where a job, a shipper, a mailer or a tunnel is told to go."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.collect._endpoint import endpoint
from auditor.collect._reading import Reading
from auditor.evidence.channels import OutboundTarget
from auditor.evidence.paths import recordable
from auditor.redaction import redact_arguments

Purpose = Literal["scheduled", "shipping", "backup", "mail", "trap", "tunnel", "connectivity"]

_SAFE = frozenset({"https", "ftps", "sftp", "ssh", "scp", "git+ssh", "rediss", "amqps", "mqtts",
                   "wss", "tls", "ssl", "s3", "gs", "az", "abfss", "relp+tls"})  # fmt: skip
_CLEAR = frozenset({"http", "ftp", "tftp", "telnet", "rsync", "git", "redis", "amqp", "mqtt", "ws",
                    "udp", "tcp"})  # fmt: skip
_COMMAND = 200


class Place(Struct, frozen=True, kw_only=True):
    """Where something goes: `host` is `None` where it cannot be told from the text alone."""

    host: str | None
    port: int = 0
    url: str = ""
    explicit: bool = True
    encrypted: bool | None = None


PUBLIC_DEFAULT = Place(host="", explicit=False)
UNTOLD = Place(host=None)


def place_of(text: str, *, encrypted: bool | None = None, port: int = 0) -> Place:
    """Return where a URL or `host[:port]` leads; what a variable hides cannot be told."""
    found = endpoint(text)
    if found is None:
        return Place(host=None, encrypted=encrypted)
    if encrypted is None:
        encrypted = by_scheme(found.scheme)
    return Place(
        host=found.host,
        port=found.port or port,
        url=found.url if found.scheme else "",
        encrypted=encrypted,
    )


def by_scheme(scheme: str) -> bool | None:
    """Return whether a URL's scheme stands for an encrypted transport; `None` for one unknown."""
    return True if scheme in _SAFE else False if scheme in _CLEAR else None


def command_text(words: tuple[str, ...]) -> str:
    """Return a command as it may be stored: redacted, in one line, its first 200 characters."""
    text = " ".join(" ".join(redact_arguments(words)).split())
    return text if len(text) <= _COMMAND else f"{text[: _COMMAND - 1]}…"


def outbound(  # noqa: PLR0913 - the fields of one record
    reading: Reading,
    purpose: Purpose,
    *,
    subject: str,
    tool: str,
    place: Place,
    path: str,
    line: int = 0,
    command: str = "",
) -> OutboundTarget:
    """Return the record of one way."""
    return OutboundTarget(
        origin=reading.origin(recordable(path), line),
        purpose=purpose,
        subject=recordable(subject),
        tool=recordable(tool),
        host=place.host,
        port=place.port,
        url=place.url,
        explicit=place.explicit,
        encrypted=place.encrypted,
        command=command,
    )
