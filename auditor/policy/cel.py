"""The one file that knows the CEL library: compiles conditions and asks them of records."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Protocol, cast

from auditor.policy.expression import ExpressionError


class Program(Protocol):
    """A compiled expression."""

    def execute(self, context: _Context) -> object:
        """Return the value of the expression; raises what the library raises."""


class _Context(Protocol):
    """The variables and functions that a program meets."""

    def add_variable(self, name: str, value: object) -> None:
        """Set a variable."""

    def add_function(self, name: str, function: Callable[..., object]) -> None:
        """Set a function."""


class _Library(Protocol):
    """What of the library is used."""

    def compile(self, expression: str) -> Program:
        """Return a program; raises `ValueError`."""

    def Context(self) -> _Context:  # noqa: N802 - the library's name
        """Return an empty context."""


class CelError(Exception):
    """A condition broke off: the message says why."""


@cache
def _library() -> _Library:
    """Return the library's extension module.

    The package's `__init__` imports its own command line, rich and prompt_toolkit (0.25 s of
    CPU); the extension module beside it loads alone in 15 ms.
    """
    _quiet()
    package = find_spec("cel")
    for folder in (package and package.submodule_search_locations) or ():
        for suffix in EXTENSION_SUFFIXES:
            file = Path(folder) / f"cel{suffix}"
            if file.is_file():
                return _extension(file)
    import cel

    return cast("_Library", cel)


def _extension(file: Path) -> _Library:
    """Return the extension module in `file`, under its own name and without its package."""
    name = "cel.cel"
    if name in sys.modules:
        return cast("_Library", sys.modules[name])
    spec = spec_from_file_location(name, file, loader=ExtensionFileLoader(name, str(file)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be loaded")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("_Library", module)


def _quiet() -> None:
    """Keep the library from writing a log line for every function that raises: we report it."""
    import logging

    logger = logging.getLogger("cel")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False


def compile_condition(source: str) -> Program:
    """Return the compiled expression; raises `ExpressionError` where the library refuses it."""
    try:
        return _library().compile(source)
    except Exception as error:
        raise ExpressionError(f"CEL refuses it: {_first_line(error)}") from error


def check_pattern(pattern: str) -> None:
    """Raise `ExpressionError` where the library's linear-time engine refuses the pattern."""
    context = _library().Context()
    context.add_variable("pattern", pattern)
    try:
        compile_condition("''.matches(pattern)").execute(context)
    except Exception as error:
        raise ExpressionError(
            f"'{pattern:.60}' is not a regular expression: {_last_line(error)}",
            hint="The syntax is RE2's: no look-around, no back-references",
        ) from error


class Session:
    """Variables and functions, converted once: a record is bound, then all its rules are asked."""

    def __init__(
        self, variables: Mapping[str, object], functions: Mapping[str, Callable[..., object]]
    ) -> None:
        """Convert what stays the same from record to record."""
        self._context = _library().Context()
        for name, value in variables.items():
            self._context.add_variable(name, value)
        for name, function in functions.items():
            self._context.add_function(name, function)
        self._bound = False

    def bind(self, record: Mapping[str, object]) -> None:
        """Make `record` the `object`; raises `CelError` where it cannot be converted.

        After a failure no condition is answered: the record before is still in the context.
        """
        self._bound = False
        try:
            self._context.add_variable("object", record)
        except Exception as error:
            raise CelError(f"the record cannot be judged: {_first_line(error)}") from error
        self._bound = True

    def holds(self, program: Program, *, of_record: bool = True) -> bool:
        """Return whether the condition is true; raises `CelError` for whatever is not a bool.

        With `of_record` a record must be bound.
        """
        if of_record and not self._bound:
            raise CelError("there is no record to judge")
        try:
            value = program.execute(self._context)
        except Exception as error:
            raise CelError(f"the condition broke off: {_first_line(error)}") from error
        except BaseException as error:
            # A panic of the library's native code is no `Exception`; Ctrl-C must go on.
            if type(error).__name__ != "PanicException":
                raise
            raise CelError("the condition broke off in the library") from error
        if not isinstance(value, bool):
            raise CelError(f"the condition gave a {type(value).__name__}, not true or false")
        return value


def _first_line(error: BaseException) -> str:
    """Return the beginning of what the library says, in one line."""
    text = str(error).splitlines() or [""]
    name = type(error).__name__
    first = text[0].split(". Check function", maxsplit=1)[0]
    first = first.split(": the operation is not defined", maxsplit=1)[0]
    return f"{name}: {first}"[:200] if name == "KeyError" else first[:200]


def _last_line(error: BaseException) -> str:
    """Return the last line of a regex error: the lines before it draw the pattern."""
    lines = [line.strip() for line in str(error).splitlines() if "error:" in line]
    return (lines[-1] if lines else str(error)).split("error:", maxsplit=1)[-1].strip()[:120]
