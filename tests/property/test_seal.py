"""For any body and any change, the seal holds or raises `SignatureError`: never a crash."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import ExitCode, KeyFileError, SignatureError
from auditor.evidence import ASSUMED_SITE, SCHEMA, Evidence, Subject, Tool
from auditor.policy.findings import Findings
from auditor.policy.summary import summarize
from auditor.seal import container, dsse, sshsig, statement
from auditor.seal.keys import SigningKey
from auditor.seal.trust import load_public_keys

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
EVIDENCE = Evidence(
    schema=SCHEMA,
    tool=Tool(name="auditor", version="1"),
    mode="host",
    subject=Subject(name="inference-1"),
    taken_at="2026-01-02T03:04:05Z",
    site=ASSUMED_SITE,
)
FINDINGS = Findings(
    schema="auditor.findings/1",
    tool_version="1",
    evidence_sha256="0" * 64,
    judged_at="2026-01-02T03:04:05Z",
    profile="",
    params=(),
    fail_on="medium",
    allow_unknown=False,
    packs=(),
    rules=(),
    findings=(),
)
ABOUT = statement.predicate(
    EVIDENCE, FINDINGS, summarize(EVIDENCE, FINDINGS), findings_sha256="1" * 64
)
REPORT = container.seal(b"<!doctype html>\n<p>all is well</p>\n</html>\n", KEY, ABOUT)

FEW = settings(max_examples=60, deadline=None)


def refused(report: bytes) -> None:
    with pytest.raises(SignatureError) as caught:
        container.open_report(report, [KEY.public])
    assert caught.value.exit_code is ExitCode.SIGNATURE


@FEW
@given(body=st.binary(max_size=300))
def test_every_body_that_can_be_sealed_opens_again(body: bytes) -> None:
    body = body.replace(b"<!--AUDITOR-DSSE:", b"") + b"\n"
    sealed = container.seal(body, KEY, ABOUT)
    assert container.open_report(sealed, [KEY.public]).body == body


@FEW
@given(
    start=st.integers(0, len(REPORT)),
    length=st.integers(0, 40),
    put=st.binary(max_size=40) | st.sampled_from([b"\r\n", b"\n", b"-->\n", REPORT]),
)
def test_every_edit_of_a_report_is_refused(start: int, length: int, put: bytes) -> None:
    edited = REPORT[:start] + put + REPORT[start + length :]
    if edited != REPORT:
        refused(edited)


@FEW
@given(line=st.binary(max_size=200))
def test_any_last_line_is_refused(line: bytes) -> None:
    refused(b"<p>x</p>\n<!--AUDITOR-DSSE:v1 " + line + b"-->\n")


@FEW
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_no_envelope_statement_or_sidecar(data: bytes) -> None:
    for attempt in (
        lambda: dsse.decode(data),
        lambda: statement.decode(data),
        lambda: sshsig.verify(b"x", data, [KEY.public]),
    ):
        with pytest.raises(SignatureError):
            attempt()


@FEW
@given(start=st.integers(0, 330), length=st.integers(0, 8), put=st.binary(max_size=8))
def test_an_edited_sidecar_holds_for_the_same_bytes_or_is_refused(
    start: int, length: int, put: bytes
) -> None:
    """Line breaks within the base64 are free in the format; nothing else is."""
    sidecar = sshsig.sign(REPORT, KEY)
    edited = sidecar[:start] + put + sidecar[start + length :]
    if edited.split() == sidecar.split() or edited.replace(b"\n", b"") == sidecar.replace(
        b"\n", b""
    ):
        return
    with pytest.raises(SignatureError):
        sshsig.verify(REPORT, edited, [KEY.public])


LINES = st.lists(
    st.sampled_from(
        ["ops@corp.example", KEY.public.openssh, "ssh-ed25519", "AAAA", '"', "cert-authority",
         'namespaces="git"', 'valid-before="20260101Z"', ",", "\n", "-----BEGIN PUBLIC KEY-----",
         "-----END PUBLIC KEY-----", "#", "é"]
    ),
    max_size=8,
).map(" ".join)  # fmt: skip


@FEW
@given(text=LINES | st.text(max_size=100))
def test_any_trust_file_gives_keys_or_an_error(text: str) -> None:
    try:
        found = load_public_keys(text.encode())
    except KeyFileError:
        return
    assert found
    assert {trusted.key for trusted in found} == {KEY.public}
