"""The commands that sign models and verify their signatures (OpenSSF Model Signing)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from auditor import api, api_models, output
from auditor.commands._terminal import progress, say
from auditor.commands.auditing import audited_host
from auditor.commands.models import absolute
from auditor.commands.sealing import passphrase
from auditor.errors import ExitCode, KeyFileError, UsageError
from auditor.evidence.site import MODELS
from auditor.pace import Pace
from auditor.regular_file import read_regular

if TYPE_CHECKING:
    from auditor.models.differences import Difference
    from auditor.models.signer_keys import Trusted

_SHOWN = 200
_NAME = "model.sig"
_READABLE = 0o644


class Choice(Struct, frozen=True, kw_only=True):
    """How a model is to be signed."""

    key: Path
    passphrase_file: Path | None = None
    certificates: tuple[Path, ...] = ()
    hash_type: str = "sha256"
    shard_size: int = 0
    allow_symlinks: bool = False
    ignored: tuple[str, ...] = ()


def sign(path: str, signature: Path | None, choice: Choice) -> ExitCode:
    """Sign the model at `path` into a file beside or within it."""
    from auditor.models.signer_keys import MAX_TRUST_FILE, load_signer
    from auditor.seal.keys import read_private

    out = signature or _beside(path)
    if out.exists():
        raise UsageError(
            "there is a signature already", where=str(out), hint="Remove it, or name --signature"
        )
    chain = b"\n".join(
        read_regular(file, limit=MAX_TRUST_FILE, error=KeyFileError) for file in choice.certificates
    )
    secret = passphrase(choice.passphrase_file)
    signer = load_signer(read_private(choice.key), secret, chain, where=str(choice.key))
    with audited_host(None) as (host, _), progress("hashing", quiet=False) as told:
        document = api_models.sign_model(
            absolute(path, None),
            host=host,
            signer=signer,
            signature=absolute(str(out), None),
            hash_type=choice.hash_type,
            shard_size=choice.shard_size,
            allow_symlinks=choice.allow_symlinks,
            ignored=choice.ignored,
            heard=Pace(told),
        )
    output.write_all(out.parent, {out.name: document})
    out.chmod(_READABLE)  # by whoever verifies, as the model is
    say(f"{out} is the signature of {path} by key {signer.public.hint}")
    return ExitCode.PASS


def verify(
    path: str, signature: Path | None, trusted: Trusted, *, at: str, ignore_unsigned: bool
) -> ExitCode:
    """Verify the signature of the model at `path`, and that it is what was signed."""
    from auditor.models.signature_bundle import MAX_BUNDLE

    file = signature or _beside(path)
    document = read_regular(file, limit=MAX_BUNDLE)
    with audited_host(None) as (host, _), progress("checking", quiet=False) as told:
        signed, compared = api_models.verify_model(
            absolute(path, None),
            document,
            host=host,
            trusted=trusted,
            at=dt.datetime.fromisoformat(api.moment(at) if at else api.now()),
            signature=absolute(str(file), None),
            ignore_unsigned=ignore_unsigned,
            heard=Pace(told),
        )
    say(f"signed by   {signed.signer} ({signed.method})")
    for name in compared.left_out[:_SHOWN]:
        say(f"{'not signed':<12}{name}: no signature says anything about it")
    if len(compared.left_out) > _SHOWN:
        say(f"{'not signed':<12}and {len(compared.left_out) - _SHOWN} more")
    return _told(compared.differences, compared.files)


def whom(trust: Sequence[Path], site: Path | None) -> Trusted:
    """Return whose signatures count: keys and certificates of files, and the site's own signers."""
    from auditor.models.signer_keys import MAX_TRUST_FILE, Trusted, load_trusted

    trusted = Trusted()
    for file in trust:
        data = read_regular(file, limit=MAX_TRUST_FILE, error=KeyFileError)
        trusted += load_trusted(data, where=str(file))
    for declared in api.load_site(site).signers if site else ():
        if declared.role == MODELS:
            data = declared.public_key.encode()
            trusted += load_trusted(data, where=str(site), name=declared.name)
    if not trusted.keys and not trusted.roots:
        raise UsageError(
            "nobody is trusted, so that no signature can count",
            hint="Name a public key or certificate with --trust, or a site with signers of models",
        )
    return trusted


def _beside(path: str) -> Path:
    """Return where the signature of a model is looked for: in its folder, or beside a file."""
    model = Path(path)
    return model / _NAME if model.is_dir() else model.with_name(f"{model.name}.sig")


def _told(differences: Sequence[Difference], files: int) -> ExitCode:
    """Print every difference; return 5, or 3 where it is merely not known whether there is one."""
    for one in differences[:_SHOWN]:
        say(f"{one.change:<12}{one.path}: {one.detail}")
    if len(differences) > _SHOWN:
        say(f"... and {len(differences) - _SHOWN} more")
    if not differences:
        say(f"The signature holds, and all {files} files are what was signed.")
        return ExitCode.PASS
    if all(one.change == "unreadable" for one in differences):
        say("NOT KNOWN: not all of it could be read.")
        return ExitCode.UNDECIDED
    say("DO NOT LOAD THIS: it is not what was signed.")
    return ExitCode.SIGNATURE
