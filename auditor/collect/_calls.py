"""Finds in shell text the commands that go to other machines, without running any of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from auditor.collect._call_tools import place_named
from auditor.collect._outbound import Place, command_text, place_of
from auditor.collect._shell import simple_commands

MAX_TEXT = 256 * 1024
MAX_CALLS = 200
_WORDS = 400
_DEPTH = 4
_URL = re.compile(
    r"\b(?:https?|ftps?|sftp|ssh|scp|rsync|git|git\+ssh|rediss?|amqps?|mqtts?|wss?|webdavs?|nfs|smb|"
    r"s3|gs|az|abfss?|b2|swift)://[^\s\"'<>|;)`\\]{1,2000}",
    re.IGNORECASE,
)
# These say something and go nowhere.
_SPEAKERS = frozenset({"echo", "printf", "logger", "cat", "#", "grep", "egrep", "sed", "awk",
                       "test", "[", "[[", "which", "type", "case"})  # fmt: skip
# These run the command that follows them.
_PREFIXES = frozenset({
    "sudo", "doas", "env", "nice", "ionice", "chrt", "timeout", "flock", "nohup", "exec", "time",
    "if", "then", "else", "elif", "do", "while", "until", "!", "{", "setsid", "stdbuf", "chronic",
    "xargs", "watch", "su", "runuser", "setpriv", "systemd-run", "systemd-cat", "unshare",
    "proxychains", "torsocks", "eval", "busybox",
})  # fmt: skip
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_BEHIND_PREFIX = 8
_SUBSHELL = re.compile(r"\$\(|`|<\(|\(")


class Call(Struct, frozen=True, kw_only=True):
    """A command that goes to another machine: with what, where, and its redacted text."""

    tool: str
    place: Place
    command: str
    line: int


def calls(text: str) -> Iterator[Call]:
    """Yield what a shell text calls, at most 200 calls: one more says that there may be others.

    A host that only running the text would tell is `None` in its place.
    """
    told: set[tuple[str, Place]] = set()
    for call in _calls(text[:MAX_TEXT], 0):
        if (call.tool, call.place) in told:
            continue
        told.add((call.tool, call.place))
        yield call
        if len(told) > MAX_CALLS:
            return


def _calls(text: str, depth: int) -> Iterator[Call]:
    for line, command in simple_commands(_SUBSHELL.sub(" ; ", text)):
        words = tuple(word.rstrip(")") for word in command[:_WORDS])
        inner = [word for word in words if re.search(r"\s", word)] if depth < _DEPTH else []
        nested = [call for word in inner for call in _calls(_assigned(word), depth + 1)]
        yield from (Call(tool=c.tool, place=c.place, command=c.command, line=line) for c in nested)
        program = _program(words)
        name = posixpath.basename(words[program]) if program is not None else ""
        if program is None or name in _SPEAKERS:
            continue
        told = {call.place for call in nested}
        for place in _places(name, words[program:]):
            if place not in told:
                yield Call(tool=name, place=place, command=command_text(words), line=line)


def _assigned(word: str) -> str:
    """Return what an assignment sets, or the word."""
    match = _ASSIGNMENT.match(word)
    return word[match.end() :] if match else word


def _places(name: str, words: tuple[str, ...]) -> Iterator[Place]:
    """Yield where a command goes: its URLs, else what its tool's own arguments name."""
    urls = [url for word in words for url in _URL.findall(word)]
    own = place_named(name, words[1:])
    if own is not None and (own.host or not urls):
        yield own
    for url in urls:
        scheme = url.partition(":")[0].lower()
        if scheme in {"s3", "gs", "az", "abfs", "abfss", "b2", "swift"}:
            # The bucket's name is no host: the tool's endpoint or public default is.
            if own is not None:
                yield own
        else:
            yield place_of(url.rstrip(".,"))


def _program(words: tuple[str, ...]) -> int | None:
    """Return the position of the program in a simple command, behind what only runs it."""
    at = 0
    behind_prefix = False
    while at < len(words):
        word = words[at]
        if posixpath.basename(word) in _PREFIXES:
            behind_prefix = True
        elif not _ASSIGNMENT.match(word):
            break
        at += 1
    if at >= len(words):
        return None
    if not behind_prefix:
        return at
    # Options of the prefix and their values stand between: the first known tool is meant.
    for further in range(at, min(at + _BEHIND_PREFIX, len(words))):
        if place_named(posixpath.basename(words[further]), words[further + 1 :]) is not None:
            return further
    return at
