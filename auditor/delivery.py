"""Hands a judgement over: sealed into a folder, or one format on standard output."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import api, output
from auditor.errors import ExitCode, UsageError
from auditor.evidence import encode

if TYPE_CHECKING:
    from auditor.policy.wording import Sentences
    from auditor.report import Judgement
    from auditor.seal.keys import SigningKey

# Always written with -o; a format asked for comes beside them.
ALWAYS = ("html",)
_LONGEST = 10_000  # characters of a line
LOCAL_KEY_FOLDER = ".signing"
# For convenience only: a key that comes with a report proves nothing about who signed it.
PUBLIC_KEY = "signer.pub"
ALLOWED_SIGNERS = "signer.allowed_signers"


class Delivery(Struct, frozen=True, kw_only=True):
    """Where a judgement goes: `folder`, or standard output in one of `formats`."""

    formats: tuple[str, ...] = ()
    folder: Path | None = None
    key: Path | None = None
    quiet: bool = False

    def sentences(self, language: str) -> Sentences:
        """Return the sentences of findings that what is written or printed holds."""
        from auditor.policy import wording

        if self.folder is not None or self.formats:
            return wording.EVERY
        return wording.NONE if self.quiet else wording.shown_in(language)


def check(delivery: Delivery) -> None:
    """Refuse what cannot be delivered before any work is done; raises `UsageError`."""
    from auditor import report

    for name in delivery.formats:
        report.load(name)
    if delivery.folder is None and len(delivery.formats) > 1:
        raise UsageError(
            "several formats cannot share standard output", hint="Name a folder with -o"
        )
    if delivery.folder is None and delivery.key is not None:
        raise UsageError("a key signs files: name a folder with -o")


def deliver(judgement: Judgement, delivery: Delivery) -> ExitCode:
    """Write or print the judgement; return its exit code."""
    if delivery.folder is None:
        # The summary is what --quiet silences; a format that was asked for is not.
        if delivery.formats or not delivery.quiet:
            _print(api.render(delivery.formats[0] if delivery.formats else "text", judgement))
        return api.summary(judgement).exit_code
    key, local = signing_key(delivery)
    files = sealed(judgement, delivery.formats, key)
    output.write_all(delivery.folder, files)
    if not delivery.quiet:
        _print(api.render("text", judgement))
        _print(_directions(delivery.folder, key, local=local).encode())
    return api.summary(judgement).exit_code


def sealed(judgement: Judgement, formats: tuple[str, ...], key: SigningKey) -> dict[str, bytes]:
    """Return every output file of a judgement by name, signed."""
    from auditor import report
    from auditor.policy.findings import encode as encode_findings
    from auditor.seal import folder

    # The reports first: what it takes to make them is not held beside the longest file of all.
    renderers = [report.load(name) for name in dict.fromkeys((*ALWAYS, *formats))]
    reports = {renderer.filename: renderer.render(judgement) for renderer in renderers}
    files = {
        folder.EVIDENCE: encode(judgement.evidence),
        folder.FINDINGS: encode_findings(judgement.findings),
        **public_half(key),
        **reports,
    }
    return files | folder.seal_folder(
        files,
        key,
        evidence=judgement.evidence,
        findings=judgement.findings,
        summary=api.summary(judgement),
    )


def public_half(key: SigningKey) -> dict[str, bytes]:
    """Return the files that hold the public key, for openssl and for ssh-keygen."""
    from auditor.seal.keys import allowed_signers_line

    return {
        PUBLIC_KEY: key.public.pem,
        ALLOWED_SIGNERS: allowed_signers_line(key.public, "auditor").encode(),
    }


def signing_key(delivery: Delivery) -> tuple[SigningKey, bool]:
    """Return the key to sign with, and whether it is one that this toolkit made by itself."""
    from auditor.seal import keys

    if delivery.key is not None:
        return keys.load_signing_key(delivery.key), False
    if delivery.folder is None:
        raise UsageError("a key signs files: name a folder with -o")
    place = delivery.folder / LOCAL_KEY_FOLDER / "local-key.pem"
    if not place.exists():
        output.write_all(delivery.folder, {})
        keys.generate(place)
    return keys.load_signing_key(place), True


def _directions(folder: Path, key: SigningKey, *, local: bool) -> str:
    """Return the closing lines: where the report is, and what its signature is worth."""
    from auditor.report._text import visible

    place = shlex.quote(str(folder))
    lines = [f"Report     {folder / 'report.html'}"]
    if local:
        lines.append(
            f"Signature  key {key.public.key_id[:16]}…, made for this folder: nobody trusts it yet."
        )
        lines.append("           Sign with your own: audit keygen KEY, then --key KEY")
        lines.append(f"Verify     audit verify {place} --trust {place}/{PUBLIC_KEY}")
    else:
        lines.append(f"Signature  key {key.public.key_id[:16]}…")
        lines.append(f"Verify     audit verify {place} --trust PUBLIC-KEY")
    return "".join(f"{visible(line, limit=_LONGEST)}\n" for line in lines)


def _print(data: bytes) -> None:
    """Write bytes to standard output as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
