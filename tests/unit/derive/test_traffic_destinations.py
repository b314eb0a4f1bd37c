"""auditor.derive.traffic_destinations: what crossed the perimeter, and when it is approved."""

from __future__ import annotations

import msgspec
import pytest

from auditor.derive.traffic_destinations import DERIVATION
from auditor.evidence.site import Site
from auditor.evidence.traffic import Carrier, Fact
from tests.traffic_records import SITE, evidence, excepted, flow, names, query


def destinations(*flows, site: Site = SITE):
    return list(DERIVATION.derive(evidence(*flows, site=site)))


def with_exceptions(*exceptions) -> Site:
    return msgspec.structs.replace(SITE, exceptions=exceptions)


def test_what_stays_inside_is_no_destination():
    assert destinations(flow(dst="10.7.0.1"), flow(dst="10.1.0.53", dst_port=53)) == []


def test_flows_to_one_address_are_one_destination_with_the_bytes_of_all():
    (found,) = destinations(flow(), flow(src="10.1.2.4", bytes_out=100, bytes_in=50, first=5))
    assert (found.direction, found.flows, found.bytes_out, found.bytes_in) == ("out", 2, 1000, 750)
    assert found.peers == ("10.1.2.3", "10.1.2.4")
    assert found.first == 5


def test_of_a_flow_from_outside_the_answer_is_what_left():
    (found,) = destinations(flow(src="203.0.113.9", dst="10.1.2.3", bytes_out=1, bytes_in=2))
    assert (found.direction, found.bytes_out, found.bytes_in) == ("in", 2, 1)
    assert (found.packets_out, found.packets_in) == (4, 5)
    assert found.target == "203.0.113.9"


def test_both_ends_outside_is_transit_not_inside():
    (found,) = destinations(flow(src="198.51.100.1"))
    assert found.direction == "transit"
    assert found.approved is False


@pytest.mark.parametrize("state", ["attempt", "refused"])
def test_nothing_answered_an_attempt(state):
    (found,) = destinations(flow(tcp_state=state, packets_in=1, encrypted=None))
    assert found.answered == 0
    assert (found.clear_flows, found.encrypted_flows, found.untold_flows) == (0, 0, 0)


def test_a_declared_resolver_outside_counts_as_inside_for_questions_alone():
    site = msgspec.structs.replace(SITE, resolvers=("203.0.113.9",))
    asked = flow(dst_port=53, protocol="udp", application="dns")
    assert destinations(asked, site=site) == []
    assert len(destinations(asked, flow(), site=site)) == 1


# Every way in which an exception for a name could wrongly cover a flow.
NEVER_APPROVED = {
    "no-name": (flow(), False),
    "another-name": (flow(names=names(tls_sni="b.example", dns_answer="b.example")), False),
    "only-the-client-says-so": (flow(names=names(tls_sni="a.example")), None),
    "the-host-header-says-so": (flow(names=names(http_host="a.example")), None),
    "claims-another-name": (
        flow(names=names(tls_sni="b.example", dns_answer="a.example")), False,
    ),
    "claims-it-and-the-server-named-another": (
        flow(names=names(tls_sni="a.example", dns_answer="b.example")), None,
    ),
    "the-address-is-several-names": (
        flow(names=(*names(dns_answer="a.example"), *names(dns_answer="b.example"))), None,
    ),
    "asked-for-in-it": (flow(names=names(dns_query="a.example")), False),
}  # fmt: skip


@pytest.mark.parametrize(("one", "expected"), NEVER_APPROVED.values(), ids=NEVER_APPROVED)
def test_a_name_that_does_not_prove_itself_approves_nothing(one, expected):
    (found,) = destinations(one, site=with_exceptions(excepted("a.example")))
    assert found.approved is expected


@pytest.mark.parametrize(
    "exception",
    [
        excepted("a.example", expires="2026-11-26"), excepted("a.example", port=80),
        excepted("203.0.113.8"), excepted(".a.example"),
    ],
)  # fmt: skip
def test_an_exception_that_does_not_hold_approves_nothing(exception):
    both = names(tls_sni="a.example", dns_answer="a.example")
    (found,) = destinations(flow(names=both), site=with_exceptions(exception))
    assert found.approved is False


@pytest.mark.parametrize("destination", ["a.example", "203.0.113.9", "203.0.113.0/24"])
def test_an_exception_approves_the_address_or_a_name_that_was_answered(destination):
    both = names(tls_sni="a.example", dns_answer="a.example")
    answered = query("a.example", answers=("203.0.113.9",))
    site = with_exceptions(excepted(destination))
    (found,) = destinations(flow(names=both), answered, site=site)
    assert found.approved is True
    assert found.exception == "ops, until 2027-01-31"


