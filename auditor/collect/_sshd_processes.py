"""Finds SSH daemons that run with options of their own: those outrank the file (sshd(8))."""

from __future__ import annotations

import re

from auditor.collect._reading import Reading
from auditor.host import Unreadable

_LIMIT = 4096
# The daemon writes its command line anew: `sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 …`.
_DAEMON = re.compile(r"^(?:sshd: )?(?:\S*/)?(?:sshd|dropbear|tinysshd)(?: |$)")
_OPTION = re.compile(r" -[46DdeGiqTtV]*(?:f|o ?\"?(?P<keyword>[A-Za-z0-9]*))")
# Red Hat names ciphers on the command line: these alone decide what is judged.
_JUDGED = frozenset({
    "permitrootlogin", "passwordauthentication", "kbdinteractiveauthentication",
    "challengeresponseauthentication", "skeyauthentication", "usepam", "permitemptypasswords",
    "allowtcpforwarding", "disableforwarding", "gatewayports", "x11forwarding", "permittunnel",
    "port", "include", "match", "",
})  # fmt: skip
_OTHER = re.compile(r"^(?:\S*/)?(?:dropbear|tinysshd)(?: |$)")


def note_options(reading: Reading, *, configured: bool) -> None:
    """Note as a gap each daemon whose settings are not, or not all, those of `sshd_config`.

    `configured` is whether that file was found: a daemon that runs without one has others.

    Where the processes cannot be listed nothing is noted: that is the process table's gap.
    """
    try:
        names = reading.host.list("/proc")
    except Unreadable:
        return
    pids = sorted(int(name) for name in names if name.isdecimal() and len(name) < 12)  # noqa: PLR2004
    for pid in pids:
        words = _command(reading, pid)
        if not _DAEMON.match(words):
            continue
        if _OTHER.match(words):
            reading.miss(f"/proc/{pid}/cmdline", "unsupported", "another SSH daemon is running")
        elif any(
            (option["keyword"] or "").lower() in _JUDGED for option in _OPTION.finditer(words)
        ):
            detail = "sshd runs with options (-o, -f) that outrank its configuration file"
            reading.miss(f"/proc/{pid}/cmdline", "unsupported", detail)
        elif not configured:
            reading.miss(
                f"/proc/{pid}/cmdline", "absent", "sshd runs, its configuration is not seen"
            )


def _command(reading: Reading, pid: int) -> str:
    try:
        data = reading.host.read(f"/proc/{pid}/cmdline", limit=_LIMIT, head=True)
    except Unreadable:
        return ""  # it has ended, or is hidden: that is the process table's gap
    return data.decode("utf-8", "replace").replace("\0", " ").strip()
