"""Finds the home folders of a host's accounts."""

from __future__ import annotations

from msgspec import Struct

from auditor.collect._reading import Reading

# Homes of accounts that have none of their own (passwd entries of Debian, Red Hat and SUSE).
_NO_HOMES = frozenset(
    {"", "/", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/dev", "/dev/null", "/proc", "/run",
     "/nonexistent", "/nonexisting", "/var/empty", "/var/empty/sshd"}
)  # fmt: skip
_FIELDS = 7
_HOMES_LIMIT = 2_000


class Home(Struct, frozen=True, kw_only=True):
    """An account and its home folder, without a slash at the end."""

    username: str
    path: str


def homes(reading: Reading) -> tuple[Home, ...]:
    """Return the accounts' homes (passwd(5)), each folder once, under its first account's name."""
    text = reading.text("/etc/passwd")
    if text is None:
        if reading.absent("/etc/passwd"):
            reading.miss("/etc/passwd", "absent", "no accounts: their settings were not looked for")
        return ()
    found: dict[str, Home] = {}
    for line in text.split("\n"):
        fields = line.split(":")
        if len(fields) != _FIELDS:
            continue
        path = fields[5].rstrip("/")
        if path.startswith("/") and path not in _NO_HOMES:
            found.setdefault(path, Home(username=fields[0], path=path))
    kept = tuple(home for _, home in sorted(found.items()))
    if len(kept) > _HOMES_LIMIT:
        reading.miss("/etc/passwd", "limit", f"more than {_HOMES_LIMIT} home folders")
    return kept[:_HOMES_LIMIT]
