"""Makes text of names that came off a network: lower case, escaped, bounded."""

from __future__ import annotations

LONGEST = 253
_LONGEST_WIRE = 255  # RFC 1035, 2.3.4
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
_DROPPED = bytes(_PLAIN)


def name_text(raw: bytes) -> str:
    r"""Return a name in lower case without the root's dot.

    Bytes outside printable ASCII, spaces and backslashes become `\ddd` (RFC 1035, 5.1), so that
    a name can neither break a line nor a terminal. After `LONGEST` characters comes `…`: such a
    name is nobody's, since DNS allows no longer one.
    """
    low = raw[: LONGEST + 1].lower()
    if len(low) > 1 and low.endswith(b"."):
        low = low[:-1]
    if not low.translate(None, _DROPPED):
        return _bounded(low.decode("ascii"))
    return _bounded("".join(_shown(byte) for byte in low))


def host_text(authority: bytes) -> str:
    """Return the host of `user@host:port`; an IPv6 address without its brackets."""
    value = authority.strip().rpartition(b"@")[2]
    if value.startswith(b"["):
        return name_text(value[1:].partition(b"]")[0])
    host, colon, port = value.rpartition(b":")
    return name_text(host if colon and (port.isdigit() or not port) else value)


def label_text(raw: bytes) -> str:
    """Return a label of a DNS name; a dot within it is escaped too."""
    return labels_text([raw])


def labels_text(labels: list[bytes]) -> str:
    """Return a DNS name of its labels; a dot within one is escaped too; the root is `.`.

    Whole, though every byte may take four characters: whose a name is stands at its end.
    """
    low = b".".join(labels).lower()
    if not low.translate(None, _DROPPED) and low.count(b".") < len(labels):
        return low.decode("ascii")
    shown = ("".join(map(_shown_in_label, label.lower())) for label in labels)
    return _bounded(".".join(shown), 4 * _LONGEST_WIRE) if labels else "."


def _shown_in_label(byte: int) -> str:
    return "\\." if byte == 0x2E else _shown(byte)  # noqa: PLR2004


def _shown(byte: int) -> str:
    if 0x21 <= byte <= 0x7E and byte != 0x5C:  # noqa: PLR2004
        return chr(byte)
    return f"\\{byte:03d}"


def _bounded(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
