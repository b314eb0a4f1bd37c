"""Listening ports and connections, whose they are, and what hides them."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from auditor.collect import Options, load
from auditor.collect._socket_table import address, parse
from auditor.evidence import Gap, Record, kind_of
from auditor.host import Unreadable
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost

_spec = importlib.util.spec_from_file_location("machine", Path(__file__).with_name("machine.py"))
machine = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine)
process = machine.process

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def row(local, remote, state, inode, number=0):
    return (
        f"   {number}: {local} {remote} {state} 00000000:00000000 00:00000000 00000000"
        f"  1000        0 {inode} 1 0000000000000000 100 0 0 10 0\n"
    )


NET = {
    "/proc/net/tcp": HEAD
    + row("00000000:1F40", "00000000:0000", "0A", 11)
    + row("0100007F:0016", "00000000:0000", "0A", 12)
    + row("0A02000A:1F40", "0B02000A:C350", "01", 13)
    + row("0A02000A:9C40", "08080808:01BB", "01", 14)
    + row("0A02000A:9C41", "08080808:01BB", "06", 0),
    "/proc/net/tcp6": HEAD
    + row("0" * 32 + ":2328", "0" * 32 + ":0000", "0A", 15)
    + row("0000000000000000FFFF00000A02000A:1F40", "0000000000000000FFFF00000C02000A:C351", "01", 16)
    + row("B80D0120000000000000000001000000:01BB", "B80D0120000000000000000002000000:1234", "01", 17),
    "/proc/net/udp": HEAD
    + row("00000000:0035", "00000000:0000", "07", 18)
    + row("0A02000A:C000", "08080808:0035", "01", 19),
    "/proc/net/udp6": HEAD,
    "/proc/net/if_inet6": "",
}  # fmt: skip
SERVER = process(20, ["vllm", "serve"], name="vllm", sockets=(11, 12, 13, 14, 15, 16, 17, 18, 19))


def run(host):
    facts = list(load("sockets").collect(host, Options()))
    records = [fact for fact in facts if isinstance(fact, Record)]
    return records, [fact for fact in facts if isinstance(fact, Gap)]


def of(records, kind):
    return [record for record in records if kind_of(record) == kind]


def test_ports_connections_and_owners(plain_tree):
    records, gaps = run(plain_tree({**NET, **SERVER}))
    assert gaps == []
    ports = {(p.protocol, p.address, p.port) for p in of(records, "listening_port")}
    assert ports == {
        ("tcp", "0.0.0.0", 8000),
        ("tcp", "127.0.0.1", 22),
        ("tcp", "::", 9000),
        ("udp", "0.0.0.0", 53),
    }
    assert {p.workload for p in of(records, "listening_port")} == {"pid:20"}
    assert {p.process for p in of(records, "listening_port")} == {"vllm"}
    connections = {
        (c.protocol, c.remote_address, c.remote_port, c.state, c.direction, c.pid)
        for c in of(records, "connection")
    }
    assert connections == {
        ("tcp", "10.0.2.11", 50000, "ESTABLISHED", "in", 20),
        ("tcp", "8.8.8.8", 443, "ESTABLISHED", "out", 20),
        ("tcp", "8.8.8.8", 443, "TIME_WAIT", "out", 0),
        ("tcp", "10.0.2.12", 50001, "ESTABLISHED", "in", 20),
        ("tcp", "2001:db8::2", 4660, "ESTABLISHED", "out", 20),
        ("udp", "8.8.8.8", 53, "ESTABLISHED", "out", 20),
    }


def test_owners_that_are_not_seen_are_none_and_a_gap(plain_tree):
    records, gaps = run(plain_tree(NET))
    assert {p.pid for p in of(records, "listening_port")} == {None}
    assert {p.process for p in of(records, "listening_port")} == {None}
    assert {gap.kind for gap in gaps} == {"listening_port", "connection"}
    assert {gap.kind: gap.count for gap in gaps} == {"listening_port": 4, "connection": 5}


class DenyingDescriptors:
    """A host that lets list the descriptors of others, but not follow them, or neither."""

    def __init__(self, host, operation):
        self._host, self._operation = host, operation

    def __getattr__(self, name):
        method = getattr(self._host, name)
        if name != self._operation:
            return method

        def asked(path, **options):
            if "/fd" in path:
                raise Unreadable(path, "denied", "permission denied")
            return method(path, **options)

        return asked


@pytest.mark.parametrize("operation", ["list", "readlink"])
def test_refused_descriptors_are_a_denied_gap(plain_tree, operation):
    _, gaps = run(DenyingDescriptors(plain_tree({**NET, **SERVER}), operation))
    assert {(gap.kind, gap.reason) for gap in gaps} == {
        ("listening_port", "denied"),
        ("connection", "denied"),
    }


@pytest.mark.parametrize("path", sorted(path for path in NET if path != "/proc/net/if_inet6"))
def test_a_missing_table_is_a_gap(plain_tree, path):
    _, gaps = run(plain_tree({**NET, **SERVER, path: None}))
    assert {gap.kind for gap in gaps} == {"listening_port", "connection"}
    assert any(gap.origin.source == path for gap in gaps)


def test_a_kernel_without_ipv6_has_no_such_tables(plain_tree):
    files = {
        **NET,
        **SERVER,
        "/proc/net/tcp6": None,
        "/proc/net/udp6": None,
        "/proc/net/if_inet6": None,
    }
    assert run(plain_tree(files))[1] == []


def test_no_proc_at_all_is_a_gap(plain_tree):
    records, gaps = run(plain_tree({}))
    assert records == []
    assert {gap.kind for gap in gaps} == {"listening_port", "connection"}


def test_a_malformed_line_is_a_gap_and_the_others_are_read(plain_tree):
    table = NET["/proc/net/tcp"] + "garbage\n" + row("00000000:1F41", "00000000:0000", "0A", 11)
    records, gaps = run(plain_tree({**NET, **SERVER, "/proc/net/tcp": table}))
    assert ("listening_port", "malformed") in {(gap.kind, gap.reason) for gap in gaps}
    assert 8001 in {port.port for port in of(records, "listening_port")}


def test_deleting_the_tables_of_a_recording_is_seen(plain_tree, tmp_path):
    host = RecordingHost(plain_tree({**NET, **SERVER}))
    before = run(host)
    host.save(tmp_path / "saved", at="")
    assert run(TreeHost(tmp_path / "saved")) == before
    shutil.rmtree(tmp_path / "saved/tree/proc/net")
    records, gaps = run(TreeHost(tmp_path / "saved"))
    assert records == []
    assert ("connection", "malformed") in {(gap.kind, gap.reason) for gap in gaps}


def test_addresses_in_both_byte_orders():
    assert address("0100007F", "little") == address("7F000001", "big") == "127.0.0.1"
    assert address("B80D0120000000000000000001000000", "little") == "2001:db8::1"
    assert address("20010DB8000000000000000000000001", "big") == "2001:db8::1"
    assert address("0000000000000000FFFF00000100007F", "little") == "127.0.0.1"


def test_a_state_of_a_later_kernel_is_kept():
    (socket,) = parse(HEAD + row("0A02000A:1F40", "0B02000A:C350", "1F", 1), "tcp", "little")
    assert (socket.state, socket.listens) == ("STATE_31", False)


class AsRoot:
    """A tree read as root of a live host: its uid is told, nothing else differs."""

    uid = 0

    def __init__(self, host):
        self._host = host

    def __getattr__(self, name):
        return getattr(self._host, name)


KERNEL = {
    **NET,
    **process(20, ["vllm", "serve"], name="vllm", sockets=(12, 13, 14, 15, 16, 17, 19)),
}


def test_a_socket_that_no_process_holds_is_the_kernels_where_every_process_was_seen(plain_tree):
    first = {"/proc/self/ns/pid": Path("pid:[4026531836]")}
    records, gaps = run(AsRoot(plain_tree({**KERNEL, **first})))
    assert gaps == []
    nobody = [p for p in of(records, "listening_port") if p.port in (8000, 53)]
    assert {(p.pid, p.process, p.workload) for p in nobody} == {(0, "", "")}
    assert "no process" in nobody[0].label


@pytest.mark.parametrize(
    "extra",
    [
        {"/proc/self/ns/pid": Path("pid:[4026532999]")},  # a container's: others are not seen
        {},  # which namespace it is cannot be told
        {"/proc/self/ns/pid": Path("pid:[4026531836]"), "/proc/30/comm": "gone\n"},  # just ended
    ],
    ids=["other-pid-namespace", "unknown-pid-namespace", "a-process-ended"],
)
def test_an_unheld_socket_stays_unknown_where_a_process_may_be_unseen(plain_tree, extra):
    records, gaps = run(AsRoot(plain_tree({**KERNEL, **extra})))
    assert {gap.kind for gap in gaps} == {"listening_port"}
    assert None in {p.process for p in of(records, "listening_port")}


def test_an_ordinary_user_never_calls_a_socket_the_kernels(plain_tree):
    host = AsRoot(plain_tree({**KERNEL, "/proc/self/ns/pid": Path("pid:[4026531836]")}))
    host.uid = 1000
    _, gaps = run(host)
    assert gaps != []


def test_a_port_listened_on_elsewhere_does_not_make_a_connection_an_incoming_one(plain_tree):
    table = (
        HEAD
        + row("0100007F:9C40", "00000000:0000", "0A", 11)
        + row("0A02000A:9C40", "08080808:01BB", "01", 14)
    )
    records, _ = run(plain_tree({**NET, **SERVER, "/proc/net/tcp": table}))
    tcp = {c.remote_port: c.direction for c in of(records, "connection") if c.protocol == "tcp"}
    assert tcp[443] == "out"


@pytest.mark.parametrize(("listener", "file"), [("00000000", "tcp"), ("0" * 32, "tcp6")])
def test_a_listener_on_every_address_accepts_for_each(plain_tree, listener, file):
    tables = {"/proc/net/tcp": HEAD, "/proc/net/tcp6": HEAD}
    tables[f"/proc/net/{file}"] += row(f"{listener}:1F40", f"{listener}:0000", "0A", 11)
    tables["/proc/net/tcp"] += row("0A02000A:1F40", "08080808:C350", "01", 13)
    records, _ = run(plain_tree({**NET, **SERVER, **tables}))
    tcp = {c.remote_port: c.direction for c in of(records, "connection") if c.protocol == "tcp"}
    assert tcp == {50000: "in"}


@pytest.mark.parametrize(("sockets", "owner"), [((11,), "pid:20"), ((12,), "pid:1")])
def test_a_socket_that_the_service_manager_holds_too_is_the_services(plain_tree, sockets, owner):
    manager = process(1, ["/sbin/init"], name="systemd", sockets=(11,))
    service = process(20, ["vllm", "serve"], name="vllm", sockets=sockets)
    records, _ = run(plain_tree({**NET, **manager, **service}))
    assert {p.port: p.workload for p in of(records, "listening_port")}[8000] == owner


TRIE = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 172.17.0.2\n        /32 host LOCAL\n"
CONTAINER = {
    **process(1, ["/sbin/init"], name="systemd"),
    **process(50, ["vllm", "serve"], name="vllm", sockets=(71,)),
    "/proc/50/ns/net": Path("net:[4026532999]"),
    "/proc/50/net/tcp": HEAD + row("00000000:1F41", "00000000:0000", "0A", 71),
    "/proc/50/net/udp": HEAD,
    "/proc/50/net/fib_trie": TRIE,
}


def test_a_containers_socket_is_told_apart_from_the_hosts(plain_tree):
    records, _ = run(plain_tree({**NET, **SERVER, **CONTAINER}))
    ports = {p.port: p for p in of(records, "listening_port")}
    assert (ports[8001].published_by, ports[8001].namespace_addresses) == (
        "namespace",
        ("172.17.0.2",),
    )
    assert (ports[8000].published_by, ports[8000].namespace_addresses) == ("socket", ())


def test_a_namespace_whose_tables_a_copy_lacks_is_a_gap(plain_tree):
    files = {**NET, **SERVER, **CONTAINER, "/proc/50/net/tcp": None, "/proc/50/net/udp": None}
    _, gaps = run(plain_tree(files))
    assert {gap.origin.source for gap in gaps} == {"/proc/50/net/tcp"}
