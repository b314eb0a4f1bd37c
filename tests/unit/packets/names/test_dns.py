"""DNS and its kin: questions counted, answers bound to addresses, hostile names and loops."""

from __future__ import annotations

from struct import pack

import pytest
from names_hearing import CLIENT, SERVER, UDP, Flows, Said, cut_up, hear, names_of

from auditor.packets.names._dns_message import parse
from tests.captures.messages import dns


def asked(data, **more):
    return Said(data, dport=53, protocol=UDP, **more)


def replied(data, **more):
    return Said(data, dport=53, protocol=UDP, side=1, **more)


def rows(heard):
    return [(q.name, q.query_type, q.client, q.server, q.transport, q.count) for q in heard.queries]


def test_a_question_and_its_answer():
    query = dns.question(7, "Www.Plant.EXAMPLE", edns=True)
    heard = hear(asked(query), asked(query), replied(dns.answer(query, [("", "A", "192.0.2.9")])))
    assert rows(heard) == [("www.plant.example", "A", CLIENT, SERVER, "udp", 2)]
    assert names_of(heard) == [("www.plant.example", "dns_query")]
    query = heard.queries[0]
    assert (query.response, query.answers) == ("NOERROR", ("192.0.2.9",))
    [name] = heard.answers["192.0.2.9"]
    assert (name.name, name.source) == ("www.plant.example", "dns_answer")


def test_an_answer_alone_tells_the_question_with_a_count_of_none():
    query = dns.question(7, "a.example", "AAAA")
    heard = hear(replied(dns.answer(query, [], code=3)))
    assert rows(heard) == [("a.example", "AAAA", CLIENT, SERVER, "udp", 0)]
    assert heard.queries[0].response == "NXDOMAIN"


def test_every_name_of_a_chain_is_a_candidate():
    query = dns.question(7, "a.example")
    records = [
        ("b.example", "CNAME", "c.example"),
        ("", "CNAME", "b.example"),
        ("c.example", "A", "192.0.2.3"),
        ("other.example", "A", "192.0.2.4"),
    ]
    heard = hear(asked(query), replied(dns.answer(query, records)))
    assert [n.name for n in heard.answers["192.0.2.3"]] == ["a.example", "b.example", "c.example"]
    assert [n.name for n in heard.answers["192.0.2.4"]] == ["other.example"]


def test_aliases_that_go_in_a_circle_end():
    query = dns.question(7, "a.example")
    records = [("", "CNAME", "b.example"), ("b.example", "CNAME", "a.example")]
    assert not hear(replied(dns.answer(query, records))).answers


def test_hints_of_https_records():
    query = dns.question(7, "a.example", "HTTPS")
    hints = pack(">HH", 4, 8) + bytes([192, 0, 2, 1, 192, 0, 2, 2])
    hints += pack(">HH", 6, 16) + bytes.fromhex("20010db8000000000000000000000001")
    rdata = pack(">H", 1) + b"\0" + hints
    reply = query[:2] + pack(">HHHHH", 0x8180, 1, 1, 0, 0) + query[12:]
    reply += b"\xc0\x0c" + pack(">HHIH", 65, 1, 60, len(rdata)) + rdata
    assert set(hear(replied(reply)).answers) == {"192.0.2.1", "192.0.2.2", "2001:db8::1"}


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "224.0.0.251", "255.255.255.255"])
def test_addresses_that_are_no_hosts_get_no_names(address):
    query = dns.question(7, "a.example")
    assert not hear(replied(dns.answer(query, [("", "A", address)]))).answers


@pytest.mark.parametrize("sizes", [(), (1,), (2,), (3, 40), (29, 1, 1)])
@pytest.mark.parametrize("batches", [1, 3])
def test_messages_over_tcp_in_any_segments(sizes, batches):
    stream = dns.framed(*(dns.question(n, f"n{n}.example") for n in range(3)))
    heard = hear(*cut_up(stream, *sizes, dport=53), batches=batches)
    assert [(q.name, q.transport) for q in heard.queries] == [
        (f"n{n}.example", "tcp") for n in range(3)
    ]


