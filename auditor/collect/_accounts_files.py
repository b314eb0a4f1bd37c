"""Parses the account files: passwd(5), shadow(5), group(5) and nsswitch.conf(5)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.collect._reading import Reading

PASSWD, SHADOW, GROUP = "/etc/passwd", "/etc/shadow", "/etc/group"
NSSWITCH = "/etc/nsswitch.conf"
Password = Literal["set", "locked", "empty"]

_PASSWD_FIELDS, _GROUP_FIELDS, _SHADOW_FIELDS = 7, 4, 9
_LOCAL_SOURCES = frozenset({"files", "compat", "systemd", "altfiles", "db", "extrausers"})
# A source is only asked where it was set up: Red Hat names sss whether it is or not.
_SET_UP_BY = {"sss": ("/etc/sssd/sssd.conf", "/etc/sssd/conf.d")}


class Entry(Struct, frozen=True, kw_only=True):
    """A line of passwd(5); `password` is its second field, never kept in a record."""

    line: int
    username: str
    password: str
    uid: int
    gid: int
    directory: str
    shell: str


class Groups(Struct, frozen=True, kw_only=True):
    """The groups of group(5): number by name, and members by name."""

    numbers: dict[str, int]
    members: dict[str, tuple[str, ...]]

    def of(self, username: str, gid: int) -> dict[str, int]:
        """Return the groups of an account, with its primary one."""
        return {
            name: number
            for name, number in self.numbers.items()
            if number == gid or username in self.members[name]
        }


def entries(reading: Reading) -> tuple[Entry, ...]:
    """Return the accounts of `/etc/passwd`; a line that is none of its format is a gap."""
    text = reading.text(PASSWD)
    if text is None:
        if reading.absent(PASSWD):
            reading.miss(PASSWD, "absent", "there is no list of accounts")
        return ()
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line.startswith("#"):
            continue
        if line[0] in "+-":
            reading.miss(f"{PASSWD}:{number}", "unsupported", "accounts of NIS are not read")
            continue
        fields = line.split(":")
        if (
            len(fields) != _PASSWD_FIELDS
            or not fields[0]
            or _number(fields[2]) is None
            or _number(fields[3]) is None
        ):
            reading.malformed(PASSWD, number, "not a line as passwd(5) has it")
            continue
        found.append(
            Entry(
                line=number,
                username=fields[0],
                password=fields[1],
                uid=int(fields[2]),
                gid=int(fields[3]),
                directory=fields[5],
                shell=fields[6],
            )
        )
    return tuple(found)


def passwords(reading: Reading) -> dict[str, Password] | None:
    """Return the state of each password in `/etc/shadow`, never a hash; `None` if unreadable."""
    text = reading.text(SHADOW)
    if text is None:
        if reading.absent(SHADOW):
            reading.miss(SHADOW, "absent", "the passwords' state is not to be found")
        return None
    found: dict[str, Password] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line.startswith("#"):
            continue
        fields = line.split(":")
        if len(fields) != _SHADOW_FIELDS or not fields[0]:
            reading.malformed(SHADOW, number, "not a line as shadow(5) has it")
            continue
        found[fields[0]] = state(fields[1])
    return found


def state(field: str) -> Password:
    """Return what a password field says: `!` and `*` can match no password (crypt(5))."""
    if not field:
        return "empty"
    return "locked" if field[0] in "!*" else "set"


def groups(reading: Reading) -> Groups | None:
    """Return the groups of `/etc/group`, `None` where it could not be read."""
    text = reading.text(GROUP)
    if text is None:
        if reading.absent(GROUP):
            reading.miss(GROUP, "absent", "there is no list of groups")
        return None
    numbers: dict[str, int] = {}
    members: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line[0] in "#+-":
            continue
        fields = line.split(":")
        gid = _number(fields[2]) if len(fields) == _GROUP_FIELDS else None
        if gid is None or not fields[0]:
            reading.malformed(GROUP, number, "not a line as group(5) has it")
            continue
        numbers[fields[0]] = gid
        more = tuple(name.strip() for name in fields[3].split(",") if name.strip())
        members[fields[0]] = (*members.get(fields[0], ()), *more)
    return Groups(numbers=numbers, members=members)


def other_sources(reading: Reading, database: str) -> tuple[str, ...]:
    """Return where a database of nsswitch.conf(5) also comes from, besides this host's files."""
    text = reading.text(NSSWITCH) or ""
    for line in text.split("\n"):
        name, _, rest = line.partition("#")[0].partition(":")
        if name.strip() == database:
            words = [word for word in rest.split() if not word.startswith("[")]
            others = [word for word in words if word not in _LOCAL_SOURCES and word[-1] != "]"]
            return tuple(word for word in others if _is_set_up(reading, word))
    return ()


def _is_set_up(reading: Reading, source: str) -> bool:
    places = _SET_UP_BY.get(source, ())
    return not places or any(not reading.absent(place) for place in places)


def _number(field: str) -> int | None:
    return int(field) if field.isascii() and field.isdecimal() and len(field) <= 10 else None  # noqa: PLR2004 - 32 bits
