"""What a flow is in the end: encrypted or not with a reason, names that answers gave."""

from __future__ import annotations

import pytest

from auditor.evidence.traffic import APPLICATIONS as WORDS
from auditor.evidence.traffic import NameSeen
from auditor.packets.applications import APPLICATIONS
from auditor.packets.kinds import MOST_ANSWERED, judge
from auditor.packets.listening import FlowEnds, FlowNote


def ends(**more):
    known = {
        "src": "10.0.0.7", "dst": "192.0.2.1", "src_port": 40000, "dst_port": 443, "protocol": 6,
        "packets_out": 3, "packets_in": 3, "bytes_out": 300, "bytes_in": 300, "data_out": 2,
        "data_in": 2, "first": 100, "last": 200, "tcp_state": "closed", "initiator_known": True,
        "tunnel": (), "vlan": (),
    }  # fmt: skip
    return FlowEnds(**known | {"carriers": ()} | more)


def answer(name, first):
    return NameSeen(name=name, source="dns_answer", first=first, last=first)


def test_what_nobody_knows_is_neither_encrypted_nor_clear():
    note = judge(ends(), None, {})
    assert (note.application, note.encrypted) == ("", None)
    assert "not recognised" in note.encrypted_why


def test_a_flow_without_data_says_so():
    assert judge(ends(data_out=0, data_in=0), None, {}).encrypted_why == "no data was seen"


def test_esp_is_encrypted_and_ah_is_not():
    assert judge(ends(protocol=50), None, {}).encrypted is True
    assert judge(ends(protocol=50), None, {}).application == "esp"
    assert judge(ends(protocol=51), None, {}).encrypted is False


@pytest.mark.parametrize("word", sorted(APPLICATIONS))
def test_every_application_has_a_reason(word):
    note = judge(ends(), FlowNote(application=word), {})
    assert note.encrypted_why
    assert note.encrypted is APPLICATIONS[word].encrypted


def test_a_listeners_reason_stands():
    note = FlowNote(application="smtp", encrypted=True, encrypted_why="STARTTLS")
    assert judge(ends(), note, {}).encrypted is True


def test_answers_before_the_end_are_candidates_and_later_ones_are_not():
    answers = {"192.0.2.1": (answer("a.example", 50), answer("b.example", 150), answer("c", 201))}
    note = judge(ends(), None, answers)
    assert [name.name for name in note.names] == ["a.example", "b.example"]
    assert not judge(ends(dst="192.0.2.2"), None, answers).names


def test_of_very_many_answers_the_latest_stay():
    answers = {"192.0.2.1": tuple(answer(f"n{n}", n) for n in range(100))}
    names = [name.name for name in judge(ends(), None, answers).names]
    assert names == [f"n{n}" for n in range(100 - MOST_ANSWERED, 100)]


@pytest.mark.parametrize(
    "application,port,name,carrier",
    [
        ("tls", 853, "x.example", "tls"),
        ("quic", 853, "x.example", "quic"),
        ("tls", 443, "dns.google", "https"),
        ("quic", 443, "dns.google", "https"),
        ("tls", 443, "a.b.nextdns.io", "https"),
        ("tls", 443, "x.example", None),
        ("tls", 443, "evilnextdns.io", None),
        ("tls", 443, "nextdns.io.evil.example", None),
        ("http", 853, "x.example", None),
    ],
)
def test_dns_in_encrypted_flows(application, port, name, carrier):
    said = NameSeen(name=name, source="tls_sni")
    note = judge(ends(dst_port=port), FlowNote(application=application, names=(said,)), {})
    assert dict(note.facts).get("dns-over") == carrier


@pytest.mark.parametrize(
    "address,carrier",
    [
        ("8.8.8.8", "https"),
        ("2620:fe::fe", "https"),
        ("18.8.8.8", None),
        ("8.8.8.80", None),
        ("2001:db8:2620:fe::fe", None),
    ],
)
def test_dns_over_https_to_the_address_of_a_resolver(address, carrier):
    note = judge(ends(dst=address), FlowNote(application="tls"), {})
    assert dict(note.facts).get("dns-over") == carrier


def test_the_words_are_those_of_the_contract():
    assert set(APPLICATIONS) == set(WORDS)
