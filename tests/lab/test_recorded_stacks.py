"""The recordings of real storage stacks, judged everywhere: no false pass, and as root no false fail."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import table
import verdicts

from auditor.evidence.derived import StoreEncryption

RECORDINGS = Path(__file__).resolve().parent / "recordings"
STACKS = verdicts.stacks(RECORDINGS)


@cache
def judged(uid: int) -> dict[str, StoreEncryption]:
    return verdicts.judged(RECORDINGS, uid)


def test_there_are_stacks_of_every_truth() -> None:
    truths = [stack.truth for stack in STACKS]
    assert len(STACKS) >= 40
    assert min(truths.count(truth) for truth in ("encrypted", "plain", "part", "memory")) >= 3


@pytest.mark.parametrize("uid", verdicts.USERS)
@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_the_verdict_is_never_better_than_the_truth(stack: verdicts.Stack, uid: int) -> None:
    verdict = judged(uid)[stack.name].encryption
    assert verdict in verdicts.allowed(stack, uid), judged(uid)[stack.name]


@pytest.mark.parametrize(
    "stack",
    [one for one in STACKS if one.truth != "part" and "hidden" not in one.name],
    ids=lambda stack: stack.name,
)
def test_as_root_nothing_is_left_open_that_the_kernel_tells(stack: verdicts.Stack) -> None:
    assert judged(0)[stack.name].encryption is not None


def test_what_headers_tell() -> None:
    headers = verdicts.headers(RECORDINGS)
    assert [slot.kdf for slot in headers["luks2"].keyslots or ()] == ["argon2id"]
    assert headers["luks1"].version == 1
    assert headers["detached"].detached
    assert headers["detached"].keyslots is None
    assert headers["auth"].segments[0].integrity == "hmac(sha256)"
    assert headers["null2"].segments[0].cipher == "cipher_null-ecb"
    assert "online-reencrypt-v2" in headers["reenc"].requirements
    assert {segment.segment_type for segment in headers["reenc"].segments} == {"linear"}


def test_no_key_is_in_the_recordings() -> None:
    for path in RECORDINGS.rglob("host.json"):
        text = path.read_text(encoding="utf-8")
        assert '"salt"' not in text
        assert '"digest"' not in text
        tables = [line for line in text.splitlines() if " crypt " in line]
        assert all(" :64:" in line or " - " in line or ":-" in line for line in tables), path


def test_the_page_of_verdicts_is_what_the_recordings_say() -> None:
    """After a new recording: `python tests/lab/table.py`."""
    assert table.PAGE.read_text(encoding="utf-8") == table.page(RECORDINGS)
