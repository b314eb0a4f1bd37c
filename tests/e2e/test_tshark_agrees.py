"""tshark and this project say the same of a capture: flows, names, questions; or why they differ."""

import shutil
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest

from auditor.evidence.traffic import Flow, NameQuery
from tests.captures import compare, tshark
from tests.captures.__main__ import write
from tests.captures.library import BUILDERS, forms

pytestmark = pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples" / "captures").glob("*.*"))
# Without times, tshark gives every packet the same one and its reassembly gives up early; it reads
# the flows of a capture cut short, but not the names that were cut off.
FORMS = {made.name: made for made in forms() if made.name != "pcapng-simple"}

# Where tshark 4 differs, and why it is tshark that is short of something. Fragments need no entry:
# tshark counts them in no conversation, so all that went between their two ends is compared.
ONLY_OURS = {
    "disorder.quic.example": "the CRYPTO frames of one Initial are out of order",
    "pieces.http.example": "HTTP on a port that is not in tshark's list, its head in pieces",
}
ONLY_THEIRS: dict[str, str] = {}


def assert_agrees(path, *, names=True):
    said = tshark.run(path)
    captured = compare.read(path)
    ours = tshark.of_records((r for r in captured.records if isinstance(r, Flow)), said.pieces)
    assert not compare.difference(ours.conversations.elements(), said.conversations.elements())
    if not names:
        return
    assert {each for each in ours.names - said.names if each[1] not in ONLY_OURS} == set()
    assert {each for each in said.names - ours.names if each[1] not in ONLY_THEIRS} == set()
    questions: Counter[tuple[str, str, str, str]] = Counter()
    for each in captured.records:
        if isinstance(each, NameQuery) and each.transport not in {"netbios", "proxy"}:
            questions[each.name, each.query_type, each.client, each.server] += each.count
    assert not compare.difference(questions.elements(), said.queries.elements())


@pytest.mark.parametrize("name", BUILDERS)
def test_tshark_agrees_on_every_scene_and_link(tmp_path, name):
    path = tmp_path / "scene.pcap"
    path.write_bytes(BUILDERS[name]().data)
    assert_agrees(path)


@pytest.mark.parametrize("name", FORMS)
def test_tshark_agrees_on_every_form_of_file(tmp_path, name):
    path = tmp_path / "form.pcap"
    path.write_bytes(FORMS[name].data)
    assert_agrees(path, names=FORMS[name].names)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_tshark_agrees_on_every_sample(path):
    if path.suffix != ".md":
        assert_agrees(path)


def test_tshark_agrees_on_mixed_traffic(tmp_path):
    path = tmp_path / "mixed.pcap"
    write(path, 20_000, seed=5)
    assert_agrees(path)


def of_bits(bits: int) -> set[str]:
    """Return what may have become of a connection of which tshark saw so much.

    It has one bit for the FIN of either end, and tells no order: a RST that comes after both
    ends had finished lost nothing.
    """
    opened, accepted, finished, reset = (bits & bit for bit in (1, 2, 16, 32))
    if not opened and not accepted:
        return {"partial"}
    if not accepted:
        return {"refused"} if reset else {"attempt"}
    if reset:
        return {"reset", "closed"} if finished else {"reset"}
    return {"closed", "established"} if finished else {"established"}


def assert_states_agree(path):
    theirs: dict[object, list[int]] = {}
    for (ends, bits), count in tshark.opened(path).items():
        theirs.setdefault(ends, []).extend([bits] * count)
    ours: dict[object, list[str]] = {}
    for flow in compare.read(path).records:
        if isinstance(flow, Flow) and flow.protocol == "tcp":
            ends = tuple(sorted(((flow.src, flow.src_port), (flow.dst, flow.dst_port))))
            ours.setdefault(ends, []).append(flow.tcp_state)
    assert {ends: len(states) for ends, states in ours.items()} == {
        ends: len(bits) for ends, bits in theirs.items()
    }
    for ends, states in ours.items():
        wanted = [of_bits(bits) for bits in sorted(theirs[ends])]
        assert any(
            all(state in words for state, words in zip(each, wanted, strict=True))
            for each in permutations(states)
        ), (ends, states, theirs[ends])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_tshark_agrees_on_what_became_of_connections_of_every_sample(path):
    assert_states_agree(path)


@pytest.mark.parametrize("name", [name for name in BUILDERS if not name.startswith("link-")])
def test_tshark_agrees_on_what_became_of_connections(tmp_path, name):
    path = tmp_path / "scene.pcap"
    path.write_bytes(BUILDERS[name]().data)
    assert_states_agree(path)
