"""Whom a host asks for names; silence about an upstream is a gap, never a pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.evidence.network import DnsResolver, SearchDomain


def servers(records):
    return [(r.address, r.port, r.stub) for r in records if isinstance(r, DnsResolver)]


def domains(records):
    return [r.domain for r in records if isinstance(r, SearchDomain)]


def test_every_name_server_and_the_last_search_list_count(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/resolv.conf": "# made by hand\ndomain old.example\nnameserver 192.0.2.53\n"
            "nameserver 2001:db8::53%eth0\nsearch Corp.Example plant.example\n"
        }
    )
    records, gaps = collected("resolvers", host)
    assert servers(records) == [("192.0.2.53", 53, False), ("2001:db8::53", 53, False)]
    assert domains(records) == ["corp.example", "plant.example"]
    assert [r.origin.line for r in records if isinstance(r, DnsResolver)] == [3, 4]
    assert gaps == []


def test_an_absent_resolv_conf_is_a_gap(plain_tree, collected):
    records, gaps = collected("resolvers", plain_tree({}))
    assert records == []
    assert {(g.kind, g.reason) for g in gaps} == {
        ("dns_resolver", "absent"),
        ("search_domain", "absent"),
    }


def test_a_resolv_conf_without_servers_means_this_host_and_an_unknown_upstream(
    plain_tree, collected
):
    records, gaps = collected("resolvers", plain_tree({"/etc/resolv.conf": "options edns0\n"}))
    assert servers(records) == [("127.0.0.1", 53, True)]
    assert [g.reason for g in gaps] == ["unsupported", "unsupported"]


def test_the_stub_of_systemd_leads_to_its_upstreams(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/resolv.conf": Path("/run/systemd/resolve/stub-resolv.conf"),
            "/run/systemd/resolve/stub-resolv.conf": "nameserver 127.0.0.53\nsearch corp.example\n",
            "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.53\n",
            "/etc/systemd/resolved.conf": "[Resolve]\nDNS=198.51.100.9\nDNS=\n"
            "DNS=[2001:db8::1]:5353#dns.corp.example 192.0.2.54:53%eth0\nDomains=~plant.example ~.\n",
        }
    )
    records, gaps = collected("resolvers", host)
    assert servers(records) == [
        ("127.0.0.53", 53, True),
        ("192.0.2.53", 53, False),
        ("2001:db8::1", 5353, False),
        ("192.0.2.54", 53, False),
    ]
    assert domains(records) == ["corp.example", "plant.example"]
    assert gaps == []


def test_a_stub_whose_upstream_cannot_be_read_is_a_gap(plain_tree, collected):
    host = plain_tree({"/etc/resolv.conf": "nameserver 127.0.0.53\n"})
    _, gaps = collected("resolvers", host)
    assert ("dns_resolver", "unsupported") in {(g.kind, g.reason) for g in gaps}


def test_dnsmasq_and_unbound_name_their_upstreams(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/resolv.conf": "nameserver ::1\n",
            "/etc/dnsmasq.d/site": "server=/corp.example/192.0.2.1\nserver=198.51.100.1#5353\n"
            "#server=203.0.113.9\n",
            "/etc/unbound/unbound.conf.d/forward.conf": "  forward-addr: 203.0.113.1@853#dns\n",
        }
    )
    records, gaps = collected("resolvers", host)
    assert servers(records)[1:] == [
        ("192.0.2.1", 53, False),
        ("198.51.100.1", 5353, False),
        ("203.0.113.1", 853, False),
    ]
    assert gaps == []


def test_a_refused_file_is_a_gap_and_not_an_absence(plain_tree, collected):
    host = plain_tree({"/etc/resolv.conf": "nameserver 192.0.2.53\n"})
    records, gaps = collected("resolvers", host, refused=["/etc/resolv.conf"])
    assert records == []
    assert {g.reason for g in gaps} == {"denied"}


def test_what_is_no_address_is_malformed(plain_tree, collected):
    host = plain_tree({"/etc/resolv.conf": "nameserver\nnameserver dns.example\n"})
    _, gaps = collected("resolvers", host)
    malformed = [g for g in gaps if g.reason == "malformed" and g.kind == "dns_resolver"]
    assert [g.count for g in malformed] == [2]


def reasons(gaps):
    return {g.reason for g in gaps if g.kind == "dns_resolver"}


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"/etc/dnsmasq.conf": "server=/corp.example/192.0.2.1\n"},
        {"/etc/dnsmasq.conf": "server=127.0.0.1#5353\n"},
        {"/etc/unbound/unbound.conf": 'forward-zone:\n name: "corp.example"\n'
                                      " forward-addr: 192.0.2.1\n"},
        {"/etc/unbound/unbound.conf": 'forward-zone:\n name: "."\n forward-addr: 192.0.2.1\n'
                                      " forward-first: yes\n"},
        {"/etc/unbound/unbound.conf": "server:\n interface: 127.0.0.1\n"},
    ],
    ids=["nothing", "one-domain", "another-forwarder", "one-zone", "falls-back", "recursive"],
)  # fmt: skip
@pytest.mark.parametrize("more", ["", "nameserver 192.0.2.53\n"])
def test_a_forwarder_that_may_ask_somebody_else_is_a_gap(plain_tree, collected, files, more):
    host = plain_tree({"/etc/resolv.conf": f"nameserver 127.0.0.1\n{more}", **files})
    _, gaps = collected("resolvers", host)
    assert reasons(gaps) == {"unsupported"}


def test_resolved_does_not_explain_another_forwarder(plain_tree, collected):
    host = plain_tree(
        {
            "/etc/resolv.conf": "nameserver 127.0.0.1\n",
            "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.53\n",
        }
    )
    _, gaps = collected("resolvers", host)
    assert reasons(gaps) == {"unsupported"}


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/dnsmasq.conf": "resolv-file=/etc/up.conf\n", "/etc/up.conf": "nameserver 192.0.2.9"},
        {"/etc/unbound/unbound.conf": 'forward-zone:\n name: "."\n forward-addr: 192.0.2.9\n'},
    ],
)
def test_a_forwarder_whose_upstream_is_told_for_every_name_is_no_gap(plain_tree, collected, files):
    records, gaps = collected(
        "resolvers", plain_tree({"/etc/resolv.conf": "nameserver 127.0.0.1\n", **files})
    )
    assert servers(records) == [("127.0.0.1", 53, True), ("192.0.2.9", 53, False)]
    assert gaps == []
