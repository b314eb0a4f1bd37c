"""Checks a report or an output folder against the keys that the reader trusts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from auditor.errors import AuditError, SignatureError, UsageError
from auditor.seal import _contents, container, dsse, sshsig, statement
from auditor.seal._contents import Rejudge, Rerender
from auditor.seal._files import Files
from auditor.seal.checks import Check, State, Verification
from auditor.seal.container import Opened
from auditor.seal.folder import (
    ATTESTATION,
    EVIDENCE,
    FINDINGS,
    REPORT,
    REPORT_SUFFIX,
    SIDECAR_SUFFIX,
)
from auditor.seal.keys import PublicKey
from auditor.seal.statement import Claims
from auditor.seal.trust import TrustedKey


def verify_output(
    path: Path,
    trusted: tuple[TrustedKey, ...],
    *,
    at: datetime | None = None,
    rerender: Rerender | None = None,
    rejudge: Rejudge | None = None,
) -> Verification:
    """Check `path`: an output folder, its `attestation.json`, a report, or another of its files.

    A folder (or its attestation) is checked whole. A report is checked by its own last line and,
    where there is one, its SSH signature. Any other file needs an attestation beside it. `at`
    is the time for keys with a validity time. Raises `UsageError` where no key is trusted, and
    `AuditError` where there is nothing at `path`; all else is told by the checks.
    """
    try:
        path = path.resolve(strict=True)
        whole = path.is_dir()
    except (OSError, RuntimeError) as error:
        raise AuditError("there is nothing to verify", where=str(path)) from error
    files = Files(path if whole else path.parent)
    target = ATTESTATION if whole else path.name
    if not trusted:
        raise UsageError(
            f"no trusted key is named. {_claimed_signer(files, target)}",
            hint="Name the key that you trust: --trust KEY.pub, had from its owner, "
            "not from beside the report",
        )
    verifier = _Verifier(files, trusted, at, rerender, rejudge)
    if target == ATTESTATION:
        return verifier.folder()
    if target.endswith(REPORT_SUFFIX):
        return verifier.report_alone(target)
    return verifier.file_alone(target)


def _claimed_signer(files: Files, target: str) -> str:
    """Return a sentence on who claims to have signed; raises where even that is malformed."""
    if target.endswith(REPORT_SUFFIX):
        envelope = container.split(files.read(target))[1]
    else:
        envelope = dsse.decode(files.read(ATTESTATION, limit=dsse.MAX_ENVELOPE))
    return f"It says that key {', '.join(envelope.key_ids)} signed it"


class _Verifier:
    """One verification: gathers checks, signers and claims on its way."""

    def __init__(
        self,
        files: Files,
        trusted: tuple[TrustedKey, ...],
        at: datetime | None,
        rerender: Rerender | None,
        rejudge: Rejudge | None,
    ) -> None:
        self._files = files
        self._trusted = trusted
        self._keys = tuple(entry.key for entry in trusted)
        self._at = at
        self._rerender = rerender
        self._rejudge = rejudge
        self._checks: list[Check] = []
        self._signers: set[TrustedKey] = set()
        self._claims: Claims | None = None

    def folder(self) -> Verification:
        """Check the attestation, every file that it names, and that all are of one audit."""
        digests = self._attestation()
        for name in sorted(digests):
            self._digest(name, digests[name])
        present = self._files.names()
        reports = {name for name in digests if name.endswith(REPORT_SUFFIX)}
        if REPORT in present:
            reports.add(REPORT)
        if not reports:
            self._note(f"{REPORT}: signature", "not-checked", "there is no report")
        for name in sorted(reports):
            self._report(name)
        self._checks += _contents.judgement(self._files, self._rejudge)
        covered = {ATTESTATION, *digests}
        return self._told(tuple(name for name in present if name not in covered))

    def report_alone(self, name: str) -> Verification:
        """Check a report by itself."""
        opened = self._opened(name)
        self._sidecar(name)
        if opened is not None:
            self._note(
                f"{name}: evidence", "not-checked", "give the whole folder to check it as well"
            )
        return self._told(())

    def file_alone(self, name: str) -> Verification:
        """Check one file by the attestation beside it."""
        digests = self._attestation()
        if digests and name not in digests:
            self._note(f"{name}: digest", "fails", f"{ATTESTATION} does not name it")
        elif digests:
            self._digest(name, digests[name])
            self._note("the other files", "not-checked", "give the whole folder to check them")
        return self._told(())

    def _note(self, name: str, state: State, detail: str) -> None:
        """Add a check."""
        self._checks.append(Check(name=name, state=state, detail=detail))

    def _told(self, uncovered: tuple[str, ...]) -> Verification:
        """Return all that was gathered."""
        return Verification(
            checks=tuple(self._checks),
            signers=tuple(sorted(self._signers, key=lambda s: (s.key.key_id, s.name))),
            claims=self._claims,
            uncovered=uncovered,
        )

    def _accepted(self, signers: tuple[PublicKey, ...]) -> str:
        """Return who signed, in words; raises `SignatureError` where no key counts now."""
        entries = [entry for entry in self._trusted if entry.key in signers]
        objections = {entry: entry.objection(self._at) for entry in entries}
        counting = [entry for entry in entries if not objections[entry]]
        if not counting:
            raise SignatureError(objections[entries[0]])
        self._signers.update(counting)
        names = sorted({f"{e.name} ({e.key.key_id})" if e.name else e.key.key_id for e in counting})
        return f"signed by {', '.join(names)}"

    def _attestation(self) -> dict[str, str]:
        """Return the signed digests by file name, empty where the attestation does not hold."""
        what = f"{ATTESTATION}: signature"
        try:
            data = self._files.read(ATTESTATION, limit=dsse.MAX_ENVELOPE)
            verified = dsse.verify(dsse.decode(data), self._keys)
            digests, claims = statement.decode(verified.payload)
            statement.check_names(digests)
            self._note(what, "holds", self._accepted(verified.signers))
        except SignatureError as error:
            self._note(what, "fails", error.what)
            return {}
        self._claims = claims
        self._same_audit(ATTESTATION, claims)
        return digests

    def _digest(self, name: str, expected: str) -> None:
        """Check one file against its signed digest."""
        try:
            same = self._files.sha256(name) == expected
        except SignatureError as error:
            self._note(f"{name}: digest", "fails", error.what)
            return
        said = f"as {ATTESTATION} names it" if same else "the file is not the one that was signed"
        self._note(f"{name}: digest", "holds" if same else "fails", said)

    def _opened(self, name: str) -> Opened | None:
        """Check a report's own last line; return what is in it where that holds."""
        try:
            opened = container.open_report(self._files.read(name), self._keys)
            self._note(f"{name}: signature", "holds", self._accepted(opened.signers))
        except SignatureError as error:
            self._note(f"{name}: signature", "fails", error.what)
            return None
        self._claims = self._claims or opened.claims
        return opened

    def _report(self, name: str) -> None:
        """Check a report of a folder: its line, its evidence, its making, its SSH signature."""
        opened = self._opened(name)
        self._sidecar(name)
        if opened is not None:
            self._same_audit(name, opened.claims)
            made = _contents.made_again(self._files, name, opened, self._rerender)
            self._checks.append(made)

    def _sidecar(self, name: str) -> None:
        """Check the SSH signature beside a report."""
        sidecar = name + SIDECAR_SUFFIX
        if sidecar not in self._files.names():
            self._note(f"{sidecar}: signature", "not-checked", "there is no such file")
            return
        try:
            data = self._files.read(sidecar, limit=sshsig.MAX_SIDECAR)
            signer = sshsig.verify(self._files.read(name), data, self._keys)
            self._note(f"{sidecar}: signature", "holds", self._accepted((signer,)))
        except SignatureError as error:
            self._note(f"{sidecar}: signature", "fails", error.what)

    def _same_audit(self, name: str, claims: Claims) -> None:
        """Check that the evidence and the findings here are those that `name` is about."""
        for file, claimed in (
            (EVIDENCE, claims.evidence_sha256),
            (FINDINGS, claims.findings_sha256),
        ):
            what = f"{name}: {file}"
            try:
                if file not in self._files.names():
                    self._note(what, "not-checked", "there is no such file")
                elif self._files.sha256(file) == claimed:
                    self._note(what, "holds", "it is about this file")
                else:
                    self._note(what, "fails", f"it is about another {file}")
            except SignatureError as error:
                self._note(what, "fails", error.what)
