"""Recognises AI servers and tools by their command line, image or environment; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal

from msgspec import Struct

from auditor.catalogues._program import Program, base_name, programs
from auditor.catalogues._runtime import Runtime, Setting, runtimes
from auditor.catalogues._service import (
    ModelReference,
    ServiceFacts,
    model_reference,
    service_facts,
    split_address,
)

__all__ = [
    "ModelReference",
    "Recognition",
    "Runtime",
    "ServiceFacts",
    "Setting",
    "by_key",
    "model_reference",
    "recognise",
    "runtimes",
    "service_facts",
    "split_address",
]

_SPECIFIC = 2  # components of an image's name that make it a publisher's


class Recognition(Struct, frozen=True, kw_only=True):
    """A runtime, how sure its recognition is, and the arguments that are its own.

    `confidence` is `high` by program or module, `medium` by a publisher's image name, `low` by
    a bare image name or by variables alone. `arguments` are those behind the program's name
    (behind `vllm` in `sh -c "exec vllm serve …"`); all of them where only the image told.
    """

    runtime: Runtime
    confidence: Literal["high", "medium", "low"]
    arguments: tuple[str, ...]


def by_key(key: str) -> Runtime | None:
    """Return the runtime of that key."""
    return next((runtime for runtime in runtimes() if runtime.key == key), None)


def recognise(
    arguments: Sequence[str],
    image: str = "",
    environment_names: Iterable[str] = (),
    executable: str = "",
    *,
    unwrap: bool = True,
) -> Recognition | None:
    """Return the AI runtime that a command line, image or environment tells of, if any.

    `arguments` begin with the program, as in `/proc/<pid>/cmdline`; for a container they are
    command and arguments together, and may lack the program that the image supplies.
    `executable` is the file that runs (`/proc/<pid>/exe`). `unwrap` looks behind shells and
    wrappers; on a host, where those have a child of their own, it is switched off.
    """
    called = list(programs(arguments, unwrap=unwrap))
    if executable and called and called[0].path and not called[0].java:
        called.append(Program(path=executable, arguments=tuple(arguments[1:])))
    for program in called:
        for runtime in runtimes() if _has_known_name(program) else ():
            if _runs(runtime, program):
                return Recognition(runtime=runtime, confidence="high", arguments=program.arguments)
    return _by_image(image, tuple(arguments)) or _by_environment(
        frozenset(environment_names), tuple(arguments)
    )


def _has_known_name(program: Program) -> bool:
    """Return whether any runtime could be meant: most programs of a host are told here."""
    known = _names()
    words = (program.name, program.module, program.app, *program.java)
    return "*" in known or not known.isdisjoint(words)


@cache
def _names() -> frozenset[str]:
    """Return what programs of the catalogue are called: files, modules, classes, applications."""
    return frozenset(
        name
        for runtime in runtimes()
        for name in (
            *runtime.executables,
            *runtime.modules,
            *runtime.classes,
            *runtime.python_apps,
            *(script.rpartition("/")[2] for script in runtime.scripts),
        )
    )


def _runs(runtime: Runtime, program: Program) -> bool:
    if program.module:
        return program.module in runtime.modules and _is_called(runtime, program.module, program)
    if program.java:
        return any(word in runtime.classes for word in program.java)
    if program.app and program.app in runtime.python_apps:
        return True
    if program.name in runtime.executables:
        return _is_called(runtime, program.name, program)
    return any(_is_script(program.path, script) for script in runtime.scripts)


def _is_script(path: str, script: str) -> bool:
    """Return whether a path ends in the parts of a script's name; `*` is any one part."""
    wanted = tuple(script.split("/"))
    if wanted[-1] not in ("*", base_name(path)):
        return False
    return _ends_with(tuple(part for part in path.split("/") if part), wanted)


def _is_called(runtime: Runtime, name: str, program: Program) -> bool:
    """Return whether it is called as a server: `ollama serve` is one, `ollama list` is not."""
    wanted = runtime.subcommands_of.get(name, ())
    if name in runtime.executables and runtime.subcommands and not wanted:
        wanted = runtime.subcommands
    if not wanted:
        return True
    first = next((word for word in program.arguments if not word.startswith("-")), "")
    return first in wanted


def _by_image(image: str, arguments: tuple[str, ...]) -> Recognition | None:
    """Return the runtime whose image name fits best: the one with the most components."""
    parts = repository_parts(image)
    if not parts:
        return None
    fitting = [
        (len(pattern), runtime)
        for runtime in runtimes()
        for pattern in (tuple(name.split("/")) for name in runtime.images)
        if _ends_with(parts, pattern)
    ]
    if not fitting:
        return None
    length, runtime = max(fitting, key=lambda fit: fit[0])
    confidence: Literal["medium", "low"] = "medium" if length >= _SPECIFIC else "low"
    return Recognition(runtime=runtime, confidence=confidence, arguments=arguments)


def _by_environment(names: frozenset[str], arguments: tuple[str, ...]) -> Recognition | None:
    for runtime in runtimes() if names else ():
        if not names.isdisjoint(runtime.environment):
            return Recognition(runtime=runtime, confidence="low", arguments=arguments)
    return None


def repository_parts(image: str) -> tuple[str, ...]:
    """Return the components of an image's repository, without registry, tag and digest."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    parts = [*(head.split("/") if slash else ()), tail.partition(":")[0]]
    if len(parts) > 1 and ("." in parts[0] or ":" in parts[0] or parts[0] == "localhost"):
        parts = parts[1:]
    return tuple(part for part in parts if part)


def _ends_with(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    tail = parts[-len(pattern) :]
    return len(tail) == len(pattern) and all(
        wanted in ("*", part) for wanted, part in zip(pattern, tail, strict=True)
    )
