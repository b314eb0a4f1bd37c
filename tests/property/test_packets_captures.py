"""Captures of any scenes are read exactly; cut at any byte or changed, they never break the reader."""

import gzip
import random
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evidence.traffic import Capture, Flow, NameQuery
from tests.captures import compare, hard_scenes, odd_scenes, scenes
from tests.captures.files import pcap, pcapng
from tests.captures.library import Made, everyday, played

PLAYS = (
    *odd_scenes.ALL, *hard_scenes.ALL, scenes.tls_download, scenes.dns_lookup, scenes.http_download,
    scenes.quic_download, scenes.industrial_polling, scenes.ssh_session, scenes.unanswered,
    scenes.refused, scenes.ping, scenes.time_asked, scenes.link_chatter, scenes.fragmented,
    scenes.mid_stream,
)  # fmt: skip
SMALL = (odd_scenes.resolved, odd_scenes.dns_over_tcp, odd_scenes.local_names, scenes.ping)
FORMS = {
    "pcap": pcap,
    "pcap-big-endian": lambda packets: pcap(packets, order=">"),
    "pcapng": lambda packets: pcapng(packets, comment="a comment", dropped=3),
}


def reading(data: bytes, name: str = "capture"):
    """Return what is read of a file that holds those bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return compare.read(path)


def told(captured):
    """Return flows and questions without where they were read."""
    flows = sorted(compare.flow_row(each) for each in captured.records if isinstance(each, Flow))
    kinds = sorted(
        map(repr, (compare.kind_row(each) for each in captured.records if isinstance(each, Flow)))
    )
    asked = sorted(
        (each.name, each.query_type, each.client, each.server, each.transport, each.count)
        for each in captured.records
        if isinstance(each, NameQuery)
    )
    return flows, kinds, asked


def balanced(captured) -> Capture | None:
    """Check that nothing crashed, that every packet was counted once, and return the capture."""
    assert not compare.crashes(captured)
    found = [each for each in captured.records if isinstance(each, Capture)]
    for each in found:
        assert each.packets == each.parsed + sum(skip.packets for skip in each.skipped)
        flows = [flow for flow in captured.records if isinstance(flow, Flow)]
        assert each.parsed >= sum(flow.packets_out + flow.packets_in for flow in flows)
    return found[0] if found else None


@lru_cache(maxsize=8)
def small_capture():
    """Return a few packets, the bytes of every form of file, and where its packets end."""
    packets, _truth = played(*SMALL)
    forms = {}
    for name, form in FORMS.items():
        sizes = [len(b"".join(form(packets[:count]))) for count in range(len(packets) + 1)]
        forms[name] = (b"".join(form(packets)), sizes)
    return packets, forms


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(PLAYS), min_size=1, max_size=6))
def test_any_scenes_in_any_order_are_read_exactly(seed, plays):
    packets, truth = played(*plays, seed=seed)
    made = Made("any", b"".join(pcap(packets)), truth)
    captured = reading(made.data)
    balanced(captured)
    assert not compare.counts_differ(captured.records, truth)
    assert not compare.flows_differ(captured.records, truth, made)
    assert not compare.kinds_differ(captured.records, truth)
    assert not compare.queries_differ(captured.records, truth)


@pytest.mark.parametrize("form", ["pcap", "pcap-big-endian"])
@settings(max_examples=60)
@given(st.data())
def test_a_pcap_cut_at_any_byte_gives_what_was_whole_and_a_gap(form, data):
    packets, forms = small_capture()
    whole, sizes = forms[form]
    cut = data.draw(st.integers(0, len(whole)) | st.sampled_from(sizes))
    captured = reading(whole[:cut])
    count = sum(1 for size in sizes if size <= cut) - 1
    capture = balanced(captured)
    if count < 0:  # not even the header of the file
        assert captured.gaps
        assert not told(captured)[0]
        return
    assert capture is not None
    assert capture.packets == count
    assert bool(captured.gaps) == (cut not in sizes)
    assert capture.truncated == (cut not in sizes)
    assert told(captured) == told(reading(b"".join(FORMS[form](packets[:count]))))


@settings(max_examples=60)
@given(st.data())
def test_a_pcapng_cut_at_any_byte_gives_what_was_whole_and_a_gap(data):
    packets, forms = small_capture()
    whole, _sizes = forms["pcapng"]
    starts = [0]
    while starts[-1] < len(whole):
        starts.append(starts[-1] + int.from_bytes(whole[starts[-1] + 4 : starts[-1] + 8], "little"))
    cut = data.draw(st.integers(0, len(whole)) | st.sampled_from(starts))
    captured = reading(whole[:cut])
    capture = balanced(captured)
    if cut < starts[1]:
        assert captured.gaps
        return
    count = max(0, min(len(packets), sum(1 for start in starts if start <= cut) - 3))
    assert capture is not None
    assert capture.packets == count
    assert capture.truncated == (cut not in starts)
    assert told(captured) == told(reading(b"".join(pcapng(packets[:count], comment="a comment"))))


@settings(max_examples=30)
@given(st.data())
def test_a_compressed_capture_cut_at_any_byte_gives_a_part_and_a_gap(data):
    _packets, forms = small_capture()
    whole = gzip.compress(forms["pcap"][0], mtime=0)
    cut = data.draw(st.integers(0, len(whole) - 1))
    captured = reading(whole[:cut], "capture.gz")
    balanced(captured)
    assert captured.gaps


@lru_cache(maxsize=32)
def victim(play, form: str) -> bytes:
    """Return the bytes of a scene in a form of file."""
    packets, _truth = played(play)
    return b"".join(FORMS[form](packets[:400]))


@settings(max_examples=150)
@given(
    st.sampled_from((*odd_scenes.ALL, *hard_scenes.ALL, everyday)), st.sampled_from(tuple(FORMS)),
    st.integers(0, 2**32), st.integers(1, 60),
)  # fmt: skip
def test_changed_bytes_break_nothing(play, form, seed, changes):
    """Bytes anywhere get other values: only records and gaps come of it, and the sum holds."""
    rng = random.Random(seed)
    data = bytearray(victim(play, form))
    for _each in range(changes):
        place = rng.randrange(len(data))
        data[place] = rng.choice(
            (0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256), data[place] ^ 1 << rng.randrange(8))
        )
    balanced(reading(bytes(data)))


@settings(max_examples=100)
@given(
    st.sampled_from((*odd_scenes.ALL, *hard_scenes.ALL, everyday)),
    st.integers(0, 2**32),
    st.integers(1, 8),
)
def test_packets_changed_but_well_framed_break_nothing(play, seed, changes):
    """Only packets' bytes change, most near their start, so that every header is tried."""
    rng = random.Random(seed)
    packets, _truth = played(play)
    hurt = []
    for packet in packets[:300]:
        data = bytearray(packet.data)
        for _each in range(changes):
            place = min(int(rng.expovariate(1 / 40)), len(data) - 1)
            data[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        if rng.random() < 0.2:
            del data[rng.randrange(len(data)) :]
        hurt.append(packet._replace(data=bytes(data)))
    captured = reading(b"".join(pcap(hurt)))
    capture = balanced(captured)
    assert capture is not None
    assert capture.packets == len(hurt)
    assert not capture.truncated


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.sampled_from((0, 1, 9, 12, 101, 105, 108, 113, 127, 228, 229, 239, 276, 147)),
)
def test_noise_of_any_link_type_breaks_nothing(seed, link):
    rng = random.Random(seed)
    packets, _truth = played(scenes.ping)
    noise = [packets[0]._replace(data=rng.randbytes(rng.randrange(200))) for _each in range(80)]
    capture = balanced(reading(b"".join(pcap(noise, link=link))))
    assert capture is not None
    assert capture.packets == len(noise)


@settings(max_examples=60)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        (
            b"",
            b"\x0a\x0d\x0d\x0a",
            b"\xd4\xc3\xb2\xa1\x02\0\x04\0",
            b"\x1f\x8b\x08",
            b"\x28\xb5\x2f\xfd",
        )
    ),
)
def test_what_is_no_capture_is_a_gap(data, magic):
    captured = reading(magic + data)
    balanced(captured)
    assert captured.gaps or captured.records
