"""Interfaces of every kind with their addresses, and routes."""

from pathlib import Path

import pytest

from auditor.collect import Options, load
from auditor.collect._routing import interface_of, local_addresses, other_tables, routes4, routes6
from auditor.evidence import Gap, Record, kind_of

TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 192.0.2.2
        /32 host LOCAL
Local:
  +-- 0.0.0.0/0 3 0 5
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.2
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
"""
ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    "*\t0000000A\t00000000\t0201\t0\t0\t0\t000000FF\t0\t0\t0\n"
)
ROUTES6 = (
    "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n"
    "ff000000000000000000000000000000 08 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
)
ADDRESSES6 = (
    "fd000000000000000000000000000002 02 40 00 80     eth0\n"
    "00000000000000000000000000000001 01 80 10 80       lo\n"
)


def interface(name, hardware=1, *, physical=False, event="", **files):
    folder = f"/sys/class/net/{name}"
    made = {
        f"{folder}/type": f"{hardware}\n",
        f"{folder}/address": "02:00:00:00:00:01\n",
        f"{folder}/operstate": "up\n",
        f"{folder}/mtu": "1500\n",
        f"{folder}/uevent": f"{event}INTERFACE={name}\n",
        **{f"{folder}/{part}": content for part, content in files.items()},
    }
    if physical:
        made[f"{folder}/device/driver"] = Path("../../bus/pci/drivers/mlx5_core")
    return made


MACHINE = {
    "/proc/net/route": ROUTES,
    "/proc/net/ipv6_route": ROUTES6,
    "/proc/net/if_inet6": ADDRESSES6,
    "/proc/net/fib_trie": TRIE,
    **interface("eth0", physical=True),
    **interface("lo", 772),
    **interface("ib0", 32, physical=True),
    **interface("wlan0", physical=True, event="DEVTYPE=wlan\n"),
    **interface("wlan1", physical=True, **{"phy80211/x": ""}),
    **interface("wg0", 65534, event="DEVTYPE=wireguard\n"),
    **interface("br0", event="DEVTYPE=bridge\n"),
    **interface("bond0", **{"bonding/mode": ""}),
    **interface("tun0", 65534, tun_flags="0x1001\n"),
    **interface("tap0", tun_flags="0x1002\n"),
    **interface("gre0", 778),
    **interface("can0", 280, physical=True),
    **interface("veth1"),
    **interface("odd0", 4711),
    "/sys/class/net/bonding_masters": "bond0\n",
}


def run(host):
    facts = list(load("interfaces").collect(host, Options()))
    records = [fact for fact in facts if isinstance(fact, Record)]
    return records, [fact for fact in facts if isinstance(fact, Gap)]


def test_every_kind_of_interface(plain_tree):
    records, gaps = run(plain_tree(MACHINE))
    assert gaps == []
    found = {r.interface: r for r in records if kind_of(r) == "interface"}
    assert {name: record.link_type for name, record in found.items()} == {
        "eth0": "ethernet", "lo": "loopback", "ib0": "infiniband", "wlan0": "wireless",
        "wlan1": "wireless", "wg0": "wireguard", "br0": "bridge", "bond0": "bond", "tun0": "tun",
        "tap0": "tap", "gre0": "tunnel", "can0": "can", "veth1": "virtual", "odd0": "type 4711",
    }  # fmt: skip
    assert found["eth0"].addresses == ("192.0.2.2/24", "fd00::2/64")
    assert found["lo"].addresses == ("127.0.0.1/8", "::1/128")
    assert (found["eth0"].physical, found["eth0"].driver) == (True, "mlx5_core")
    assert (found["wg0"].physical, found["wg0"].driver) == (False, "")
    assert (found["eth0"].mtu, found["eth0"].state) == (1500, "up")


def test_routes(plain_tree):
    records, _ = run(plain_tree(MACHINE))
    routes = [r for r in records if kind_of(r) == "route"]
    assert [(r.destination, r.gateway, r.interface, r.metric) for r in routes] == [
        ("0.0.0.0/0", "192.0.2.1", "eth0", 100),
        ("192.0.2.0/24", "", "eth0", 0),
        ("fd00::/64", "", "eth0", 256),
        ("::/0", "fd00::1", "eth0", 1024),
    ]


@pytest.mark.parametrize(
    ("gone", "kind"),
    [
        ("/proc/net/route", "route"),
        ("/proc/net/ipv6_route", "route"),
        ("/proc/net/if_inet6", "interface"),
        ("/proc/net/fib_trie", "interface"),
    ],
)
def test_a_missing_table_is_a_gap(plain_tree, gone, kind):
    _, gaps = run(plain_tree({**MACHINE, gone: None}))
    assert kind in {gap.kind for gap in gaps}


def test_nothing_at_all_is_a_gap_in_both(plain_tree):
    records, gaps = run(plain_tree({}))
    assert records == []
    assert {gap.kind for gap in gaps} == {"interface", "route"}


def test_routing_tables_that_are_not_shown_are_a_gap(plain_tree):
    _, gaps = run(plain_tree({**MACHINE, "/proc/net/fib_trie": "Id 200:\n" + TRIE}))
    assert ("route", "unsupported") in {(gap.kind, gap.reason) for gap in gaps}
    assert other_tables("Id 200:\n" + TRIE) == ("Id 200",)


def test_a_floating_address_is_known_though_its_interface_is_not(plain_tree):
    stray = TRIE + "        |-- 198.51.100.7\n           /32 host LOCAL\n"
    records, gaps = run(plain_tree({**MACHINE, "/proc/net/fib_trie": stray}))
    assert gaps == []
    (unplaced,) = [r for r in records if getattr(r, "link_type", "") == "unknown"]
    assert unplaced.addresses == ("198.51.100.7/32",)
    assert unplaced.interface == "(not told)"


def test_malformed_lines_are_gaps(plain_tree):
    files = {**MACHINE, "/proc/net/route": ROUTES + "eth0 x\n", "/proc/net/if_inet6": "x\n"}
    _, gaps = run(plain_tree(files))
    assert {(gap.kind, gap.reason) for gap in gaps} >= {
        ("route", "malformed"),
        ("interface", "malformed"),
    }


def test_own_addresses_and_their_interfaces():
    rows = tuple(routes4(ROUTES, "little"))
    assert local_addresses(TRIE) == ("192.0.2.2", "127.0.0.1")
    assert interface_of("192.0.2.2", rows) == ("eth0", 24)
    assert interface_of("203.0.113.1", rows) is None
    assert [row.destination for row in routes6(ROUTES6)] == ["fd00::/64", "::/0"]
