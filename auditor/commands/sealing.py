"""The commands that make keys, sign, and verify."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import api, output
from auditor.commands._terminal import say
from auditor.delivery import LOCAL_KEY_FOLDER, public_half
from auditor.errors import ExitCode, KeyFileError, SignatureError
from auditor.evidence.site import MODELS
from auditor.regular_file import read_regular

if TYPE_CHECKING:
    from auditor.seal.keys import SigningKey
    from auditor.seal.statement import Claims

_SIGNS = {"holds": "ok", "fails": "FAILS", "not-checked": "not checked"}


def keygen(path: Path, passphrase_file: Path | None) -> ExitCode:
    """Make a key pair."""
    from auditor.seal import keys

    pair = keys.generate(path, passphrase=passphrase(passphrase_file))
    say(f"Private key  {path}  (readable by you alone; keep it off the hosts that are audited)")
    say(f"Public key   {pair.public_path}  (give it to whoever verifies)")
    say(f"Key id       {pair.key.public.key_id}")
    return ExitCode.PASS


def sign(path: Path, key_file: Path, passphrase_file: Path | None) -> ExitCode:
    """Sign an output folder anew, or write `FILE.sig` beside a file of at most 512 MB."""
    from auditor.models import lock
    from auditor.seal import keys, sshsig

    key = keys.load_signing_key(key_file, passphrase(passphrase_file))
    if path.is_dir():
        signed, doubt = _signed_anew(path, key)
        output.write_all(path, signed)
        say(f"{path} is signed by key {key.public.key_id}")
        if doubt:
            say(f"The findings were taken as they were handed over: {doubt}")
        return ExitCode.PASS
    sidecar = path.with_name(path.name + ".sig")
    # The largest of the toolkit's own files is a lock of model stores.
    data = read_regular(path, limit=lock.MAX_BYTES)
    output.write_all(sidecar.parent, {sidecar.name: sshsig.sign(data, key)})
    say(f"{sidecar} is the SSH signature of {path.name} by key {key.public.key_id}")
    return ExitCode.PASS


def _signed_anew(folder: Path, key: SigningKey) -> tuple[dict[str, bytes], str]:
    """Return the files of an output folder that signing changes, and what was not checked.

    The signing station does not take the host's word for more than the evidence: it is judged
    again and the report rendered again, and both must be what lies there, and so must every
    file that the attestation names. Raises `SignatureError` (exit 5) where they are not.
    """
    from auditor.policy.summary import summarize
    from auditor.seal import container, dsse, statement
    from auditor.seal._contents import language_of
    from auditor.seal.folder import ATTESTATION, EVIDENCE, FINDINGS, REPORT, seal_folder

    evidence, findings = api.load_evidence(folder), api.load_findings(folder)
    attestation = dsse.decode(api.read_input(folder / ATTESTATION))
    digests, _ = statement.decode(dsse.decode_base64(attestation.payload))
    statement.check_names(digests)
    files = {name: api.read_input(folder / name) for name in (EVIDENCE, FINDINGS)}
    for name, digest in sorted(digests.items()):
        files[name] = api.read_input(folder / name)
        if statement.sha256(files[name]) != digest:
            raise SignatureError("the file is not the one that was handed over", where=name)
    doubt = _judged_otherwise(files[EVIDENCE], files[FINDINGS])
    report = container.unsealed(files[REPORT])
    if api.rerender(files[EVIDENCE], files[FINDINGS], language_of(report)) != report:
        raise SignatureError("the evidence gives another report", where=REPORT)
    files |= public_half(key)
    made = seal_folder(
        files, key, evidence=evidence, findings=findings, summary=summarize(evidence, findings)
    )
    return public_half(key) | made, doubt


def _judged_otherwise(evidence: bytes, findings: bytes) -> str:
    """Return why the evidence could not be judged again, or `` where it gives these findings."""
    from auditor.seal.checks import NotCheckedError
    from auditor.seal.folder import FINDINGS

    try:
        if api.rejudge(evidence, findings) == findings:
            return ""
    except NotCheckedError as error:
        return error.what
    raise SignatureError("the rules give other findings", where=FINDINGS)


def verify(path: Path, trust: Sequence[Path] | None, site: Path | None) -> ExitCode:
    """Check an output folder or a file of it against the keys that are trusted."""
    from auditor.report._text import visible
    from auditor.seal import trust as trusting
    from auditor.seal.verify import verify_output

    trusted = [key for file in trust or () for key in trusting.read_public_keys(file)]
    for declared in api.load_site(site).signers if site else ():
        if declared.role == MODELS:
            continue  # their keys sign no reports, and may be of kinds that are none of ours
        data = declared.public_key.encode()
        trusted += trusting.load_public_keys(data, where=str(site), name=declared.name)
    moment = dt.datetime.fromisoformat(api.now())
    verification = verify_output(
        path, tuple(trusted), at=moment, rerender=api.rerender, rejudge=api.rejudge
    )
    for check in verification.checks:
        say(f"{_SIGNS[check.state]:<12}{visible(check.name)}: {visible(check.detail)}")
    for name in verification.uncovered:
        if name == LOCAL_KEY_FOLDER:
            say(f"{'note':<12}{name}: the private key made for this folder; do not hand it over")
            continue
        say(f"{'not signed':<12}{visible(name)}: no signature says anything about this file")
    for signer in verification.signers:
        say(f"signed by   {visible(signer.name or 'a key that you trust')} ({signer.key.key_id})")
    for line in _claimed(verification.claims):
        say(line)
    say("The signature holds." if verification.holds else "DO NOT TRUST THIS: see above.")
    return verification.exit_code


def _claimed(claims: Claims | None) -> list[str]:
    """Return what the signature is about: a true report of another machine is a replay."""
    from auditor.report._text import visible

    if claims is None:
        return []
    machine = f" (host id {visible(claims.subject.host_id)})" if claims.subject.host_id else ""
    times = f"{visible(claims.taken_at)}, judged as of {visible(claims.judged_at)}"
    return [
        f"about       {visible(claims.subject.name)}{machine}: is this what you asked for?",
        f"audited     {times}: {visible(claims.outcome)}",
    ]


def passphrase(path: Path | None) -> bytes | None:
    """Return the first line of the passphrase file; raises `KeyFileError` for an empty one."""
    if path is None:
        return None
    line = api.read_input(path).split(b"\n", 1)[0].rstrip(b"\r")
    if not line:
        raise KeyFileError("the first line is empty: that is no passphrase", where=str(path))
    return line
