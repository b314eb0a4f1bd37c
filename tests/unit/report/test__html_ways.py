"""The ways out of the box as the report arranges them."""

from __future__ import annotations

from auditor.evidence import Origin
from auditor.evidence.channels import Agent, Channel, InterfacePolicy, RawSocket, UsbStoragePolicy
from auditor.report._html_ways import Way, ways

AT = Origin("channels", "/sys")


def channel(name, active):
    return Channel(
        origin=AT, channel_type="wifi", name=name, active=active, state="on", driver="iwlwifi"
    )


def policy(**fields):
    known = dict.fromkeys(
        ("forwarding", "redirects", "source_routing", "router_advertisements", "proxy_arp"), False
    )
    return InterfacePolicy(
        origin=AT, interface="eth0", family="ipv6", reverse_path=0, global_addresses=(),
        **known | fields,
    )  # fmt: skip


def test_open_ways_come_first_then_those_that_are_not_known():
    found = ways([channel("a", False), channel("b", None), channel("c", True)])
    assert [(way.name, way.open) for way in found] == [("c", True), ("b", None), ("a", False)]
    assert found[0] == Way(sort="wifi", name="c", open=True, detail="on, iwlwifi")


def test_a_policy_is_a_way_where_it_is_on_or_not_known():
    assert ways([policy()]) == ()
    assert [w.sort for w in ways([policy(forwarding=True, router_advertisements=None)])] == [
        "forwarding",
        "router",
    ]


def test_a_raw_socket_is_a_way_and_a_ping_is_none():
    def socket(socket_type, process):
        return RawSocket(
            origin=AT, socket_type=socket_type, family="ipv4", protocol=1, interface=0, pid=None,
            process=process, namespace="",
        )  # fmt: skip

    assert [(w.sort, w.name) for w in ways([socket("raw", None), socket("icmp", "ping")])] == [
        ("raw", "unknown process")
    ]


def test_what_was_not_read_of_usb_and_agents_is_shown_as_not_known():
    usb = UsbStoragePolicy(
        origin=AT, usb=None, driver_blocked=None, authorized_by_default=None, guarded=None,
        mountable=None,
    )  # fmt: skip
    agent = Agent(
        origin=AT, agent="x", title="X", category="backup", running=None, enabled=None, active=None,
        found_by=("unit x",), domain="", verified=False,
    )  # fmt: skip
    assert {way.open for way in ways([usb, agent])} == {None}
