"""Tells from a command line which program it runs: whole names, never parts of words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import dropwhile

from msgspec import Struct

_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*\+?=")
_PYTHON = re.compile(r"^(?:python|pypy)[0-9.]*$")
_JAVA = re.compile(r"^java$")
SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
# Programs that run another one, whose words begin somewhere behind their own options.
WRAPPERS = frozenset({
    "env", "nohup", "exec", "nice", "ionice", "numactl", "taskset", "tini", "dumb-init", "sudo",
    "setpriv", "gosu", "su-exec", "stdbuf", "time", "timeout", "catchsegv", "mpirun", "mpiexec",
    "srun", "uv", "uvx", "poetry", "conda", "mamba", "micromamba", "pixi", "xvfb-run", "setsid",
    "nsys", "command", "chroot", "runuser", "s6-setuidgid", "entrypoint.sh",
    "opentelemetry-instrument",
})  # fmt: skip
_APP_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian"})
_PYTHON_VALUES = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_NESTED = 4
MOST_WORDS = 512
_WRAPPED = 48
LONGEST_SCRIPT = 16 * 1024


class Program(Struct, frozen=True, kw_only=True):
    """A program and how it was called: one of its names, and the arguments behind that name.

    `path` is the executable or script as written, `module` what Python's `-m` names, `app` what
    an application server serves, `java` the words of a Java command line.
    """

    path: str = ""
    module: str = ""
    app: str = ""
    java: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the base name of the executable or script."""
        return base_name(self.path)


def base_name(path: str) -> str:
    """Return the last part of a path (asked for every word of every process: no path object)."""
    return path.rstrip("/").rpartition("/")[2]


def programs(arguments: Sequence[str], *, unwrap: bool, depth: int = 0) -> Iterator[Program]:
    """Yield the programs that a command line runs, the outermost first.

    With `unwrap` also those behind a shell's `-c`, `env`, `sudo` …: in a manifest they are all
    that is known, on a host they have processes of their own.
    """
    words = tuple(arguments[:MOST_WORDS])
    if not words or depth > _NESTED:
        return
    name = base_name(words[0]).lstrip("-")
    if _PYTHON.match(name):
        yield from _of_python(words[1:])
    elif _JAVA.match(name):
        yield Program(path=words[0], java=words[1:], arguments=words[1:])
    else:
        yield from _of_script(words[0], words[1:])
    if not unwrap:
        return
    if name in SHELLS:
        yield from _of_shell(words[1:], depth)
    elif name in WRAPPERS:
        yield from _behind_a_wrapper(words, depth)


def _behind_a_wrapper(words: tuple[str, ...], depth: int) -> Iterator[Program]:
    """Yield what each later word would run: a wrapper's own options are not known here.

    A wrapper behind a wrapper needs no step of its own, since its words are looked at as well.
    """
    for start, word in enumerate(words[1:_WRAPPED], start=1):
        name = base_name(word)
        if name in SHELLS:
            yield from _of_shell(words[start + 1 :], depth + 1)
        elif name not in WRAPPERS and not word.startswith("-"):
            yield from programs(words[start:], unwrap=False)


def _of_python(words: tuple[str, ...]) -> Iterator[Program]:
    """Yield what an interpreter runs: `-m module`, or the first word that is no option of it."""
    number = 0
    while number < len(words):
        word = words[number]
        if word == "-m" and number + 1 < len(words):
            yield from _of_module(words[number + 1], words[number + 2 :])
            return
        if word.startswith("-m") and not word.startswith("--"):
            yield from _of_module(word[2:], words[number + 1 :])
            return
        if word in ("-c", "-"):
            return
        if not word.startswith("-"):
            yield from _of_script(word, words[number + 1 :])
            return
        number += 2 if word in _PYTHON_VALUES else 1


def _of_module(module: str, words: tuple[str, ...]) -> Iterator[Program]:
    if module in _APP_SERVERS:
        yield from _of_script(module, words)
    else:
        yield Program(module=module, arguments=words)


def _of_script(path: str, words: tuple[str, ...]) -> Iterator[Program]:
    app = ""
    if base_name(path) in _APP_SERVERS:
        app = next((w for w in words if ":" in w and "/" not in w and not w.startswith("-")), "")
    yield Program(path=path, app=app, arguments=words)


def _of_shell(words: tuple[str, ...], depth: int) -> Iterator[Program]:
    if depth > _NESTED:
        return
    for number, word in enumerate(words):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            script = words[number + 1] if number + 1 < len(words) else ""
            for command in commands(script):
                words_of = tuple(dropwhile(is_assignment, command))
                yield from programs(words_of, unwrap=True, depth=depth + 1)
            return
        if not word.startswith("-"):
            return


def is_assignment(word: str) -> bool:
    """Return whether a word in front of a command sets a variable for it (`NAME=value`)."""
    return bool(_ASSIGNMENT.match(word))


def commands(script: str) -> Iterator[tuple[str, ...]]:
    """Yield the simple commands of a shell script, split at `;`, `&`, `|` and line ends.

    Assignments stand before the command that they are for, or alone. What the shell would
    compute stays as written. Nothing is read beyond `LONGEST_SCRIPT` characters.
    """
    for line in script[:LONGEST_SCRIPT].replace("\\\n", " ").split("\n"):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:
            words = line.split()
        command: list[str] = []
        for word in [*words, ";"]:
            if word and set(word) <= set(";&|()"):
                if command:
                    yield tuple(command)
                command = []
            else:
                command.append(word)
