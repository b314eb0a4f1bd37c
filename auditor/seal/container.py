"""The report's own last line: an envelope over every byte before it.

The file is the body, whose last byte ends a line, and `<!--AUDITOR-DSSE:v1 BASE64-->` with a
line feed: nothing after it, nothing like it before it. A comment after `</html>` is legal and
shows nothing. `head -n -1 report.html | sha256sum` is the digest that was signed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from msgspec import Struct

from auditor.errors import SignatureError
from auditor.seal import dsse, statement
from auditor.seal.dsse import Envelope
from auditor.seal.keys import PublicKey, SigningKey
from auditor.seal.statement import AuditPredicate, Claims

# The name under which the statement knows the body; no file of an output folder is called so.
BODY = "report.html#body"

_MARK = b"<!--AUDITOR-DSSE:"
_BEGIN = _MARK + b"v1 "
_END = b"-->\n"
_MAX_LINE = dsse.MAX_ENVELOPE * 4 // 3 + 64


class Opened(Struct, frozen=True, kw_only=True):
    """A report whose signature holds: its body, what was claimed, and who signed."""

    body: bytes
    claims: Claims
    signers: tuple[PublicKey, ...]
    unknown: tuple[str, ...]


def seal(body: bytes, key: SigningKey, about: AuditPredicate) -> bytes:
    """Return the report with its signed last line.

    Raises `SignatureError` where the body cannot be sealed: it must end a line and hold nothing
    that looks like a seal.
    """
    _check_body(body)
    signed = statement.encode({BODY: statement.sha256(body)}, about)
    envelope = dsse.encode(dsse.sign(signed, key))
    return body + _BEGIN + base64.b64encode(envelope) + _END


def split(report: bytes) -> tuple[bytes, Envelope]:
    """Return the body and the envelope, whose signature is not checked here.

    Raises `SignatureError` for every departure from the grammar.
    """
    if not report.endswith(_END):
        raise SignatureError("the report does not end in its signature: it was cut or added to")
    start = report.rfind(b"\n", 0, -1) + 1
    line = report[start : start + _MAX_LINE]
    if start + len(line) != len(report) or not line.startswith(_BEGIN):
        raise SignatureError("the report's last line is not its signature")
    body = report[:start]
    _check_body(body)
    try:
        encoded = line[len(_BEGIN) : -len(_END)].decode("ascii")
    except UnicodeDecodeError as error:
        raise SignatureError("the report's last line is not its signature") from error
    return body, dsse.decode(dsse.decode_base64(encoded))


def unsealed(report: bytes) -> bytes:
    """Return the body of a sealed report, or a report that carries no seal as it is."""
    return split(report)[0] if _MARK in report else report


def open_report(report: bytes, keys: Iterable[PublicKey]) -> Opened:
    """Return the body, once one of `keys` is found to have signed every byte of it.

    Raises `SignatureError` (exit 5) otherwise.
    """
    body, envelope = split(report)
    verified = dsse.verify(envelope, keys)
    digests, claims = statement.decode(verified.payload)
    if list(digests) != [BODY]:
        raise SignatureError("the report's signature is about something else")
    if digests[BODY] != statement.sha256(body):
        raise SignatureError("the report was changed after it was signed")
    return Opened(body=body, claims=claims, signers=verified.signers, unknown=verified.unknown)


def _check_body(body: bytes) -> None:
    """Raise `SignatureError` where the signature could not be told from the body."""
    if not body.endswith(b"\n"):
        raise SignatureError("the report's body does not end in a line feed")
    if _MARK in body:
        raise SignatureError("the report holds a second signature line")
