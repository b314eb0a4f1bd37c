"""auditor.derive.traffic_captures: when a capture can say that nothing left."""

from __future__ import annotations

import pytest

from auditor.derive.traffic_captures import DERIVATION
from auditor.evidence import Gap, Origin
from auditor.evidence.traffic import Skipped
from tests.traffic_records import capture, evidence, flow, query


def view(*records):
    (found,) = DERIVATION.derive(evidence(*records))
    return found


def test_a_whole_capture_is_complete():
    found = view(capture(skipped=(Skipped(reason="arp", packets=3),)), flow(dst="10.7.0.1"))
    assert found.complete
    assert found.readable
    assert (found.flows, found.crossing, found.seconds) == (1, 0, 30)


# Every way in which packets that left may be missing.
NEVER_COMPLETE = {
    "no-packet": (capture(packets=0),),
    "truncated": (capture(truncated=True),),
    "dropped": (capture(dropped=1),),
    "cut-headers": (capture(skipped=(Skipped(reason="cut-in-ip-header", packets=1),)),),
    "unknown-link": (capture(skipped=(Skipped(reason="link-type-unsupported", packets=1),)),),
    "encrypted-link": (capture(skipped=(Skipped(reason="macsec", packets=1),)),),
    "a-reason-of-tomorrow": (capture(skipped=(Skipped(reason="crashed", packets=1),)),),
    "a-tunnel-of-unknown-ends": (capture(), flow(dst="10.7.0.1", tunnel=("gre",))),
}


@pytest.mark.parametrize("records", NEVER_COMPLETE.values(), ids=NEVER_COMPLETE)
def test_a_capture_with_holes_is_never_complete(records):
    found = view(*records)
    assert not found.complete
    assert not found.readable
    assert found.why


@pytest.mark.parametrize(
    ("kind", "source", "complete"),
    [("flow", "a.pcap", False), ("capture", "a.pcap", False), ("name_query", "a.pcap", True),
     ("flow", "b.pcap", True)],
)  # fmt: skip
def test_a_gap_in_its_flows_makes_a_capture_incomplete(kind, source, complete):
    gap = Gap(kind=kind, reason="limit", detail="too many", origin=Origin("packets", source))
    (found,) = DERIVATION.derive(evidence(capture(), gaps=(gap,)))
    assert found.complete is complete


def test_a_shortened_packet_still_tells_its_ends_but_not_its_text():
    found = view(capture(snap_cut=4))
    assert (found.complete, found.readable) == (True, False)


def test_what_crossed_is_counted_by_capture():
    found = view(
        capture(), flow(), flow(capture="b.pcap"), query(), query("llm.corp.example"),
    )  # fmt: skip
    assert (found.crossing, found.unapproved, found.asked) == (1, 1, 1)
    assert (found.bytes_out, found.bytes_in) == (900, 700)