@pytest.mark.parametrize(
    "said",
    [
        (),
        (query("a.example", answers=("203.0.113.9",), server="203.0.113.66"),),
        (query("a.example", answers=("203.0.113.9",), server="10.1.2.66"),),
        (query("a.example", answers=("203.0.113.9",), server="10.1.0.53", count=0),),
        (query("a.example", answers=("203.0.113.9",), transport="mdns"),),
        (query("b.example", answers=("203.0.113.9",)),),
        (query("a.example", answers=("203.0.113.10",)),),
    ],
    ids=(
        "nobody",
        "a-server-outside",
        "another-inside",
        "nobody-asked",
        "on-the-spot",
        "another-name",
        "elsewhere",
    ),
)
@pytest.mark.parametrize("claims", [{"tls_sni": "a.example"}, {}])
def test_a_name_that_no_server_of_the_site_answered_approves_nothing(said, claims):
    both = names(**claims, dns_answer="a.example")
    site = with_exceptions(excepted("a.example"))
    (found,) = destinations(flow(names=both), *said, site=site)
    assert found.approved is None


def test_where_no_resolver_is_declared_any_inside_is_believed():
    site = msgspec.structs.replace(SITE, exceptions=(excepted("a.example"),), resolvers=())
    both = names(tls_sni="a.example", dns_answer="a.example")
    for server, approved in (("10.1.2.66", True), ("203.0.113.66", None)):
        answered = query("a.example", answers=("203.0.113.9",), server=server)
        found = destinations(flow(names=both), answered, site=site)
        assert [one.approved for one in found] == [approved]


def test_a_declared_resolver_outside_is_believed():
    site = msgspec.structs.replace(
        SITE, exceptions=(excepted("a.example"),), resolvers=("203.0.113.53",)
    )
    answered = query("a.example", answers=("203.0.113.9",), server="203.0.113.53")
    both = names(tls_sni="a.example", dns_answer="a.example")
    (found,) = destinations(flow(names=both), answered, site=site)
    assert found.approved is True


def test_data_in_an_unanswered_syn_is_not_nothing():
    what = "what it says was not recognised, and looking random proves no encryption"
    (found,) = destinations(
        flow(tcp_state="attempt", packets_in=0, encrypted=None, application="", encrypted_why=what)
    )
    assert (found.answered, found.untold_flows) == (0, 1)


def test_what_went_out_from_a_low_port_is_told_though_nobody_outside_was_heard():
    """Its ports make it look like an answer: whoever began, something left."""
    (found,) = destinations(
        flow(
            src="203.0.113.9", dst="10.1.2.3", src_port=40000, dst_port=53, protocol="udp",
            packets_out=0, bytes_out=0, initiator_known=False, tcp_state="",
        )
    )  # fmt: skip
    assert (found.direction, found.answered, found.bytes_out) == ("in", 1, 700)


@pytest.mark.parametrize(("known", "approved"), [(True, None), (False, True)])
def test_a_way_out_that_is_excepted_is_no_way_in(known, approved):
    site = with_exceptions(excepted("203.0.113.9"))
    attack = flow(src="203.0.113.9", dst="10.1.2.3", dst_port=22, initiator_known=known)
    (found,) = destinations(attack, site=site)
    assert (found.direction, found.approved) == ("in", approved)


def test_an_approved_flow_does_not_hide_one_that_is_not():
    site = with_exceptions(excepted("203.0.113.9", port=443))
    found = destinations(flow(), flow(dst_port=22, application="ssh"), site=site)
    assert sorted(one.approved for one in found) == [False, True]


def test_a_tunnel_to_the_outside_leaves_whatever_its_own_ends_say():
    carrier = Carrier(src="10.1.0.1", dst="203.0.113.200")
    (found,) = destinations(
        flow(src="10.1.2.3", dst="10.7.0.1", tunnel=("gre",), carriers=(carrier,))
    )
    assert (found.direction, found.target) == ("out", "203.0.113.200")
    assert found.tunnels == ("gre",)


def test_a_tunnel_between_inside_ends_stays_inside():
    carrier = Carrier(src="10.1.0.1", dst="10.7.0.2")
    assert destinations(flow(dst="10.7.0.1", tunnel=("gre",), carriers=(carrier,))) == []


def test_the_operator_is_told_by_what_the_client_asked_for():
    (found,) = destinations(flow(names=names(tls_sni="api.openai.com")))
    assert (found.operator, found.operator_country) == ("OpenAI", "US")


def test_an_address_of_several_operators_is_nobodys():
    both = (*names(dns_answer="api.openai.com"), *names(dns_answer="huggingface.co"))
    (found,) = destinations(flow(names=both))
    assert found.operator == ""


def test_a_frame_of_layer_2_stays_on_its_own_network():
    frame = flow(
        src="00:11:22:33:44:55", dst="01:0c:cd:01:00:01", protocol="0x88b8", application="goose",
        src_port=0, dst_port=0, tcp_state="", encrypted=False,
    )  # fmt: skip
    assert destinations(frame) == []


def test_a_multicast_group_is_told_apart():
    (found,) = destinations(flow(dst="239.255.255.250", protocol="udp"))
    assert found.cast == "multicast"


def test_services_of_grpc_are_those_that_its_flows_called():
    called = (Fact(name="grpc-service", value="otel.Trace,otel.Logs"), Fact(name="x", value="y"))
    (one,) = destinations(flow(dst="203.0.113.9", facts=called), flow(dst="203.0.113.9"))
    assert one.services == ("otel.Logs", "otel.Trace")
