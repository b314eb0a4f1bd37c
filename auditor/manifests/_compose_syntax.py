"""Takes apart the short forms of Compose files: variables, ports, volumes, commands."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import Literal

from msgspec import Struct

_VARIABLE = re.compile(
    r"\$(?:\$|(?P<plain>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<rest>[^${}]*)\})"
)
_NESTED = 5
_MAX_TEXT = 64 * 1024
_PORT = re.compile(
    r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|\d{1,3}(?:\.\d{1,3}){3}|localhost):)?"
    r"(?:(?P<published>\d{1,5}(?:-\d{1,5})?)?:)?(?P<target>\d{1,5}(?:-\d{1,5})?)"
    r"(?:/(?P<protocol>tcp|udp|sctp))?"
)
_MAX_PORT = 65535
# A range of more ports than this is read as its ends.
_WIDEST = 64


class Port(Struct, frozen=True, kw_only=True):
    """A published port: `address` is `` for every one; `published` 0 is chosen by the engine."""

    address: str
    published: int
    target: int
    protocol: Literal["tcp", "udp"]


def interpolate(text: str) -> str | None:
    """Return `text` with its variables replaced by their defaults, as Compose writes them.

    `${NAME:-default}` gives the default: what the file itself says. A variable without one
    comes from the shell or from `.env`, which are no part of the input: `None`.
    """
    for _ in range(_NESTED):
        unknown = False

        def replaced(match: re.Match[str]) -> str:
            nonlocal unknown
            if match[0] == "$$":
                return "\0"
            rest = match["rest"] or ""
            if rest.startswith((":-", "-")):
                return rest.lstrip(":")[1:]
            unknown = True
            return ""

        text, count = _VARIABLE.subn(replaced, text)
        if unknown or len(text) > _MAX_TEXT:
            return None
        if not count:
            break
    return None if "${" in text else text.replace("\0", "$")


def port(text: str) -> tuple[Port, ...]:
    """Return the ports of a short form (`127.0.0.1:8000:80/tcp`), ranges one by one; else ()."""
    match = _PORT.fullmatch(text.strip())
    if match is None:
        return ()
    address = (match["host"] or "").strip("[]")
    protocol: Literal["tcp", "udp"] = "udp" if match["protocol"] == "udp" else "tcp"
    targets = _range(match["target"])
    published = _range(match["published"]) if match["published"] else (0,) * len(targets)
    if not targets or not published:
        return ()
    if len(published) != len(targets):
        # `3000-3005:80` lets the engine choose one of the range.
        targets = targets[:1] * len(published)
    return tuple(
        Port(
            address="127.0.0.1" if address == "localhost" else address,
            published=number,
            target=target,
            protocol=protocol,
        )
        for number, target in zip(published, targets, strict=True)
    )


def _range(text: str) -> tuple[int, ...]:
    first, _, last = text.partition("-")
    low, high = int(first), int(last or first)
    if not 0 <= low <= high <= _MAX_PORT:
        return ()
    return tuple(range(low, high + 1)) if high - low < _WIDEST else (low, high)


def volume(text: str) -> tuple[str, str, bool]:
    """Return source, target and whether it is read-only of a short form (`/data:/models:ro`).

    The source is `` for an anonymous volume.
    """
    parts = text.split(":")
    if len(parts) == 1:
        return "", parts[0], False
    options = parts[2].split(",") if len(parts) > 2 else []  # noqa: PLR2004 - source:target:options
    return parts[0], parts[1], "ro" in options


def path(text: str) -> str:
    """Return a host path in its shortest form: `/run/../var//x/` is `/var/x`."""
    return "/" + posixpath.normpath(text).lstrip("/") if text.startswith("/") else text


def words(text: str) -> tuple[str, ...]:
    """Return the words of a command written as one line; one word where quotes do not match."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return (text,)
