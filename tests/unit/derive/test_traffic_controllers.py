"""auditor.derive.traffic_controllers: who asked controllers for what, and what stays unknown."""

from __future__ import annotations

import msgspec
import pytest

from auditor.derive.traffic_controllers import DERIVATION
from auditor.evidence.crossing import ControllerAccess
from auditor.evidence.site import Crossing
from auditor.evidence.traffic import ControllerTalk, Exchange, Flow
from tests.traffic_records import ORIGIN, SITE, evidence, flow

WRITE = Exchange(
    does="write", function="Write Single Register", count=2, objects=("register 7",),
    objects_total=1,
)  # fmt: skip
READ = Exchange(does="read", function="Read Coils", count=5, objects=("coil 1",), objects_total=9)


def modbus(src_port: int = 40000, **changes: object) -> Flow:
    fields = {"dst": "10.7.0.1", "dst_port": 502, "application": "modbus", "encrypted": False}
    return flow(**(fields | {"src_port": src_port} | changes))


def talk(of: Flow, *exchanges: Exchange, why: tuple[str, ...] = (), **changes: object):
    counts = {
        f"{word}s": sum(one.count for one in exchanges if one.does == word)
        for word in ("read", "write", "control", "other")
    }
    fields: dict[str, object] = {
        "origin": ORIGIN, "capture": of.capture, "src": of.src, "dst": of.dst,
        "src_port": of.src_port, "dst_port": of.dst_port, "protocol": of.protocol,
        "first": of.first, "application": of.application, "layer": "scapy.contrib.modbus",
        "packets": 9, "looked": 9, "undissected": 0, "exchanges": exchanges, "why": why, **counts,
    }  # fmt: skip
    return ControllerTalk(**(fields | changes))


def accesses(*records, site=SITE) -> list[ControllerAccess]:
    return list(DERIVATION.derive(evidence(*records, site=site)))


def test_flows_of_two_ends_are_one_access() -> None:
    one, other = modbus(), modbus(40001)
    (found,) = accesses(one, other, talk(one, READ), talk(other, WRITE, READ))
    assert (found.from_zone, found.to_zone, found.crossing) == ("it", "cell", True)
    assert (found.flows, found.reads, found.writes, found.changing) == (2, 10, 2, 2)
    assert found.changes == ("Write Single Register ×2 (register 7)",)
    assert found.functions == ("Read Coils ×10 (coil 1; +8)",)
    assert found.whole
    assert not found.why


def test_without_dissecting_nothing_is_said() -> None:
    assert accesses(modbus()) == []


def test_what_was_not_dissected_is_unknown_and_no_zero() -> None:
    nothing = dict.fromkeys(("reads", "writes", "controls", "others"))
    of = modbus()
    (found,) = accesses(of, talk(of, why=("scapy is not installed",), **nothing))
    assert (found.reads, found.writes, found.changing, found.whole) == (None, None, 0, False)
    assert found.why == ("scapy is not installed",)


def test_one_flow_that_stays_unknown_leaves_the_sum_unknown() -> None:
    one, other = modbus(), modbus(40001)
    nothing = dict.fromkeys(("reads", "writes", "controls", "others"))
    (found,) = accesses(one, other, talk(one, READ), talk(other, why=("it broke off",), **nothing))
    assert (found.reads, found.whole) == (5, False)


@pytest.mark.parametrize("seen", ["write", "control", "program"])
def test_a_dissection_that_saw_less_than_the_reader_is_not_whole(seen: str) -> None:
    of = modbus(operations=("read", seen))
    (found,) = accesses(of, talk(of, READ))
    assert not found.whole
    assert seen in found.why[0]


def test_what_is_published_may_be_a_command() -> None:
    of = modbus(application="mqtt", dst_port=1883)
    told = Exchange(does="other", function="publish", count=1, objects=("topic a",),
                    objects_total=1)  # fmt: skip
    (found,) = accesses(of, talk(of, told))
    assert not found.whole
    assert "may command" in found.why[0]


def test_a_talk_of_no_flow_is_passed_over() -> None:
    assert accesses(modbus(), talk(modbus(40002), WRITE)) == []


@pytest.mark.parametrize(
    ("crossing", "allowed"),
    [
        (Crossing(from_zone="it", to_zone="cell", applications=("modbus",)), True),
        (Crossing(from_zone="it", to_zone="cell", applications=("opc-ua",)), False),
        (Crossing(from_zone="cell", to_zone="it"), False),
    ],
)
def test_the_site_allows_it(crossing: Crossing, allowed: bool) -> None:
    site = msgspec.structs.replace(SITE, crossings=(crossing,))
    of = modbus()
    (found,) = accesses(of, talk(of, WRITE), site=site)
    assert found.allowed is allowed


def test_within_a_zone_nothing_is_crossed() -> None:
    of = modbus(src="10.7.0.9")
    (found,) = accesses(of, talk(of, WRITE))
    assert not found.crossing
