"""auditor.derive.models: what an exception of the site covers, and where a model may come from."""

from __future__ import annotations

import pytest

from auditor.derive.models import DERIVATION
from auditor.evidence import SCHEMA, Evidence, Origin, Tool
from auditor.evidence.bundle import Subject
from auditor.evidence.models import ModelFile, VerdictReason
from auditor.evidence.site import AllowedGlobal, Site

AT = "2026-11-26T08:00:00Z"
DIGEST = "a" * 64
YOLO = "ultralytics.nn.tasks.DetectionModel"


def reason(name: str = YOLO, verdict: str = "unlisted", rule: str = "pickle-global-unlisted"):
    return VerdictReason(rule=rule, verdict=verdict, detail="no table holds it", global_name=name)


def file(**changes: object) -> ModelFile:
    fields: dict[str, object] = {
        "origin": Origin("stores", "/m/yolo.pt"), "path": "/m/yolo.pt", "store": "/m",
        "model_format": "pytorch", "size": 9, "architecture": "", "name": "", "parameters": None,
        "precision": "", "context_length": 0, "tensors": 0, "license": "", "base_model": "",
        "verdict": "unlisted", "reasons": (reason(),), "unlisted": (YOLO,),
    }  # fmt: skip
    return ModelFile(**(fields | changes))


def allowed(name: str = YOLO, **changes: object) -> AllowedGlobal:
    fields = {"name": name, "owner": "vision", "reason": "own training", "expires": "2027-01-31"}
    return AllowedGlobal(**(fields | changes))


def assessed(record: ModelFile, *entries: AllowedGlobal, origins: tuple[str, ...] = ()):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode="models", subject=Subject(name="m"),
        taken_at=AT, site=Site(allowed_globals=entries, model_origins=origins), records=(record,),
    )  # fmt: skip
    (found,) = DERIVATION.derive(evidence)
    return found


# Every way in which an exception could wrongly make a file safe.
NEVER_CLEARED = {
    "no-exception": (file(), ()),
    "expired-yesterday": (file(), (allowed(expires="2026-11-25"),)),
    "a-day-that-is-none": (file(), (allowed(expires="soon"),)),
    "another-global": (file(), (allowed("ultralytics.nn.tasks.Detection"),)),
    "a-longer-name": (file(), (allowed("ultralytics.nn.tasks.DetectionModel.x"),)),
    "a-module-above": (file(), (allowed("ultralytics.*"), allowed("ultralytics.nn.*"))),
    "one-of-two": (file(unlisted=("evil.Run", YOLO)), (allowed(),)),
    "pinned-and-no-digest": (file(), (allowed(sha256=(DIGEST,)),)),
    "pinned-to-another": (file(digests=("sha256:" + "b" * 64,)), (allowed(sha256=(DIGEST,)),)),
    "pinned-by-another-algorithm": (file(digests=(f"sm3:{DIGEST}",)), (allowed(sha256=(DIGEST,)),)),
    "unlisted-for-no-global": (file(unlisted=()), (allowed(),)),
    "unlisted-for-more-than-globals": (
        file(reasons=(reason(), reason("", rule="custom-operator"))), (allowed(),),
    ),
    "reasons-left-out": (file(reasons=(reason(), reason("", "data", "more"))), (allowed(),)),
    "dangerous": (file(verdict="dangerous"), (allowed(),)),
    "malformed": (file(verdict="malformed"), (allowed(),)),
    "not-inspectable": (file(verdict="not-inspectable"), (allowed(),)),
    "unread": (file(verdict=None), (allowed(),)),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER_CLEARED)
def test_an_exception_never_clears(name):
    record, entries = NEVER_CLEARED[name]
    found = assessed(record, *entries)
    assert found.verdict == record.verdict
    assert found.verdict != "framework"


@pytest.mark.parametrize(
    "entry",
    [
        allowed(),
        allowed("ultralytics.nn.tasks.*"),
        allowed(expires="2026-11-26"),
        allowed(sha256=("c" * 64, DIGEST)),
    ],
)
def test_an_exception_that_holds_makes_it_a_frameworks(entry):
    found = assessed(file(digests=(f"sha256:{DIGEST}",)), allowed(expires="2020-01-01"), entry)
    assert found.verdict == "framework"
    assert found.excepted == (f"{YOLO} (vision, {entry.expires})",)
    assert found.unlisted == ()
    assert found.refused == ""


def test_why_an_exception_does_not_hold_is_told():
    assert "expired on 2026-11-25" in assessed(file(), allowed(expires="2026-11-25")).refused
    assert "was not computed" in assessed(file(), allowed(sha256=(DIGEST,))).refused
    other = file(digests=("sha256:" + "b" * 64,))
    assert "another SHA-256" in assessed(other, allowed(sha256=(DIGEST,))).refused
    assert assessed(file()).refused == ""


def test_the_strongest_reason_is_told_with_its_place():
    deep = VerdictReason(
        rule="pickle-call", verdict="dangerous", detail="os.system is called", offset=42,
        member="a.zip!data.pkl",
    )  # fmt: skip
    found = assessed(file(verdict="dangerous", reasons=(deep, reason())))
    assert found.why == "pickle-call: os.system is called (a.zip!data.pkl at byte 42)"
    assert assessed(file()).why == f"pickle-global-unlisted: {YOLO}: no table holds it"
    assert assessed(file(verdict="data", reasons=(), unlisted=())).why == ""


QWEN = {"registry": "huggingface.co", "repository": "Qwen/Qwen3-8B"}


@pytest.mark.parametrize(
    ("changes", "origins", "state"),
    [
        ({}, (), "unknown"),
        ({}, ("huggingface.co/*",), "unknown"),
        ({"repository": "Qwen/Qwen3-8B"}, ("*/*",), "unknown"),
        (QWEN, (), "undeclared"),
        (QWEN, ("huggingface.co/Qwen/*",), "approved"),
        (QWEN, ("huggingface.co/*",), "approved"),
        (QWEN, ("huggingface.co/*/Qwen3-8B",), "approved"),
        (QWEN, ("huggingface.co/Qwen/Qwen3-*",), "approved"),
        (QWEN, ("huggingface.co/Qwen",), "unapproved"),
        (QWEN, ("huggingface.co/Q*",), "unapproved"),
        (QWEN, ("huggingface.co/qwen/*",), "unapproved"),
        (QWEN, ("models.plant.example/*",), "unapproved"),
        (QWEN | {"registry": "HuggingFace.co"}, ("huggingface.co/Qwen/*",), "approved"),
        (QWEN | {"registry": "huggingface.co.evil.example"}, ("huggingface.co/*",), "unapproved"),
        (QWEN | {"registry": "xhuggingface.co"}, ("huggingface.co/*",), "unapproved"),
        (QWEN | {"registry": "huggingfacexco"}, ("huggingface.co/*",), "unapproved"),
        (QWEN | {"repository": "Qwen/../evil"}, ("huggingface.co/Qwen/*",), "unapproved"),
        (QWEN | {"repository": "Qwen//x"}, ("huggingface.co/Qwen/*",), "unapproved"),
        (QWEN | {"repository": ""}, ("huggingface.co/*",), "unapproved"),
        (QWEN | {"repository": "Qwen/x\nhuggingface.co"}, ("huggingface.co/Qwen/x",), "unapproved"),
    ],
)
def test_an_origin(changes, origins, state):
    assert assessed(file(**changes), origins=origins).origin_state == state
