"""Judges the names of archives' members: those that lead elsewhere or deceive the eye."""

from __future__ import annotations

import re
import unicodedata

_SHOWN = 120
_DRIVE = re.compile(r"[A-Za-z]:")
# Code that an interpreter or a linker runs by the file's name; content shows the compiled kinds.
_SCRIPTS = (
    ".py", ".pyc", ".pyo", ".pyw", ".pyd", ".so", ".dll", ".dylib", ".exe", ".sh", ".bash", ".ps1",
    ".bat", ".cmd", ".js", ".rb", ".pl", ".lua", ".cpp", ".cc", ".cu", ".jar", ".class",
)  # fmt: skip
_LONGEST_ENDING = max(map(len, _SCRIPTS))


def shown(name: str) -> str:
    """Return a name that may be put into a reason: bounded, without control characters."""
    if len(name) <= _SHOWN and name.isprintable():
        return name
    clean = name[: _SHOWN + 1]
    if not clean.isprintable():
        clean = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in clean)
    return clean if len(clean) <= _SHOWN else clean[: _SHOWN - 1] + "…"


def folded(name: str) -> str:
    """Return what names share that some file systems take for the same."""
    if name.isascii():
        return name.lower().rstrip(". ")
    return unicodedata.normalize("NFKC", name).casefold().rstrip(". ")


def unsafe(name: str) -> str:
    """Return what is wrong with a member's name in words, `` for nothing."""
    if not name:
        return "has no name"
    if not name.isprintable() and any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in name):
        return "has control characters in its name"
    if "\\" in name:
        return "has a backslash in its name"
    if name.startswith("/") or _DRIVE.match(name):
        return "has an absolute name"
    if ".." in name.split("/"):
        return "has a name that leads out of the archive"
    return ""


def is_script(name: str) -> bool:
    """Return whether a file of that name is code to run."""
    return name[-_LONGEST_ENDING:].casefold().endswith(_SCRIPTS)
