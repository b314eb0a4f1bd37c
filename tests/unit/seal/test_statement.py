"""The statement: what is signed, in order, and nothing else is taken for it."""

from __future__ import annotations

import json

import pytest

from auditor.errors import SignatureError
from auditor.seal import statement


def test_a_statement_names_the_files_sorted_and_says_the_audit_in_short(about) -> None:
    payload = statement.encode({"b": "2" * 64, "a": "1" * 64}, about)
    document = json.loads(payload)
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "urn:auditor:audit-report:v1"
    assert document["subject"] == [
        {"name": "a", "digest": {"sha256": "1" * 64}},
        {"name": "b", "digest": {"sha256": "2" * 64}},
    ]
    predicate = document["predicate"]
    assert predicate["outcome"] == "inconclusive"
    assert predicate["summary"]["gaps"] == 3
    assert predicate["gaps"] == [{"kind": "mount", "reason": "denied", "count": 3}]
    assert predicate["policies"] == [{"name": "perimeter", "version": "1", "sha256": "b" * 64}]
    assert any("not run as root" in limit for limit in predicate["limits"])
    assert any("No perimeter" in limit for limit in predicate["limits"])


def test_what_is_written_is_read_back(about) -> None:
    digests, claims = statement.decode(statement.encode({"a": "1" * 64}, about))
    assert digests == {"a": "1" * 64}
    assert claims.subject.name == "inference-1"
    assert claims.outcome == "inconclusive"
    assert claims.findings_sha256 == "c" * 64


def changed(about, **changes: object) -> bytes:
    document = json.loads(statement.encode({"a": "1" * 64}, about))
    return json.dumps({**document, **changes}).encode()


def test_a_statement_about_something_else_is_refused(about) -> None:
    with pytest.raises(SignatureError, match="not an audit report"):
        statement.decode(changed(about, predicateType="https://slsa.dev/provenance/v1"))
    with pytest.raises(SignatureError, match="not an audit report"):
        statement.decode(changed(about, _type="https://in-toto.io/Statement/v0.1"))


def test_a_file_may_not_be_named_twice(about) -> None:
    one = {"name": "a", "digest": {"sha256": "1" * 64}}
    with pytest.raises(SignatureError, match="twice"):
        statement.decode(changed(about, subject=[one, one]))


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"predicate":' + b"[" * 100_000]
)
def test_a_malformed_statement_is_refused(payload: bytes) -> None:
    with pytest.raises(SignatureError):
        statement.decode(payload)


def test_what_a_later_version_adds_is_passed_over(about) -> None:
    document = json.loads(statement.encode({"a": "1" * 64}, about))
    document["predicate"]["nonce"] = "x"
    document["predicate"]["subject"]["rack"] = "7"
    assert statement.decode(json.dumps(document).encode())[1].subject.name == "inference-1"
