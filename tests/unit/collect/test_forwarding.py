"""How the sysctls of an interface and those of `all` work together."""

from __future__ import annotations

import pytest

from auditor.evidence.channels import InterfacePolicy

FOUR = {"forwarding": "0", "accept_redirects": "0", "accept_source_route": "0", "proxy_arp": "0",
        "rp_filter": "0"}  # fmt: skip
SIX = {"forwarding": "0", "accept_redirects": "0", "accept_source_route": "0", "accept_ra": "0",
       "proxy_ndp": "0"}  # fmt: skip
GLOBAL6 = "20010db8000000000000000000000005 02 40 00 80     eth0\n"
LOCAL6 = "fe800000000000000000000000000001 02 40 20 80     eth0\n"
PRIVATE6 = "fd000000000000000000000000000001 02 40 00 80     eth0\n"


def tree(mine=(), every=(), six=(), addresses=LOCAL6 + PRIVATE6):
    files = {"/proc/net/if_inet6": addresses}
    for name, values in (("eth0", FOUR | dict(mine)), ("all", FOUR | dict(every))):
        files |= {f"/proc/sys/net/ipv4/conf/{name}/{key}": f"{v}\n" for key, v in values.items()}
    files |= {
        f"/proc/sys/net/ipv6/conf/eth0/{key}": f"{v}\n" for key, v in (SIX | dict(six)).items()
    }
    return files


def policies(collected, host, refused=()):
    records, gaps = collected("forwarding", host, refused=refused)
    found = {(r.interface, r.family): r for r in records if isinstance(r, InterfacePolicy)}
    return found, gaps


@pytest.mark.parametrize(
    ("mine", "every", "field", "value"),
    [
        ({"rp_filter": "0"}, {"rp_filter": "1"}, "reverse_path", 1),
        ({"rp_filter": "2"}, {"rp_filter": "1"}, "reverse_path", 2),
        ({"accept_source_route": "1"}, {}, "source_routing", False),
        ({"accept_source_route": "1"}, {"accept_source_route": "1"}, "source_routing", True),
        ({"accept_redirects": "1"}, {}, "redirects", True),
        ({"accept_redirects": "1", "forwarding": "1"}, {}, "redirects", False),
        ({}, {"proxy_arp": "1"}, "proxy_arp", True),
        ({"forwarding": "1"}, {}, "forwarding", True),
    ],
)
def test_ipv4(plain_tree, collected, mine, every, field, value):  # noqa: PLR0917
    found, gaps = policies(collected, plain_tree(tree(mine, every)))
    assert getattr(found["eth0", "ipv4"], field) == value
    assert gaps == []


@pytest.mark.parametrize(
    ("six", "heard"),
    [
        ({"accept_ra": "1"}, True),
        ({"accept_ra": "1", "forwarding": "1"}, False),
        ({"accept_ra": "2", "forwarding": "1"}, True),
        ({"accept_ra": "0"}, False),
    ],
)
def test_router_announcements(plain_tree, collected, six, heard):
    found, _ = policies(collected, plain_tree(tree(six=six)))
    assert found["eth0", "ipv6"].router_advertisements is heard


def test_global_addresses_are_those_beyond_link_and_private_ranges(plain_tree, collected):
    found, _ = policies(collected, plain_tree(tree(addresses=LOCAL6 + PRIVATE6 + GLOBAL6)))
    assert found["eth0", "ipv6"].global_addresses == ("2001:db8::5",)
    found, _ = policies(collected, plain_tree(tree()))
    assert found["eth0", "ipv6"].global_addresses == ()


def test_what_is_not_told_is_none_never_off(plain_tree, collected):
    files = tree()
    del files["/proc/sys/net/ipv4/conf/all/rp_filter"]
    del files["/proc/sys/net/ipv6/conf/eth0/accept_ra"]
    del files["/proc/net/if_inet6"]
    found, gaps = policies(collected, plain_tree(files))
    assert found["eth0", "ipv4"].reverse_path is None
    assert found["eth0", "ipv6"].router_advertisements is None
    assert found["eth0", "ipv6"].global_addresses is None
    assert gaps
    found, gaps = policies(
        collected, plain_tree(tree()), refused=["/proc/sys/net/ipv4/conf/eth0/forwarding"]
    )
    assert found["eth0", "ipv4"].forwarding is None
    assert gaps


@pytest.mark.parametrize("text", ["yes\n", "\n", "1 2\n"])
def test_a_value_that_is_no_number_is_a_gap(plain_tree, collected, text):
    found, gaps = policies(collected, plain_tree(tree({"forwarding": text.strip("\n")})))
    assert found["eth0", "ipv4"].forwarding is None
    assert [gap.reason for gap in gaps] == ["malformed"]
