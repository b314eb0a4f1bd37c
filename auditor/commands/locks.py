"""The commands that lock model stores, check them against a lock, and join locks."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import api, api_models, output
from auditor.api import Hashing
from auditor.commands._terminal import progress, say, show
from auditor.commands.auditing import audited_host
from auditor.commands.models import absolute
from auditor.errors import ExitCode, SignatureError, UsageError
from auditor.pace import Pace
from auditor.regular_file import read_regular

if TYPE_CHECKING:
    from auditor.models.differences import Difference

_SHOWN = 200
_HEAD = 4096
_SHARD = re.compile(rb'\n "shard": "([0-9/]+)",\n')
_WHOLE = "1/1"


def lock(
    paths: Sequence[str], out: Path | None, root: Path | None, hashing: Hashing, *, at: str
) -> ExitCode:
    """Lock the stores at `paths` into the file `out`, or onto standard output."""
    _refuse_existing(out)
    with audited_host(root) as (host, _), progress("hashing", quiet=False) as told:
        document = api_models.lock(
            [absolute(path, root) for path in paths],
            host=host,
            at=api.moment(at) if at else api.now(),
            algorithms=hashing.algorithms,
            shard=hashing.shard,
            cache=str(hashing.cache or ""),
            heard=Pace(told),
        )
    return _hand_over(document, out)


def check(
    paths: Sequence[str], locked: Path, root: Path | None, trust: Sequence[Path], *, shard: str
) -> ExitCode:
    """Check stores against the lock in the file `locked`, whose signature must hold if asked."""
    document = _read(locked)
    _check_signature(document, locked, trust)
    with audited_host(root) as (host, _), progress("checking", quiet=False) as told:
        found = api_models.check_lock(
            [absolute(path, root) for path in paths],
            document,
            host=host,
            shard=shard,
            heard=Pace(told),
        )
    _tell(found, shard or _part(document))
    return api_models.exit_code(found)


def merge(parts: Sequence[Path], out: Path | None) -> ExitCode:
    """Join the locks of all the parts of stores into one."""
    _refuse_existing(out)
    return _hand_over(api_models.merge_locks([_read(part) for part in parts]), out)


def _tell(found: Sequence[Difference], part: str) -> None:
    """Print every difference on a line of its own, then how many there are.

    `part` is the part of the stores that was looked at (`2/8`), `1/1` for all of them.
    """
    for one in found[:_SHOWN]:
        say(f"{one.change:<12}{one.store.rstrip('/')}/{one.path}: {one.detail}")
    if len(found) > _SHOWN:
        say(f"... and {len(found) - _SHOWN} more")
    counts = Counter(one.change for one in found)
    if not found:
        say(
            f"Part {part} is as it was locked; nothing was looked at of the other parts."
            if part not in ("", _WHOLE)
            else "Everything is as it was locked."
        )
        return
    say("Not as it was locked: " + ", ".join(f"{n} {change}" for change, n in counts.items()))


def _part(document: bytes) -> str:
    """Return the part that a lock holds, which was read already: there is one way to write it."""
    found = _SHARD.search(document[:_HEAD])
    return found[1].decode() if found else ""


def _check_signature(document: bytes, locked: Path, trust: Sequence[Path]) -> None:
    """Raise `SignatureError` where no trusted key signed the lock; without keys only tell of it."""
    from auditor.seal import sshsig
    from auditor.seal.trust import read_public_keys

    sidecar = locked.with_name(f"{locked.name}.sig")
    if not trust:
        if sidecar.exists():
            say(f"{locked} is signed; the signature was not checked (--trust KEY)")
        return
    trusted = [key for file in trust for key in read_public_keys(file)]
    if not sidecar.exists():
        raise SignatureError(f"the lock is not signed: there is no {sidecar.name}")
    data = read_regular(sidecar, limit=sshsig.MAX_SIDECAR)
    signer = sshsig.verify(document, data, [entry.key for entry in trusted])
    moment = dt.datetime.fromisoformat(api.now())
    objections = [entry.objection(moment) for entry in trusted if entry.key == signer]
    if all(objections):
        raise SignatureError(objections[0])
    say(f"The lock is signed by key {signer.key_id}")


def _read(path: Path) -> bytes:
    from auditor.models.lock import MAX_BYTES

    return read_regular(path, limit=MAX_BYTES)


def _refuse_existing(out: Path | None) -> None:
    """Refuse to write over a lock: what it says could then never be checked again."""
    if out is not None and out.exists():
        raise UsageError("there is a file already", where=str(out), hint="Name another with -o")


def _hand_over(document: bytes, out: Path | None) -> ExitCode:
    if out is None:
        show(document)
        return ExitCode.PASS
    output.write_all(out.parent, {out.name: document})
    say(f"{out} is written. Sign it: audit sign {out} --key KEY")
    return ExitCode.PASS
