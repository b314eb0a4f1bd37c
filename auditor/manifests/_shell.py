"""Opens a container's command: the simple commands in it, and what they do to the environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from auditor.catalogues._program import (
    LONGEST_SCRIPT,
    MOST_WORDS,
    SHELLS,
    WRAPPERS,
    commands,
    is_assignment,
)
from auditor.manifests._environment import Environment, Setting
from auditor.manifests._reading import Cursor

_NESTED = 4
_WRAPPED = 48
# Words of the shell's grammar that stand before a command.
_GRAMMAR = frozenset({
    "if", "then", "else", "elif", "fi", "while", "until", "for", "do", "done", "case", "esac",
    "{", "}", "!", "[", "[[", "test", "select", "function",
})  # fmt: skip
_EXPORTS = frozenset({"export", "declare", "typeset", "readonly"})
# Files that set up paths and nothing that decides where data goes.
_HARMLESS_FILES = ("activate", "setvars.sh", "conda.sh", "mamba.sh", "nvm.sh", "profile", ".bashrc")
_Text = tuple[Cursor, str]


class Command(Struct, frozen=True, kw_only=True):
    """A simple command: `variables` are those assigned in front of it, `words` the rest.

    `certain` is false where the shell may not come to it, `last` true where nothing follows.
    """

    variables: tuple[str, ...]
    words: tuple[str, ...]
    certain: bool
    last: bool

    @property
    def name(self) -> str:
        """Return the base name of the program, or ``."""
        return PurePosixPath(self.words[0]).name if self.words else ""


def opened(arguments: Sequence[str], depth: int = 0, *, certain: bool = True) -> Iterator[Command]:
    """Yield the simple commands that arguments run, those behind shells and wrappers as well."""
    words = tuple(arguments[:MOST_WORDS])
    count = 0
    while count < len(words) and (is_assignment(words[count]) or words[count] in _GRAMMAR):
        count += 1
    variables = tuple(word for word in words[:count] if word not in _GRAMMAR)
    words = words[count:]
    yield Command(variables=variables, words=words, certain=certain, last=depth == 0)
    if not words or depth >= _NESTED:
        return
    name = PurePosixPath(words[0]).name
    if name in SHELLS:
        yield from _of_shell(words[1:], depth, certain=certain)
    elif name in WRAPPERS:
        start = _behind_wrapper(words)
        if start:
            yield from opened(words[start:], depth + 1, certain=certain)


def _of_shell(words: tuple[str, ...], depth: int, *, certain: bool) -> Iterator[Command]:
    script = script_of(words)
    simple = list(commands(script))
    # A loop or a condition anywhere: which commands run is the shell's affair.
    certain = certain and "||" not in script and not any(_GRAMMAR & {*c[:1]} for c in simple)
    for number, command in enumerate(simple):
        inner = list(opened(command, depth + 1, certain=certain))
        first, *others = inner
        yield msgspec.structs.replace(first, last=number == len(simple) - 1)
        yield from others


def script_of(words: Sequence[str]) -> str:
    """Return the script behind a shell's `-c`, or `` where it runs a file."""
    for number, word in enumerate(words):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return words[number + 1] if number + 1 < len(words) else ""
        if not word.startswith(("-", "+")):
            return ""
    return ""


def _behind_wrapper(words: tuple[str, ...]) -> int:
    """Return where the wrapped command begins: options of wrappers and their values are not known.

    A number (`timeout 30`), an assignment and an option are passed over; 0 where nothing follows.
    """
    for start, word in enumerate(words[1:_WRAPPED], start=1):
        before = words[start - 1]
        if word.startswith("-") or is_assignment(word) or word[:1].isdigit():
            continue
        if before in ("-u", "--unset", "-C", "--chdir", "-n", "-c", "--preserve-env"):
            continue
        return start
    return 0


def too_long(arguments: Sequence[str]) -> bool:
    """Return whether something in a command is longer than is read of it."""
    return len(arguments) > MOST_WORDS or any(len(text) > LONGEST_SCRIPT for text in arguments)


def environment_after(environment: Environment, texts: tuple[_Text, ...]) -> Environment:
    """Return the environment as the program finds it that the command starts at last.

    `export`, `unset`, `env` and assignments are followed. What the shell computes, or may not
    come to, is set to what is not known.
    """
    if not texts:
        return environment
    after = _After(environment, texts[0][0])
    for command in opened([text for _, text in texts]):
        after.follow(command)
    return after.environment()


class _After:
    """The environment while a command's parts are followed in their order."""

    def __init__(self, environment: Environment, cursor: Cursor) -> None:
        self._settings = {setting.name: setting for setting in environment.settings}
        self._unresolved = dict.fromkeys(environment.unresolved)
        self._cursor = cursor
        # Variables of the shell alone, until it exports them.
        self._own: dict[str, str] = {}

    def environment(self) -> Environment:
        """Return what has become of the environment."""
        return Environment(
            settings=tuple(self._settings.values()), unresolved=tuple(self._unresolved)
        )

    def follow(self, command: Command) -> None:
        """Take in one command."""
        for variable in command.variables:
            self._assigned(variable, command)
        if command.name in _EXPORTS:
            self._exported(command)
        elif command.name == "unset":
            for name in command.words[1:]:
                self._removed(name, command)
        elif command.name == "env":
            self._env(command)
        elif command.name in ("source", ".") and len(command.words) > 1:
            self._sourced(command.words[1])

    def _assigned(self, variable: str, command: Command) -> None:
        name, _, value = variable.partition("=")
        if not command.words and name not in self._settings:
            self._own[name] = value
        else:
            # Before a command it holds for that command alone: which may be the server or not.
            self._set(name, value, certain=command.certain and (not command.words or command.last))

    def _exported(self, command: Command) -> None:
        withdrawn = "-n" in command.words
        for word in command.words[1:]:
            name, equals, value = word.partition("=")
            if withdrawn:
                self._removed(name, command)
            elif equals:
                self._set(name, value, certain=command.certain)
            elif name in self._own:
                self._set(name, self._own[name], certain=command.certain)

    def _env(self, command: Command) -> None:
        end = _behind_wrapper(command.words) or len(command.words)
        options = command.words[1:end]
        if "-i" in options or "-" in options or "--ignore-environment" in options:
            self._settings.clear()
            self._unresolved.clear()
        for before, word in zip(("", *options), options, strict=False):
            if before in ("-u", "--unset"):
                self._removed(word, command)
            elif word.startswith("--unset="):
                self._removed(word.partition("=")[2], command)
            elif is_assignment(word):
                name, _, value = word.partition("=")
                self._set(name, value, certain=command.certain)

    def _sourced(self, path: str) -> None:
        if not path.endswith(_HARMLESS_FILES):
            self._unresolved[f"the file {path[:100]}"] = None

    def _removed(self, name: str, command: Command) -> None:
        if command.certain:
            self._settings.pop(name, None)
        elif name in self._settings:
            self._set(name, "", certain=False)

    def _set(self, name: str, value: str, *, certain: bool) -> None:
        before = self._settings.pop(name, None)
        computed = any(mark in value for mark in "$`") or name.endswith("+")
        same = before is not None and before.value == value
        known = same or (certain and not computed)
        name = name.removesuffix("+")
        self._settings[name] = Setting(
            name=name,
            value=value if known else None,
            source="literal" if known else "unresolved",
            written=value,
            origin=self._cursor.origin,
            cursor=self._cursor,
        )
