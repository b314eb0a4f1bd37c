"""auditor.derive.traffic_zones: what zones said, and which ways controllers may use."""

from __future__ import annotations

import msgspec
import pytest

from auditor.derive.traffic_zones import DERIVATION
from auditor.evidence.site import Crossing
from tests.traffic_records import SITE, evidence, flow


def zones(*flows, site=SITE):
    return list(DERIVATION.derive(evidence(*flows, site=site)))


def test_flows_are_counted_by_zones_and_application():
    modbus = flow(dst="10.7.0.1", application="modbus", encrypted=False)
    found = zones(modbus, modbus, flow(dst="10.7.0.2"))
    assert sorted((z.from_zone, z.to_zone, z.application, z.flows) for z in found) == [
        ("it", "cell", "modbus", 2), ("it", "cell", "tls", 1),
    ]  # fmt: skip
    assert [z.industrial for z in found if z.application == "modbus"] == [True]


@pytest.mark.parametrize(
    ("src", "dst", "crossing"),
    [
        ("10.1.2.3", "10.7.0.1", True), ("10.7.0.1", "10.7.0.2", False),
        ("10.7.0.1", "203.0.113.9", True), ("203.0.113.8", "203.0.113.9", True),
        ("10.7.0.1", "255.255.255.255", False), ("127.0.0.1", "10.7.0.1", False),
    ],
)  # fmt: skip
def test_within_a_zone_and_on_the_spot_nothing_is_crossed(src, dst, crossing):
    (found,) = zones(flow(src, dst, application="modbus"))
    assert found.crossing is crossing


@pytest.mark.parametrize(
    ("crossing", "allowed"),
    [
        (Crossing(from_zone="it", to_zone="cell", applications=("modbus",)), True),
        (Crossing(from_zone="it", to_zone="cell"), True),
        (Crossing(from_zone="it", to_zone="cell", applications=("opc-ua",)), False),
        (Crossing(from_zone="cell", to_zone="it", applications=("modbus",)), False),
    ],
)
def test_the_site_allows_an_application_in_one_direction(crossing, allowed):
    site = msgspec.structs.replace(SITE, crossings=(crossing,))
    (found,) = zones(flow(dst="10.7.0.1", application="modbus"), site=site)
    assert found.allowed is allowed


def test_what_was_done_is_told_of_all_flows_of_a_pair():
    modbus = {"dst": "10.7.0.1", "application": "modbus"}
    (found,) = zones(
        flow(**modbus, operations=("write",)), flow(**modbus, operations=("read", "write"))
    )
    assert found.operations == ("read", "write")


def test_a_declared_resolver_keeps_the_zone_of_its_network():
    (found,) = zones(flow(dst="10.1.0.53", dst_port=53, application="dns"))
    assert found.to_zone == "it"
