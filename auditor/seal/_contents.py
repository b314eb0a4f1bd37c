"""Checks that what an output folder holds belongs together: made and judged once more."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from msgspec import Struct

from auditor._version import __version__
from auditor.errors import AuditError, SignatureError
from auditor.seal._files import Files
from auditor.seal.checks import Check, NotCheckedError
from auditor.seal.container import Opened
from auditor.seal.folder import EVIDENCE, FINDINGS

# Makes the report's body again: evidence bytes, findings bytes, language ("en", "zh").
Rerender = Callable[[bytes, bytes, str], bytes]
# Makes the findings again: evidence bytes, findings bytes. Raises `NotCheckedError` where what
# they were judged by is not at hand.
Rejudge = Callable[[bytes, bytes], bytes]

_LANGUAGE = re.compile(rb'<html\b[^>]{0,300}?\blang="([A-Za-z]{2,3})')
_HEAD = 2048


class _Judged(Struct, frozen=True):
    """The part of `findings.json` that binds it to the evidence, and to who made it."""

    evidence_sha256: str
    tool_version: str = ""


def language_of(body: bytes) -> str:
    """Return the language that the report says it is in, `en` where it does not say."""
    match = _LANGUAGE.search(body[:_HEAD])
    return match[1].decode().lower() if match else "en"


def judgement(files: Files, rejudge: Rejudge | None) -> tuple[Check, ...]:
    """Check that the findings judge the evidence beside them, and are what comes of judging it."""
    what = f"{FINDINGS}: {EVIDENCE}"
    if not _both(files):
        return (_unmade(what, "one of the two files is not there"),)
    try:
        judged = msgspec.json.decode(files.read(FINDINGS), type=_Judged)
        same = judged.evidence_sha256 == files.sha256(EVIDENCE)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (_fails(what, "the findings are malformed"),)
    except SignatureError as error:
        return (_fails(what, error.what),)
    said = "they judge this file" if same else "they judge other evidence"
    belongs = _holds(what, said) if same else _fails(what, said)
    return (belongs, _judged_again(files, judged, rejudge)) if same else (belongs,)


def _judged_again(files: Files, judged: _Judged, rejudge: Rejudge | None) -> Check:
    """Check that the rules, asked of the evidence once more, give the same findings."""
    what = f"{FINDINGS}: judged again"
    if rejudge is None:
        return _unmade(what, "the evidence was not judged again")
    try:
        evidence, findings = files.read(EVIDENCE), files.read(FINDINGS)
        if rejudge(evidence, findings) == findings:
            return _holds(what, "the rules give the same findings")
        problem = "the rules give other findings"
    except NotCheckedError as error:
        return _unmade(what, error.what)
    except AuditError as error:
        problem = error.what
    return _unlike(what, judged.tool_version, problem)


def made_again(files: Files, name: str, opened: Opened, rerender: Rerender | None) -> Check:
    """Check that the evidence and the findings give the report `name`, byte for byte."""
    what = f"{name}: made again"
    if rerender is None or not _both(files):
        return _unmade(what, "it was not made again from the evidence")
    try:
        evidence, findings = files.read(EVIDENCE), files.read(FINDINGS)
        if rerender(evidence, findings, language_of(opened.body)) == opened.body:
            return _holds(what, "the evidence and the findings give the same bytes")
        problem = "the evidence and the findings give another report"
    except AuditError as error:
        problem = error.what
    return _unlike(what, opened.claims.tool.version, problem)


def _both(files: Files) -> bool:
    """Return whether evidence and findings are there."""
    return {EVIDENCE, FINDINGS} <= set(files.names())


def _unlike(what: str, version: str, problem: str) -> Check:
    """Return the check that came out otherwise: another version may word things otherwise."""
    if version != __version__:
        told = f"made by version {version}, this is {__version__}: {problem}"
        return _unmade(what, told)
    return _fails(what, problem)


def _holds(what: str, detail: str) -> Check:
    """Return a check that holds."""
    return Check(name=what, state="holds", detail=detail)


def _fails(what: str, detail: str) -> Check:
    """Return a check that fails."""
    return Check(name=what, state="fails", detail=detail)


def _unmade(what: str, detail: str) -> Check:
    """Return a check that could not be made."""
    return Check(name=what, state="not-checked", detail=detail)
