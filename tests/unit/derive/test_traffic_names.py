"""auditor.derive.traffic_names: which questions ask for names outside."""

from __future__ import annotations

import msgspec
import pytest

from auditor.derive._asked import information, registered_domain, reversed_range
from auditor.derive.traffic_names import DERIVATION
from tests.traffic_records import SITE, evidence, excepted, flow, query


def domains(*records, site=SITE):
    return list(DERIVATION.derive(evidence(*records, site=site)))


@pytest.mark.parametrize(
    "one",
    [
        query("llm.corp.example"), query("_ldap._tcp.corp.example"), query("localhost"),
        query("3.2.1.10.in-addr.arpa"), query("1.10.in-addr.arpa"),
        query("printer.local", transport="mdns"), query("wpad", transport="llmnr"),
        query("ws", transport="netbios"), query(client="203.0.113.5"),
    ],
)  # fmt: skip
def test_what_stays_inside_is_no_question_for_an_outside_name(one):
    assert domains(one) == []


@pytest.mark.parametrize(
    ("name", "domain", "standing"),
    [
        ("api.example.com", "example.com", "outside"),
        ("x.y.example.co.uk", "example.co.uk", "outside"),
        ("corp.example.evil.net", "evil.net", "outside"),
        ("evilcorp.example", "evilcorp.example", "outside"),
        ("8.8.8.8.in-addr.arpa", "8.8.8.8", "outside"),
        ("10.in-addr.arpa", "10.0.0.0/8", "outside"),
        ("wpad", "wpad", "undecided"),
        (r"a\200\190b.t\.x.pirate.example", "pirate.example", "outside"),
        (r"\200.com", "_.com", "outside"),
        (".".join(["x" * 60] * 8) + ".pirate.example", "pirate.example", "outside"),
        (r"\200.a.corp.example.evil.net", "evil.net", "outside"),
        ("nas.local", "nas.local", "undecided"),
    ],
)
def test_a_name_is_judged_by_its_labels(name, domain, standing):
    (found,) = domains(query(name))
    assert (found.domain, found.standing) == (domain, standing)


def test_bytes_of_a_tunnel_below_an_inside_name_are_asked_inside():
    assert domains(query(r"\200\201.corp.example")) == []


def test_a_name_of_strange_bytes_is_nobodys_exception():
    site = msgspec.structs.replace(SITE, exceptions=(excepted("x.example"), excepted(".b.net")))
    found = domains(query(r"\200.example"), query(r"\200.b.net"), site=site)
    assert sorted(one.standing for one in found) == ["approved", "outside"]


def test_names_of_one_domain_are_one_record():
    (found,) = domains(
        query("a.example.com", count=2), query("b.example.com", query_type="TXT", server="8.8.8.8"),
    )  # fmt: skip
    assert (found.questions, found.names_total, found.types) == (3, 2, ("A", "TXT"))
    assert found.servers_outside == ("8.8.8.8",)


def test_an_exception_or_a_declared_mirror_approves_a_name_and_no_other_of_its_domain():
    site = msgspec.structs.replace(
        SITE, exceptions=(excepted("a.example.com"),), mirrors=("m.example.com",)
    )
    found = domains(
        query("a.example.com"), query("m.example.com"), query("b.example.com"), site=site
    )
    assert sorted((one.standing, one.names_total) for one in found) == [
        ("approved", 1), ("approved", 1), ("outside", 1),
    ]  # fmt: skip


def test_an_answer_that_was_talked_to_is_told():
    (found,) = domains(query(answers=("203.0.113.9",)), flow())
    assert found.connected


def test_a_reverse_name_is_the_address_that_it_stands_for():
    nibbles = ".".join("1000000000000000000000008bd01002")
    assert reversed_range(f"{nibbles}.ip6.arpa") == "2001:db8::1"
    assert reversed_range("999.1.1.1.in-addr.arpa") == ""
    assert reversed_range("a.in-addr.arpa") == ""


def test_the_registered_part_of_a_shared_suffix_is_the_tenants():
    assert registered_domain("a.b.tenant.github.io") == "tenant.github.io"
    assert registered_domain("COM") == "com"


def test_random_names_carry_more_than_repeated_ones():
    few = information(["www.example.com", "example.com"], "example.com")
    many = information(
        [f"{(i * 0x9E3779B97F4A7C15) % (1 << 128):032x}.example.com" for i in range(1, 104)],
        "example.com",
    )
    assert few == 0
    assert many > 103 * 60


@pytest.mark.parametrize("transport", ["mdns", "llmnr", "netbios"])
@pytest.mark.parametrize(("server", "told"), [("203.0.113.66", 1), ("224.0.0.251", 0)])
def test_what_is_asked_on_the_spot_leaves_where_somebody_outside_is_asked(transport, server, told):
    found = domains(query("c2.example.com", transport=transport, server=server))
    assert len(found) == told


@pytest.mark.parametrize("name", ["api.example.com", "203.0.113.9", "2001:db8::9"])
def test_what_a_proxy_inside_is_asked_to_go_to_leaves(name):
    asked = query(name, query_type="CONNECT", transport="proxy", server="10.1.0.80")
    (found,) = domains(asked)
    assert (found.standing, found.questions, found.types) == ("outside", 1, ("CONNECT",))


def test_a_proxy_that_is_asked_for_a_machine_inside_leads_nowhere():
    assert domains(query("10.7.0.1", transport="proxy", server="10.1.0.80")) == []
