"""Tunnels and fabrics: what only the kernel's netlink could tell is never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.evidence.transit import Fabric, Tunnel

NET = "/sys/class/net"


def link(name, *, devtype="", hardware="1", state="up", flags="0x1003"):
    folder = f"{NET}/{name}"
    files = {f"{folder}/type": f"{hardware}\n", f"{folder}/operstate": f"{state}\n",
             f"{folder}/flags": f"{flags}\n"}  # fmt: skip
    if devtype:
        files[f"{folder}/uevent"] = f"DEVTYPE={devtype}\nINTERFACE={name}\n"
    return files


def training(**variables):
    environ = "".join(f"{k}={v}\0" for k, v in variables.items())
    return {"/proc/9/environ": environ, "/proc/9/cmdline": "python3\0train.py\0",
            "/proc/9/stat": "9 (python3) S 1 0"}  # fmt: skip


@pytest.fixture
def seen(plain_tree, collected):
    def see(files, *, refused=()):
        base = {f"{NET}/lo/type": "772\n", "/proc/1/environ": "", "/proc/1/cmdline": "init\0"}
        records, gaps = collected("tunnels", plain_tree(base | files), refused=refused)
        tunnels = {r.label: r for r in records if isinstance(r, Tunnel)}
        return tunnels, {r.label: r for r in records if isinstance(r, Fabric)}, gaps

    return see


def test_a_host_without_tunnels_has_none_and_misses_none(seen):
    assert seen(link("eth0")) == ({}, {}, [])


@pytest.mark.parametrize(
    "files, label, encrypted, state",
    [
        (link("wg0", devtype="wireguard", hardware="65534", state="unknown"), "wireguard wg0", True, "up"),
        (link("wg0", devtype="wireguard", state="unknown", flags="0x90"), "wireguard wg0", True, "down"),
        (link("macsec0", devtype="macsec", state="down"), "macsec macsec0", True, "down"),
        (link("flannel.1", devtype="vxlan"), "vxlan flannel.1", False, "up"),
        (link("gre1", hardware="778"), "gre gre1", False, "up"),
        (link("ppp0", hardware="512"), "ppp ppp0", None, "up"),
        (link("tun0", hardware="65534") | {f"{NET}/tun0/tun_flags": "0x1\n"}, "tun tun0", None, "up"),
    ],
)  # fmt: skip
def test_links_by_their_kind(seen, files, label, encrypted, state):
    tunnels, _, _ = seen(files)
    assert (tunnels[label].encrypted, tunnels[label].state) == (encrypted, state)
    assert tunnels[label].endpoints is None


def test_devices_that_come_with_a_module_are_no_tunnels(seen):
    assert seen(link("tunl0", hardware="768") | link("gre0", hardware="778"))[0] == {}


def test_wireguard_by_name_alone_and_not_twice(seen):
    files = {"/etc/wireguard/wg0.conf": "PrivateKey = x", "/etc/wireguard/wg1.conf": "y"}
    tunnels, _, _ = seen(files | link("wg0", devtype="wireguard", state="unknown"))
    assert {t.name: t.state for t in tunnels.values()} == {"wg0": "up", "wg1": "configured"}


def test_ipsec_in_both_spellings(seen):
    tunnels, _, gaps = seen({
        "/etc/ipsec.conf": "config setup\n\tuniqueids=no\nconn %default\n  ike=3des\nconn a\n"
        "  right=gw.vendor.example # c\n  esp=aes256gcm16,null-sha256\n\nconn b\n  right=%any\n",
        "/etc/swanctl/conf.d/x.conf": "connections {\n  site { remote_addrs = 10.1.0.1, 203.0.113.9\n"
        "    children { net { esp_proposals = aes256gcm16-modp1024 } } }\n}\nsecrets { ike { secret = x } }\n",
    })  # fmt: skip
    a, b, site = (tunnels[f"ipsec {n}"] for n in ("a", "b", "site"))
    assert (a.endpoints, a.weak, a.encrypted) == (("gw.vendor.example",), ("null",), False)
    assert (b.endpoints, b.weak, b.encrypted, b.state) == ((), (), True, None)
    assert (site.endpoints, site.weak) == (("10.1.0.1", "203.0.113.9"), ("modp1024",))
    assert gaps == []
    assert "secret" not in repr(tunnels)


@pytest.mark.parametrize("text", ["connections { a {", "}", "a {" * 60])
def test_brackets_that_do_not_match_are_a_gap(seen, text):
    _, _, gaps = seen({"/etc/swanctl/swanctl.conf": text})
    assert [(g.kind, g.reason) for g in gaps] == [("tunnel", "malformed")]


@pytest.mark.parametrize(
    "layer, kind", [("InfiniBand", "infiniband"), ("Ethernet", "roce"), ("", "rdma")]
)
def test_rdma_ports(seen, layer, kind):
    port = "/sys/class/infiniband/mlx5_0/ports/1"
    _, fabrics, _ = seen({f"{port}/link_layer": layer, f"{port}/state": "4: ACTIVE\n",
                          "/sys/class/infiniband/mlx5_0/device/net/ib0/x": ""})  # fmt: skip
    (one,) = fabrics.values()
    assert (one.label, one.active, one.encrypted) == (f"{kind} mlx5_0/1", True, False)
    assert one.interfaces == ("ib0",)


def test_a_port_whose_state_is_not_told_is_not_taken_for_idle(seen):
    port = "/sys/class/infiniband/mlx5_0/ports/1"
    _, fabrics, gaps = seen({f"{port}/state": "4: ACTIVE\n"}, refused=[f"{port}/state"])
    assert [f.active for f in fabrics.values()] == [None]
    assert {g.reason for g in gaps} == {"denied"}


@pytest.mark.parametrize(
    "variables, leaves",
    [
        ({"MASTER_ADDR": "10.1.0.2", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2"}, True),
        ({"MASTER_ADDR": "10.1.0.2", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "4"}, False),
        ({"MASTER_ADDR": "127.0.0.1", "WORLD_SIZE": "4"}, False),
        ({"MASTER_ADDR": "node0", "WORLD_SIZE": "4"}, True),
        ({"NCCL_SOCKET_IFNAME": "eth0"}, None),
        ({"NCCL_SOCKET_IFNAME": "lo"}, False),
    ],
)
def test_a_collective_leaves_the_machine_or_not(seen, variables, leaves):
    _, fabrics, _ = seen(training(**variables))
    (one,) = fabrics.values()
    assert (one.fabric_type, one.active, one.leaves_host, one.encrypted) == (
        "nccl",
        True,
        leaves,
        False,
    )


@pytest.mark.parametrize(
    "variables, encrypted",
    [
        ({"NCCL_SOCKET_IFNAME": "wg0", "NCCL_IB_DISABLE": "1"}, True),
        ({"NCCL_SOCKET_IFNAME": "wg0"}, False),  # RDMA goes by
        ({"NCCL_SOCKET_IFNAME": "wg0,eth0", "NCCL_IB_DISABLE": "1"}, False),
        ({"NCCL_SOCKET_IFNAME": "^wg0", "NCCL_IB_DISABLE": "1"}, False),
        ({"GLOO_SOCKET_IFNAME": "wg0"}, True),
        ({"GLOO_SOCKET_IFNAME": "eth0", "GLOO_DEVICE_TRANSPORT": "TCP_TLS"}, True),
        ({"GLOO_SOCKET_IFNAME": "eth0"}, False),
    ],
)
def test_only_a_tunnel_that_is_up_encrypts_a_collective(seen, variables, encrypted):
    up = link("wg0", devtype="wireguard", state="unknown")
    _, fabrics, _ = seen(training(MASTER_ADDR="10.1.0.2", **variables) | up)
    assert [f.encrypted for f in fabrics.values()] == [encrypted]
    down = link("wg0", devtype="wireguard", state="down", flags="0x90")
    _, fabrics, _ = seen(training(MASTER_ADDR="10.1.0.2", **variables) | down)
    tls = "GLOO_DEVICE_TRANSPORT" in variables
    assert [f.encrypted for f in fabrics.values()] == [tls]


def test_refused_environments_are_one_gap(seen):
    files = training() | {
        f"/proc/{n}/{f}": "x\0" for n in (20, 21, 22) for f in ("environ", "cmdline")
    }
    refused = [f"/proc/{n}/environ" for n in (9, 20, 21, 22)]
    _, _, gaps = seen(files, refused=refused)
    assert [(g.kind, g.reason, g.count) for g in gaps] == [("fabric", "denied", 1)]


def test_without_sysfs_nothing_is_taken_for_absent(plain_tree, collected):
    _, gaps = collected("tunnels", plain_tree({"/proc/1/environ": "", "/x": Path("/y")}))
    assert {(g.kind, g.reason) for g in gaps} == {("tunnel", "absent"), ("fabric", "absent")}
