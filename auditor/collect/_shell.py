"""Finds variable assignments in shell, pam_env and environment files, without running them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

# Words after which an assignment still sets the shell's own variable.
_PREFIXES = frozenset(
    {"export", "declare", "typeset", "readonly", "local", "then", "else", "do", "{", "(", "if"}
)
_SEPARATORS = ";&|\n"
_EXPANSIONS = "$`"
_LINE_LIMIT = 100_000


class Assignment(Struct, frozen=True, kw_only=True):
    """A variable that is set: `value` is `None` where only a shell could tell it."""

    name: str
    value: str | None
    line: int


class _Word(Struct, frozen=True, kw_only=True):
    """A shell word: its text with quotes removed, and whether it holds an expansion."""

    text: str
    open: bool


def shell_assignments(text: str) -> Iterator[Assignment]:
    """Yield every assignment that a POSIX shell script makes for good.

    Conditions are not weighed: an assignment inside `if` is one that can happen. `NAME=x command`
    sets the variable for that command alone and is left out. A quote that its line does not
    close ends there, so that one stray quote never hides the rest of the file.
    """
    for number, line in _joined(text):
        for command in _commands(line[:_LINE_LIMIT]):
            yield from _assigned(command, number)


def simple_commands(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the simple commands of a shell script as words, each with the number of its line.

    Quotes are removed and nothing is expanded: `"$URL"` is the word `$URL`.
    """
    for number, line in _joined(text):
        for command in _commands(line[:_LINE_LIMIT]):
            if command:
                yield number, tuple(word.text for word in command)


def pam_assignments(text: str) -> Iterator[Assignment]:
    """Yield the assignments of `/etc/environment` as pam_env(8) reads it: no expansion at all."""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.partition("#")[0].strip()
        line = line.removeprefix("export ").lstrip()
        name, equals, value = line.partition("=")
        if equals and _is_name(name):
            yield Assignment(name=name, value=_unquoted(value.strip()), line=number)


def file_assignments(text: str) -> Iterator[Assignment]:
    """Yield the assignments of an `EnvironmentFile=` (systemd.exec(5)): `$` stands for itself."""
    for number, line in _joined(text):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        name, equals, value = stripped.partition("=")
        if equals and _is_name(name.strip()):
            yield Assignment(name=name.strip(), value=_unquoted(value.strip()), line=number)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, those ending in a backslash joined to the next."""
    pieces: list[str] = []
    start = 1
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip("\r")
        start = start if pieces else number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            pieces.append(line[:-1])
            continue
        yield start, "".join([*pieces, line])
        pieces = []
    if pieces:
        yield start, "".join(pieces)


def _assigned(command: list[_Word], line: int) -> Iterator[Assignment]:
    """Yield the assignments of one simple command."""
    words = list(command)
    exported = False
    while words and (words[0].text in _PREFIXES or (exported and words[0].text.startswith("-"))):
        exported = exported or words[0].text in {"export", "declare", "typeset", "readonly"}
        words.pop(0)
    leading = []
    for word in words:
        name, equals, _ = word.text.partition("=")
        if equals and _is_name(name):
            leading.append(word)
        elif not exported:
            return
    for word in leading:
        name, _, value = word.text.partition("=")
        yield Assignment(name=name, value=None if word.open else value, line=line)


def _commands(line: str) -> Iterator[list[_Word]]:
    """Yield the simple commands of a line, each as its words."""
    words: list[_Word] = []
    position = 0
    while position < len(line):
        character = line[position]
        if character == "#":
            break
        if character in _SEPARATORS:
            yield words
            words = []
            position += 1
        elif character.isspace():
            position += 1
        else:
            word, position = _word(line, position)
            words.append(word)
    yield words


def _word(line: str, position: int) -> tuple[_Word, int]:
    """Return the word that starts at `position`, and where it ends."""
    pieces: list[str] = []
    quote = ""
    expands = False
    while position < len(line):
        character = line[position]
        if character in "'\"" and quote in ("", character):
            quote = "" if quote else character
        elif not quote and (character.isspace() or character in _SEPARATORS):
            break
        else:
            protected = _protects(line, position, quote)
            position += protected
            pieces.append(line[position])
            expands = expands or (not protected and quote != "'" and character in _EXPANSIONS)
        position += 1
    # A value whose quote stays open goes on in the next line: what it is cannot be told.
    return _Word(text="".join(pieces), open=expands or bool(quote)), position


def _protects(line: str, position: int, quote: str) -> bool:
    """Return whether a backslash at `position` protects the character after it."""
    if line[position] != "\\" or quote == "'" or position + 1 >= len(line):
        return False
    return not quote or line[position + 1] in '"$`\\'


def _unquoted(value: str) -> str:
    """Return the value without the quotes around it."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def _is_name(name: str) -> bool:
    """Return whether `name` is a shell variable's name (POSIX: letters, digits, underscore)."""
    return name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
