"""Reads `key = value` files with sections, as systemd, pip, dnf, npm and git write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

Continuation = Literal["indent", "backslash", "none"]


class Entry(Struct, frozen=True, kw_only=True):
    """One setting: `line` counts from 1 and is the line of the key.

    A line that is neither a comment, a section nor a setting has an empty `key` and is its
    own `value`: the caller says whether that is a mistake.
    """

    section: str
    key: str
    value: str
    line: int


def entries(text: str, *, continuation: Continuation = "none") -> Iterator[Entry]:
    """Yield the settings of `text` in order; duplicates are the caller's to weigh.

    `indent`: an indented line goes on with the value above (configparser, dnf), one piece a
    line. `backslash`: a line that ends in a backslash goes on (systemd.syntax(7)).
    """
    section = ""
    for line, whole in _logical(text, continuation):
        stripped = whole.strip()
        if stripped.startswith("[") and "]" in stripped:
            section = stripped[1 : stripped.rindex("]")].strip()
            continue
        key, equals, value = stripped.partition("=")
        if equals and key.strip():
            yield Entry(section=section, key=key.strip(), value=value.strip(), line=line)
        else:
            yield Entry(section=section, key="", value=stripped, line=line)


def _logical(text: str, continuation: Continuation) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, continued ones joined, with their first numbers."""
    pieces: list[str] = []
    start = 0
    open_end = False
    for number, raw in enumerate(text.split("\n"), start=1):
        blank_or_comment = not raw.strip() or raw.lstrip()[0] in "#;"
        if blank_or_comment:
            # A comment inside a continued value is left out and does not end it.
            open_end = open_end and bool(raw.strip())
            continue
        goes_on = open_end or (continuation == "indent" and bool(pieces) and raw[0] in " \t")
        if not goes_on and pieces:
            yield start, "\n".join(pieces)
            pieces = []
        start = start if pieces else number
        open_end = continuation == "backslash" and raw.rstrip().endswith("\\")
        pieces.append(raw.rstrip()[:-1] if open_end else raw)
    if pieces:
        yield start, "\n".join(pieces)


class Placed(Struct, frozen=True, kw_only=True):
    """A word of a list setting, and the file and line that say it."""

    word: str
    path: str
    line: int


class Setting(Struct, frozen=True, kw_only=True):
    """What a systemd list setting holds in the end; `said` is false where no file names it."""

    said: bool
    words: tuple[Placed, ...]


def list_setting(files: Iterable[tuple[str, str]], section: str, key: str) -> Setting:
    """Return the words of a list setting over `(path, text)` of files in the order they apply.

    An assignment adds to those before it, an empty one clears them (systemd.syntax(7)).
    """
    said = False
    words: list[Placed] = []
    for path, text in files:
        for entry in entries(text, continuation="backslash"):
            if entry.section != section or entry.key != key:
                continue
            said = True
            added = [Placed(word=word, path=path, line=entry.line) for word in entry.value.split()]
            words = words + added if added else []
    return Setting(said=said, words=tuple(words))