def test_a_segment_over_tcp_that_was_lost_is_a_gap_and_the_rest_is_read():
    messages = [dns.framed(dns.question(n, f"n{n}.example")) for n in range(4)]
    size = len(messages[0])
    said = [Said(m, dport=53, seq=1 + n * size) for n, m in enumerate(messages) if n != 1]
    heard = hear(*said)
    assert [q.name for q in heard.queries] == ["n0.example", "n2.example", "n3.example"]
    assert any("was not captured" in gap.detail for gap in heard.gaps)


def test_segments_over_tcp_out_of_order():
    flows = Flows()
    flows.isn[0] = 0
    stream = dns.framed(*(dns.question(n, f"n{n}.example") for n in range(3)))
    one, two, three = cut_up(stream, 20, 30, dport=53)
    assert len(hear(two, three, one, flows=flows).queries) == 3


def test_bytes_that_are_no_text_are_escaped():
    raw = b"\x04a.\\\n\x02\xff \0" + pack(">HH", 16, 1)
    heard = hear(asked(pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + raw))
    assert names_of(heard) == [("a\\.\\092\\010.\\255\\032", "dns_query")]
    assert heard.queries[0].query_type == "TXT"


def test_the_root_is_a_dot():
    heard = hear(asked(pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\0" + pack(">HH", 2, 1)))
    assert rows(heard)[0][:2] == (".", "NS")


@pytest.mark.parametrize(
    "name",
    [b"\xc0\x0c", b"\x01a\xc0\x0c", b"\xc0\xff", b"\x40a", b"\x3fabc", b"\xc0"],
    ids=["to itself", "circle", "beyond", "reserved", "label beyond", "half a pointer"],
)
def test_names_that_lead_nowhere(name):
    message = pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + name + pack(">HH", 1, 1)
    heard = hear(asked(message))
    assert not heard.queries
    assert [gap.reason for gap in heard.gaps] == ["malformed"]


def test_a_name_longer_than_allowed_is_malformed():
    message = pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\x3f" + b"a" * 63
    message += (b"\x3f" + b"a" * 63) * 4 + b"\0" + pack(">HH", 1, 1)
    assert not hear(asked(message)).queries


def test_a_question_is_kept_where_the_capture_cut_the_answer():
    query = dns.question(7, "a.example")
    reply = dns.answer(query, [("", "A", "192.0.2.9"), ("", "A", "192.0.2.10")])
    heard = hear(replied(reply[:-8], size=len(reply)))
    assert list(heard.answers) == ["192.0.2.9"]
    assert [gap.detail for gap in heard.gaps] == ["DNS messages that the capture cut short"]


def test_other_data_on_the_port_is_no_dns():
    assert not hear(asked(b"\x8f" * 40)).notes
    assert not hear(asked(b"d1:ad2:id20:" + bytes(30))).queries


def test_multicast_questions_and_what_members_answer():
    query = dns.question(0, "press.local")
    reply = dns.announcement([("press.local", "A", "10.0.0.8")])
    heard = hear(
        Said(query, dport=5353, sport=5353, protocol=UDP),
        Said(reply, dport=5353, sport=5353, protocol=UDP, flow=1),
    )
    assert names_of(heard) == [("press.local", "mdns")]
    assert [(q.name, q.transport, q.count) for q in heard.queries] == [("press.local", "mdns", 1)]
    assert heard.answers["10.0.0.8"][0].source == "mdns"


def test_llmnr_answers_belong_to_the_question_of_the_group():
    query = dns.question(0, "press7")
    reply = dns.answer(query, [("", "A", "10.0.0.8")])
    heard = hear(
        Said(query, dport=5355, protocol=UDP),
        Said(reply, dport=5355, protocol=UDP, side=1, flow=1),
    )
    assert [(q.name, q.transport, q.answers) for q in heard.queries] == [
        ("press7", "llmnr", ("10.0.0.8",))
    ]


def test_netbios_names():
    heard = hear(Said(dns.netbios(3, "Press7"), dport=137, protocol=UDP))
    assert names_of(heard) == [("press7", "netbios")]
    assert rows(heard)[0][1:] == ("NB", CLIENT, SERVER, "netbios", 1)


def test_a_message_that_says_to_have_thousands_of_records_ends_where_it_ends():
    query = dns.question(7, "a.example")
    assert (
        parse(query[:2] + pack(">HHHHH", 0x8180, 1, 65535, 65535, 65535) + query[12:]) is not None
    )
