"""Whom a host asks for names; silence about an upstream is a gap, never a pass."""

from __future__ import annotations

from pathlib import Path

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
