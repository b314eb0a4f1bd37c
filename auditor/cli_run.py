"""Runs the command line so that every way out has its exit code and nothing hostile is printed."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from auditor.errors import AuditError, ExitCode

# What a shell reports for a command that SIGINT ended.
INTERRUPTED = 130
_STDERR = 2
_LONGEST = 4000  # characters of a message
# Records hold no circles and stay to the end: looking for garbage at every 700th cost a tenth.
_BETWEEN_COLLECTIONS = 50_000


class OutputClosedError(Exception):
    """Whoever read standard output went away."""


class InterruptedAuditError(Exception):
    """Somebody pressed Ctrl-C."""


class Commands(TyperGroup):
    """The commands; what typer would turn into exit code 1, a finding, is told apart."""

    def invoke(self, ctx: Any) -> object:
        """Run the command."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError as error:
            raise OutputClosedError from error
        except KeyboardInterrupt as error:
            raise InterruptedAuditError from error


def run(app: typer.Typer) -> NoReturn:
    """Run the command; every way out has its exit code, a bug in the toolkit too (4)."""
    _open_streams()
    gc.set_threshold(_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    try:
        app()
    except AuditError as error:
        _complain(str(error), error.exit_code)
    except (InterruptedAuditError, KeyboardInterrupt):
        _complain("interrupted", INTERRUPTED)
    except OutputClosedError:
        _abandon_output()
        sys.exit(int(ExitCode.ERROR))
    except OSError as error:
        _abandon_output()
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{error.strerror or error}", ExitCode.ERROR)
    except MemoryError:
        _complain(
            "the memory that this process may use does not suffice: there is no result. "
            "Audit fewer or smaller inputs at a time (captures by audit traffic), or allow it more",
            ExitCode.ERROR,
        )
    except Exception as error:
        if os.environ.get("AUDIT_TRACEBACK"):
            raise
        _complain(
            f"a defect of the toolkit: {type(error).__name__}: {error}. "
            "Set AUDIT_TRACEBACK=1 for the traceback",
            ExitCode.ERROR,
        )
    sys.exit(int(ExitCode.PASS))


def _open_streams() -> None:
    """Make the standard streams usable whatever the caller closed and whatever the locale is.

    A closed one becomes /dev/null, so that no output file gets its number; text is UTF-8, as in
    the reports.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - it has no other name
    os.close(descriptor)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115 - likewise
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _abandon_output() -> None:
    """Let what is still buffered go nowhere: the interpreter would fail on it once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(what: str, code: int) -> NoReturn:
    """Say on standard error, in one harmless line, what went wrong; leave with the exit code.

    Needs no other part of the toolkit: that part may be what is broken.
    """
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in what[:_LONGEST]
    )
    sys.stderr.write(f"audit: {shown}\n")
    sys.exit(int(code))
