"""Whatever bytes stand in a conversation, the answer about it is one that can be believed."""

from __future__ import annotations

import contextlib
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.capture import _dissect
from auditor.capture.dissect import _is_plausible
from auditor.capture.talks import LAYERS, LONGEST_LINE, Segment, Talk, decode_answer, encode_answer
from tests.captures.messages import industrial

CARRIED = {"profinet": "frame", "ethercat": "frame"}
SAID = {name: exchange for name, _, _, exchange in industrial.OVER_IP}
SAID |= {name: [(True, frame)] for name, _, _, frame in industrial.ON_THE_LINK}


@pytest.fixture(scope="module")
def layers():
    return {name: _dissect._layer(name) for name in LAYERS}


def believed(talk: Talk, layers) -> None:
    answer = _dissect._answer(talk, layers)
    line = encode_answer(answer)
    assert len(line) <= LONGEST_LINE
    assert decode_answer(line.rstrip(b"\n")) == answer
    assert _is_plausible(answer, talk)
    shown = [a.function for a in answer.actions] + [o for a in answer.actions for o in a.objects]
    assert all(name.isprintable() for name in shown)


@pytest.mark.parametrize("application", LAYERS)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 300), st.binary(max_size=200)), max_size=8))
def test_noise(application, layers, said) -> None:
    segments = tuple(Segment(*one) for one in said)
    for carried in ("stream", "datagram"):
        believed(Talk(1, application, carried, segments), layers)


@pytest.mark.parametrize("application", LAYERS)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_messages_with_bytes_changed_doubled_and_cut(application, layers, seed, changes) -> None:
    rng = random.Random(seed)
    segments = []
    for of_client, data in SAID[application] * 2:
        changed = bytearray(data)
        for _each in range(changes if changed else 0):
            place = rng.randrange(len(changed))
            match rng.randrange(4):
                case 0:
                    changed[place] = rng.randrange(256)
                case 1:
                    del changed[place:]
                case 2:
                    changed[place:place] = changed[: rng.randrange(40)]
                case 3:
                    changed[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
            if not changed:
                break
        segments.append(Segment(of_client, rng.randrange(400), bytes(changed)))
    believed(Talk(1, application, CARRIED.get(application, "stream"), tuple(segments)), layers)


@given(st.binary(max_size=300))
def test_an_answer_is_read_or_refused(line: bytes) -> None:
    with contextlib.suppress(msgspec.MsgspecError):
        decode_answer(line)
