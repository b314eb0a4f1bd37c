"""Finds whom sudo lets act as another user (sudoers(5)), from the files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._reading import Reading
from auditor.host import Absent, Unreadable

MAIN = "/etc/sudoers"
_DEEPEST = 16
_MOST_FILES = 500
_ALIAS_KINDS = ("User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias")
_INCLUDE = re.compile(r"[@#](?P<what>include|includedir)\s+(?P<path>\S.*)")
_COMMENT = re.compile(r"(?<!\\)#(?![0-9]).*")
_TOKEN = re.compile(r'(?:"[^"]*"|\\.|[^\s"\\])+')
_ANOTHERS_PASSWORD = re.compile(r"(?<!!)\b(?:targetpw|rootpw|runaspw)\b")
_GROUP_MARK = "%"


class Sudoers(Struct, frozen=True, kw_only=True):
    """Whom the rules name. `everybody`: a rule for `ALL` users who give their own password.

    `undecided`: some are named by what only a directory service knows (netgroups, its groups),
    or a file could not be read.
    """

    users: frozenset[str]
    uids: frozenset[int]
    groups: frozenset[str]
    gids: frozenset[int]
    everybody: bool
    undecided: bool

    def names(self, username: str, uid: int, groups: dict[str, int]) -> bool:
        """Return whether a rule is for that account, a member of `groups` (name to number)."""
        return (
            self.everybody
            or username in self.users
            or uid in self.uids
            or not self.groups.isdisjoint(groups)
            or not self.gids.isdisjoint(groups.values())
        )


class _Found(Struct):
    """What is gathered while reading."""

    named: list[str]
    aliases: dict[str, list[str]]
    anothers_password: bool = False
    whole: bool = True
    files: int = 0


def read(reading: Reading) -> Sudoers:
    """Return whom sudo lets act; where there is no sudo nobody is named."""
    found = _Found(named=[], aliases={})
    if not reading.absent(MAIN):
        _read_file(reading, MAIN, found, 0)
    named = list(_expanded(found.named, found.aliases))
    people = [name for name in named if name and name[0] not in "%#+!"]
    groups = [name[1:] for name in named if name.startswith(_GROUP_MARK)]
    return Sudoers(
        users=frozenset(name for name in people if name != "ALL"),
        uids=frozenset(_numbers(named)),
        groups=frozenset(name for name in groups if not name.startswith(("#", ":"))),
        gids=frozenset(_numbers(groups)),
        everybody="ALL" in people and not found.anothers_password,
        undecided=not found.whole or any(name.startswith(("+", "%:")) for name in named),
    )


def _read_file(reading: Reading, path: str, found: _Found, depth: int) -> None:
    found.files += 1
    if depth > _DEEPEST or found.files > _MOST_FILES:
        reading.miss(path, "limit", "too many included files")
        found.whole = False
        return
    text = reading.text(path)
    if text is None:
        # sudo warns of an included file that is not there, and goes on.
        found.whole = found.whole and reading.absent(path)
        return
    for number, line in _lines(text):
        include = _INCLUDE.fullmatch(line)
        if include:
            target = include["path"].strip('"')
            if not target.startswith("/"):
                target = f"{path.rpartition('/')[0]}/{target}"
            others = (
                _folder(reading, target, found) if include["what"] == "includedir" else [target]
            )
            for other in others:
                _read_file(reading, other, found, depth + 1)
        elif not _take(_COMMENT.sub("", line).strip(), found):
            found.whole = False
            reading.malformed(path, number, "not a rule as sudoers(5) has it")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, those that end in a backslash joined to the next."""
    begun, joined = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        begun = begun or number
        joined += line
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
            continue
        yield begun, joined.strip()
        begun, joined = 0, ""
    yield begun, joined.strip()


def _folder(reading: Reading, path: str, found: _Found) -> list[str]:
    """Return the files of a drop-in folder, but for names with a dot or a `~` at their end."""
    try:
        names = reading.host.list(path)
    except Absent:
        return []
    except Unreadable as error:
        reading.miss(path, error.reason, error.detail)
        found.whole = False
        return []
    return [f"{path}/{name}" for name in names if "." not in name and not name.endswith("~")]


def _take(line: str, found: _Found) -> bool:
    """Take in one line; return whether it could be read."""
    if not line:
        return True
    word = _TOKEN.match(line)
    if word is None:
        return False
    if word[0].startswith("Defaults"):
        found.anothers_password |= bool(_ANOTHERS_PASSWORD.search(line))
        return True
    if word[0] in _ALIAS_KINDS:
        if word[0] == "User_Alias":
            for definition in line[word.end() :].split(":"):
                name, _, members = definition.partition("=")
                found.aliases[name.strip()] = _names(members)
        return True
    left, rule, _ = line.partition("=")
    words = _TOKEN.findall(re.sub(r"\s*,\s*", ",", left.strip()))
    if not rule or len(words) < 2:  # noqa: PLR2004 - users and hosts
        return False
    found.named += _names(words[0])
    return True


def _names(text: str) -> list[str]:
    parts = (part.strip() for part in text.split(","))
    return [re.sub(r"\\(.)", r"\1", part.replace('"', "")) for part in parts if part]


def _expanded(names: list[str], aliases: dict[str, list[str]]) -> Iterator[str]:
    """Yield the names, aliases replaced by what they stand for, each alias once."""
    waiting = list(names)
    met: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in aliases:
            yield name
        elif name not in met:
            met.add(name)
            waiting += aliases[name]


def _numbers(names: list[str]) -> Iterator[int]:
    for name in names:
        if name.startswith("#") and name[1:].isdecimal() and len(name) < 12:  # noqa: PLR2004
            yield int(name[1:])
