"""The report's last line: no byte of the file can be changed, added or taken away."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from auditor.errors import SignatureError
from auditor.seal import container, dsse, statement
from auditor.seal.keys import SigningKey

BODY = b"<!doctype html>\n<p>all is well</p>\n</html>\n"


@pytest.fixture(scope="module")
def report(key: SigningKey, about) -> bytes:
    return container.seal(BODY, key, about)


def refused(report: bytes, key: SigningKey) -> None:
    with pytest.raises(SignatureError):
        container.open_report(report, [key.public])


def test_a_sealed_report_opens_with_the_key_that_signed_it(report: bytes, key: SigningKey) -> None:
    opened = container.open_report(report, [key.public])
    assert opened.body == BODY
    assert opened.signers == (key.public,)
    assert opened.claims.subject.name == "inference-1"


def test_the_signed_digest_is_that_of_all_lines_but_the_last(report: bytes) -> None:
    without_last_line = b"".join(report.splitlines(keepends=True)[:-1])
    envelope = container.split(report)[1]
    signed = json.loads(base64.b64decode(envelope.payload))
    assert signed["subject"] == [
        {
            "name": container.BODY,
            "digest": {"sha256": hashlib.sha256(without_last_line).hexdigest()},
        }
    ]


def test_no_single_byte_can_be_changed(report: bytes, key: SigningKey) -> None:
    for position in range(len(report)):
        for mask in (0x01, 0x20, 0x80):
            flipped = bytearray(report)
            flipped[position] ^= mask
            refused(bytes(flipped), key)


def test_nothing_can_be_cut_off(report: bytes, key: SigningKey) -> None:
    for length in range(len(report)):
        refused(report[:length], key)
        refused(report[length + 1 :], key)


@pytest.mark.parametrize(
    "extra", [b"\n", b" ", b"\0", b"<script>alert(1)</script>", b"\n\n", b"-->\n"]
)
def test_nothing_can_be_added(report: bytes, key: SigningKey, extra: bytes) -> None:
    refused(report + extra, key)
    refused(extra + report, key)
    line = report.rindex(b"\n", 0, -1) + 1
    refused(report[:line] + extra + report[line:], key)


def test_line_endings_cannot_be_changed(report: bytes, key: SigningKey) -> None:
    refused(report.replace(b"\n", b"\r\n"), key)
    refused(report[:-1] + b"\r\n", key)
    refused(report.replace(b"\n", b"\r"), key)
    refused(report[:-1], key)


def test_a_second_last_line_is_refused(report: bytes, key: SigningKey, about) -> None:
    last = report.splitlines(keepends=True)[-1]
    refused(report + last, key)
    refused(last + report, key)
    refused(report + container.seal(b"<p>forged</p>\n", key, about), key)
    with pytest.raises(SignatureError, match="second"):
        container.seal(report, key, about)


def test_the_last_line_of_another_report_does_not_fit(
    report: bytes, key: SigningKey, about
) -> None:
    other = container.seal(b"<p>other</p>\n", key, about).splitlines(keepends=True)[-1]
    refused(BODY + other, key)


def test_an_attestation_is_no_last_line(key: SigningKey, about) -> None:
    """A trusted envelope about files may not vouch for a body, even with the right digest."""
    for digests in (
        {"report.html": statement.sha256(BODY)},
        {container.BODY: statement.sha256(BODY), "evidence.json": "0" * 64},
        {},
    ):
        envelope = dsse.encode(dsse.sign(statement.encode(digests, about), key))
        refused(BODY + b"<!--AUDITOR-DSSE:v1 " + base64.b64encode(envelope) + b"-->\n", key)


def test_a_stranger_may_seal_but_is_not_trusted(
    report: bytes, stranger: SigningKey, key: SigningKey, about
) -> None:
    forged = container.seal(BODY, stranger, about)
    with pytest.raises(SignatureError, match="do not trust"):
        container.open_report(forged, [key.public])
    with pytest.raises(SignatureError, match="do not trust"):
        container.open_report(report, [])


def test_a_body_that_cannot_be_told_from_its_seal_is_not_sealed(key: SigningKey, about) -> None:
    for body in (b"", b"<p>no line feed", b"<!--AUDITOR-DSSE:v2 x-->\n"):
        with pytest.raises(SignatureError):
            container.seal(body, key, about)


@pytest.mark.parametrize(
    "line",
    [
        b"<!--AUDITOR-DSSE:v1 -->\n",
        b"<!--AUDITOR-DSSE:v1 ====-->\n",
        b"<!--AUDITOR-DSSE:v1 \xff\xff-->\n",
        b"<!--AUDITOR-DSSE:v2 e30=-->\n",
        b"<!--AUDITOR-DSSE:v1  e30=-->\n",
        b"<!--AUDITOR-DSSE:v1 e30=-->-->\n",
        b"<!--AUDITOR-DSSE:v1 " + base64.b64encode(b"[" * 100_000) + b"-->\n",
        b"<!--AUDITOR-DSSE:v1 " + b"A" * (12 * 1024 * 1024) + b"-->\n",
    ],
    ids=range(8),
)
def test_a_malformed_last_line_is_refused(key: SigningKey, line: bytes) -> None:
    refused(BODY + line, key)
    refused(line, key)


def test_a_seal_is_taken_off_and_put_on_again(report: bytes, key: SigningKey, about) -> None:
    assert container.unsealed(report) == BODY
    assert container.unsealed(BODY) == BODY
    assert container.seal(container.unsealed(report), key, about) == report
    with pytest.raises(SignatureError):
        container.unsealed(report + b"x")
