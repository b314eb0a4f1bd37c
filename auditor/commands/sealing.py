"""The commands that make keys, sign, and verify."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import api, output
from auditor.commands._terminal import say
from auditor.errors import ExitCode, KeyFileError, UsageError

if TYPE_CHECKING:
    from auditor.seal.keys import SigningKey


def keygen(path: Path, passphrase_file: Path | None) -> ExitCode:
    """Make a key pair."""
    from auditor.seal import keys

    pair = keys.generate(path, passphrase=_passphrase(passphrase_file))
    say(f"Private key  {path}  (readable by you alone; keep it off the hosts that are audited)")
    say(f"Public key   {path}.pub  (give it to whoever verifies)")
    say(f"Key id       {pair.public.key_id}")
    return ExitCode.PASS


def _passphrase(path: Path | None) -> bytes | None:
    """Return the first line of the passphrase file; raises `KeyFileError` for an empty one."""
    if path is None:
        return None
    line = api.read_input(path).split(b"\n", 1)[0].rstrip(b"\r")
    if not line:
        raise KeyFileError("the first line is empty: that is no passphrase", where=str(path))
    return line
