"""A certificate's state at the time of the judgement."""

from __future__ import annotations

import pytest
from msgspec import structs

from auditor.derive.certificates import DERIVATION
from auditor.evidence import SCHEMA, Evidence, Origin, Site, Subject, Tool
from auditor.evidence.transit import Certificate

ONE = Certificate(
    origin=Origin("tls", "/a.pem"), path="/a.pem", position=0, purpose="nginx", subject="CN=a",
    issuer="CN=ca", serial="1", not_before="2026-01-01T00:00:00Z",
    not_after="2026-03-01T00:00:00Z", key_algorithm="ec", key_bits=256, signature_hash="sha256",
    names=(), is_ca=False, self_signed=False, chain_complete=None, key_path="", key_readers="",
)  # fmt: skip


def at(moment, certificate=ONE):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode="host", subject=Subject(name="h"),
        taken_at=moment, site=Site(), records=(certificate,),
    )  # fmt: skip
    (made,) = DERIVATION.derive(evidence)
    return made.state, made.days_left


@pytest.mark.parametrize(
    "moment, state, days",
    [
        ("2025-12-31T23:59:59Z", "not-yet-valid", 59),
        ("2026-01-01T00:00:00Z", "valid", 59),
        ("2026-02-28T12:00:00Z", "valid", 0),
        ("2026-03-01T00:00:00Z", "valid", 0),
        ("2026-03-01T00:00:01Z", "expired", -1),
        ("2027-03-01T00:00:00Z", "expired", -365),
    ],
)
def test_both_ends_belong_to_the_time(moment, state, days):
    assert at(moment) == (state, days)


@pytest.mark.parametrize("bad", ["", "soon", "2026-03-01", "99999-01-01T00:00:00Z"])
def test_a_time_that_is_none_is_never_valid(bad):
    assert at("2026-02-01T00:00:00Z", structs.replace(ONE, not_after=bad))[0] is None
    assert at("2026-02-01T00:00:00Z", structs.replace(ONE, not_before=bad))[0] is None
