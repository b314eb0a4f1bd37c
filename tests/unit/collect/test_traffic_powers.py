"""Raw sockets and whose they are, capabilities, BPF programs, network namespaces."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from auditor.evidence.channels import (
    BpfProgram,
    CapabilityHolder,
    NetworkNamespace,
    RawSocket,
)

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)

PACKET = "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
RAW = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
HEADER = "  sl  local_address rem_address   st\n"
DEV = "Inter-|\n face |\n    lo: 1\n"


def tables(folder, *, packets="", raw=""):
    files = {f"{folder}/{name}": RAW for name in ("raw6", "icmp", "icmp6")}
    return files | {
        f"{folder}/packet": PACKET + packets,
        f"{folder}/raw": RAW + raw,
        f"{folder}/tcp": HEADER,
        f"{folder}/dev": DEV,
    }


def status(pid, capabilities, uid=0):
    text = f"Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nCapEff:\t{capabilities}\n"
    return {f"/proc/{pid}/status": text}


def host_files(*extra):
    files = machine.process(1, ["/sbin/init"], name="systemd", uid=0) | status(1, "0" * 16)
    files |= tables("/proc/net")
    files["/proc/self/ns/pid"] = Path("pid:[4026531836]")
    for more in extra:
        files |= more
    return files


def of(kind, records):
    return [record for record in records if isinstance(record, kind)]


def test_a_packet_socket_is_its_holders(plain_tree, collected):
    line = "ffff888003a2c000 3      3    0003   2     1 0      0      4711\n"
    host = plain_tree(
        host_files(
            machine.process(50, ["tcpdump"], name="tcpdump", sockets=[4711]),
            status(50, "0" * 16),
            tables("/proc/net", packets=line),
        )
    )
    [socket] = of(RawSocket, collected("traffic_powers", host)[0])
    assert (socket.socket_type, socket.protocol, socket.interface) == ("packet", 3, 2)
    assert (socket.process, socket.pid) == ("tcpdump", 50)


def test_a_packet_socket_of_nobody_seen_is_not_nobodys(plain_tree, collected):
    """A copied tree does not show every process: whose the socket is cannot be told."""
    line = "ffff888003a2c000 3      3    0003   2     1 0      0      4711\n"
    host = plain_tree(host_files(tables("/proc/net", packets=line)))
    [socket] = of(RawSocket, collected("traffic_powers", host)[0])
    assert socket.process is None
    assert socket.pid is None


def test_raw_sockets_tell_their_protocol(plain_tree, collected):
    line = ("   1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0  "
            "      0 99 2 0000000000000000 0\n")  # fmt: skip
    host = plain_tree(
        host_files(
            machine.process(51, ["ptunnel"], name="ptunnel", sockets=[99]),
            status(51, "0" * 16),
            tables("/proc/net", raw=line),
        )
    )
    [socket] = of(RawSocket, collected("traffic_powers", host)[0])
    assert (socket.socket_type, socket.family, socket.protocol) == ("raw", "ipv4", 1)
    assert socket.process == "ptunnel"


@pytest.mark.parametrize(
    "change",
    [
        {"/proc/net/packet": None},
        {"/proc/net/raw": None},
        {"/proc/net/packet": PACKET + "nonsense\n"},
        {"/proc/net/packet": PACKET + "ffff888003a2c000 3      3    0003   2     1 0"},
    ],
)
def test_a_table_that_is_missing_or_broken_is_a_gap(plain_tree, collected, change):
    files = host_files()
    for path, content in change.items():
        if content is None:
            files.pop(path)
        else:
            files[path] = content
    _, gaps = collected("traffic_powers", plain_tree(files))
    assert "raw_socket" in {gap.kind for gap in gaps}


def test_a_kernel_without_packet_sockets_has_no_table_and_no_gap(plain_tree, collected):
    files = host_files({"/proc/net/protocols": "protocol  size\nTCP  100\n"})
    del files["/proc/net/packet"]
    _, gaps = collected("traffic_powers", plain_tree(files))
    assert gaps == []


def test_capabilities_are_told_by_program_and_like_ones_counted(plain_tree, collected):
    raw = f"{1 << 13:016x}"
    both = f"{1 << 12 | 1 << 39:016x}"
    host = plain_tree(
        host_files(
            machine.process(60, ["/opt/sniff"], name="sniff"), status(60, raw, 1000),
            machine.process(61, ["/opt/sniff"], name="sniff"), status(61, raw, 1000),
            machine.process(62, ["x"], name="x", uid=0), status(62, both),
            machine.process(63, ["quiet"], name="quiet"), status(63, "0" * 16, 1000),
            {"/proc/60/uid_map": "0 0 4294967295\n", "/proc/61/uid_map": "0 0 4294967295\n",
             "/proc/self/uid_map": "0 0 4294967295\n"},
        )
    )  # fmt: skip
    holders = of(CapabilityHolder, collected("traffic_powers", host)[0])
    assert [(h.process, h.capabilities, h.count, h.own_user_namespace) for h in holders] == [
        ("sniff", ("NET_RAW",), 2, False),
        ("x", ("NET_ADMIN", "BPF"), 1, False),
    ]


def test_another_user_namespace_is_told_by_its_map_and_unknown_without(plain_tree, collected):
    raw = f"{1 << 13:016x}"
    host = plain_tree(
        host_files(
            machine.process(60, ["a"], name="a"), status(60, raw, 1000),
            machine.process(61, ["b"], name="b"), status(61, raw, 1000),
            {"/proc/60/uid_map": "0 1000 1\n", "/proc/self/uid_map": "0 0 4294967295\n"},
        )
    )  # fmt: skip
    holders = of(CapabilityHolder, collected("traffic_powers", host)[0])
    assert [(h.process, h.own_user_namespace) for h in holders] == [("a", True), ("b", None)]


def test_bpf_programs_are_named_by_type_holder_and_pin(plain_tree, collected):
    host = plain_tree(
        host_files(
            machine.process(70, ["loader"], name="loader"),
            status(70, "0" * 16),
            {
                "/proc/70/fd/5": Path("anon_inode:bpf-prog"),
                "/proc/70/fdinfo/5": "pos:\t0\nprog_type:\t6\nprog_jited:\t1\n",
                "/proc/70/fd/6": Path("anon_inode:bpf-prog"),
                "/proc/70/fdinfo/6": "prog_type:\t2\n",
                "/proc/70/fd/7": Path("anon_inode:bpf_link"),
                "/proc/70/fdinfo/7": "link_type:\ttcx\nlink_id:\t3\n",
                "/proc/70/fd/8": Path("anon_inode:bpf-prog"),
                "/proc/70/fdinfo/8": "prog_type:\t77\n",
                "/sys/fs/bpf/tc/globals/x": "",
                "/sys/fs/bpf/progs.debug": "",
            },
        )
    )
    records, _ = collected("traffic_powers", host)
    found = {(p.program_type, p.network, p.process, p.pinned) for p in of(BpfProgram, records)}
    assert found == {
        ("xdp", True, "loader", ""),
        ("kprobe", False, "loader", ""),
        ("tcx", True, "loader", ""),
        ("type 77", False, "loader", ""),
        (None, None, "", "/sys/fs/bpf/tc/globals/x"),
    }


def test_open_files_that_are_refused_are_one_gap_in_programs(plain_tree, collected):
    host = plain_tree(
        host_files(machine.process(70, ["a"], sockets=[1]), machine.process(71, ["b"], sockets=[2]))
    )
    _, gaps = collected("traffic_powers", host, refused=["/proc/70/fd", "/proc/71/fd"])
    bpf = [gap for gap in gaps if gap.kind == "bpf_program" and gap.reason == "denied"]
    assert len(bpf) == 1
    assert "2 processes" in bpf[0].detail


def test_a_namespace_of_a_name_alone_is_not_seen_into(plain_tree, collected):
    host = plain_tree(host_files({"/run/netns/blue": ""}))
    [space] = of(NetworkNamespace, collected("traffic_powers", host)[0])
    assert (space.name, space.interfaces, space.listeners) == ("blue", None, None)


def test_a_namespace_apart_has_interfaces_and_listeners(plain_tree, collected):
    listening = ("   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5 "
                 "1 0\n")  # fmt: skip
    own = machine.process(90, ["agent"], name="agent") | status(90, "0" * 16)
    own["/proc/90/ns/net"] = Path("net:[4026539999]")
    own |= tables("/proc/90/net")
    own["/proc/90/net/tcp"] = HEADER + listening
    own["/proc/90/net/dev"] = DEV + "  eth0: 5\n"
    files = host_files(own)
    files |= tables("/proc/1/net")
    [space] = of(NetworkNamespace, collected("traffic_powers", plain_tree(files))[0])
    assert (space.process, space.interfaces, space.listeners) == ("agent", ("eth0",), 1)
