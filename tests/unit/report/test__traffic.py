"""Captured traffic as every format tells it: nothing that left is hidden, nothing is guessed."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import jsonschema_rs
import msgspec
import pytest

from auditor import api
from auditor.evidence import Gap
from auditor.evidence.site import Site
from auditor.evidence.traffic import APPLICATIONS, Carrier, Skipped
from auditor.report import html, text
from auditor.report import json as json_format
from auditor.report._html_traffic import traffic_chapter
from auditor.report._instants import duration, instant
from auditor.report._sankey import Link, diagram
from auditor.report._text import columns
from auditor.report._traffic import traffic
from auditor.report._traffic_document import SCHEMA, traffic_schema
from tests.traffic_records import (
    ORIGIN,
    SECOND,
    SITE,
    capture,
    evidence,
    excepted,
    flow,
    names,
    query,
)

RECORDS = (
    capture(skipped=(Skipped(reason="arp", packets=1),), packets=10),
    flow(names=names(tls_sni="api.openai.com"), bytes_out=5000),
    flow(dst="198.51.100.7", tcp_state="attempt", packets_in=0, bytes_in=0, encrypted=None,
         application=""),
    flow(src="203.0.113.66", dst="10.1.2.3", dst_port=22, application="ssh"),
    flow(dst="10.7.0.1", dst_port=502, application="modbus", encrypted=False),
    flow(src="00:11:22:33:44:55", dst="01:0e:cf:00:00:00", src_port=0, dst_port=0,
         protocol="0x8892", application="profinet", encrypted=False, tcp_state=""),
    flow(dst="10.7.0.9", tunnel=("gre",), protocol="132", tcp_state="",
         carriers=(Carrier(src="10.1.0.1", dst="203.0.113.200"),)),
    query(), query("llm.corp.example"), query("wpad", transport="llmnr"),
)  # fmt: skip


def judged(*records, site: Site = SITE, language: str = "en", **changes: object):
    taken = evidence(*(records or RECORDS), site=site, **changes)
    return api.evaluate(taken, api.Criteria(packs=("traffic",)), language=language)


def document(*records, **changes: object):
    return json.loads(json_format.render(judged(*records, **changes)))


def test_the_document_obeys_its_schema_and_says_which():
    found = document()
    assert found["schema"] == SCHEMA
    jsonschema_rs.validator_for(json.loads(traffic_schema())).validate(found)


def test_the_contract_of_a_flow():
    found = document()
    (one,) = [f for f in found["flows"] if f["dst"] == "203.0.113.9"]
    assert one["names"] == [
        {"name": "api.openai.com", "source": "tls_sni", "first": None, "last": None}
    ]
    assert {key: one[key] for key in ("src", "src_port", "dst_port", "protocol", "packets_out",
            "packets_in", "bytes_out", "bytes_in", "application", "encrypted", "inside", "zone",
            "operator", "tunnel", "vlan")} == {
        "src": "10.1.2.3", "src_port": 40000, "dst_port": 443, "protocol": "tcp",
        "packets_out": 5, "packets_in": 4, "bytes_out": 5000, "bytes_in": 700,
        "application": "tls", "encrypted": True, "inside": False, "zone": None,
        "operator": "OpenAI", "tunnel": [], "vlan": [],
    }  # fmt: skip
    assert one["first"] == "1970-01-01T00:00:10.000000000Z"


def test_protocols_are_keywords_numbers_and_ethertypes():
    assert {f["protocol"] for f in document()["flows"]} == {"tcp", 132, "0x8892"}


def test_a_flow_in_a_tunnel_to_the_outside_is_not_inside():
    (one,) = [f for f in document()["flows"] if f["tunnel"]]
    assert (one["inside"], one["crosses"], one["zone"]) == (False, "out", None)
    assert one["carriers"] == [{"src": "10.1.0.1", "dst": "203.0.113.200"}]


def test_packets_are_parsed_and_skipped_ones():
    found = document()["capture"]
    assert found["packets"] == found["parsed"] + sum(found["skipped"].values())
    assert found["complete"]


def test_the_sum_of_captures_keeps_what_is_not_known():
    both = document(capture(dropped=2), capture(path="b.pcap", dropped=None))["capture"]
    assert both["dropped"] is None
    assert not both["complete"]
    assert both["packets"] == 18


def test_a_gap_makes_the_whole_incomplete():
    gap = Gap(kind="flow", reason="limit", detail="too many flows", origin=ORIGIN)
    found = document(gaps=(gap,))["capture"]
    assert not found["complete"]
    assert found["why"] == ["too many flows"]


def test_every_application_is_in_the_schema():
    found = document(*[flow(application=word) for word in APPLICATIONS], capture())
    assert {f["application"] for f in found["flows"]} == set(APPLICATIONS)
    jsonschema_rs.validator_for(json.loads(traffic_schema())).validate(found)


def test_the_bill_begins_with_the_most_bytes_out_and_shows_every_standing():
    one = judged(site=msgspec.structs.replace(SITE, exceptions=(excepted("198.51.100.7"),)))
    found = traffic(one.evidence.records, one.derived)
    assert [line.destination.target for line in found.bill] == [
        "203.0.113.9", "198.51.100.7", "203.0.113.200",
    ]  # fmt: skip
    assert found.bill[0].name == "api.openai.com"
    assert [line.destination.target for line in found.visitors] == ["203.0.113.66"]
    shown = text.render(one).decode()
    assert "[x] api.openai.com" in shown
    assert "[~] 198.51.100.7" in shown
    assert "NO ANSWER" in shown
    assert "from 203.0.113.66" in shown


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_of_the_summary_is_too_long_or_obeyed_by_a_terminal(language):
    hostile = flow(names=names(http_host="a\x1b[2J\u202e" + "w" * 240))
    shown = text.render(judged(hostile, capture(path="x" * 300), language=language)).decode()
    assert all(columns(line) <= 100 for line in shown.splitlines())
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_capture_without_crossing_says_so_and_for_which_time():
    shown = text.render(judged(capture(), flow(dst="10.7.0.1"))).decode()
    assert "NO FLOW CROSSED THE PERIMETER at this place and time" in shown


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.paths = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids |= {found["id"]} if found.get("id") else set()
        href = found.get("href") or ""
        self.links |= {href[1:]} if href.startswith("#") else set()
        self.paths += tag == "path"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_has_the_chapter_and_every_link_leads_somewhere(language):
    one = judged(language=language)
    page = html.render(one).decode()
    tags = _Tags()
    tags.feed(page)
    assert "traffic" in tags.ids
    assert tags.links <= tags.ids
    chapter = traffic_chapter(one.evidence, one.derived, one.findings.judged_at, "{n} others")
    assert tags.paths == len(chapter.talks)
    assert "api.openai.com" in page


def test_the_picture_says_what_its_twin_says():
    one = judged()
    chapter = traffic_chapter(one.evidence, one.derived, one.findings.judged_at, "{n} others")
    assert len(chapter.picture.ribbons) == len(chapter.talks)
    assert sum(talk.flows for talk in chapter.talks) == 6
    assert ("it", "api.openai.com", "outside") in {
        (talk.left, talk.right, talk.standing) for talk in chapter.talks
    }


def test_many_destinations_are_drawn_as_one_and_none_is_lost():
    many = [flow(dst=f"198.51.100.{i}", bytes_out=1000 * i) for i in range(1, 100)]
    one = judged(capture(), *many)
    chapter = traffic_chapter(one.evidence, one.derived, one.findings.judged_at, "{n} others")
    assert len(chapter.talks) == 17
    assert "83 others" in {talk.right for talk in chapter.talks}
    assert sum(talk.flows for talk in chapter.talks) == 99


def test_ribbons_do_not_overlap_within_their_bars():
    picture = diagram([
        Link(left="a", right="x", size=10**9, standing="outside"),
        Link(left="a", right="y", size=1, standing="inside"),
        Link(left="b", right="x", size=0, standing="inside"),
    ])  # fmt: skip
    assert [node.label for node in picture.nodes] == ["a", "b", "x", "y"]
    tops = [node.y for node in picture.nodes[:2]]
    assert tops[1] > tops[0] + picture.nodes[0].height
    assert diagram([]).height == 1


def test_instants_are_exact_and_never_beyond_what_can_be_written():
    assert instant(1_700_000_000 * SECOND + 7) == "2023-11-14T22:13:20.000000007Z"
    assert instant(-5) == "1970-01-01T00:00:00.000000000Z"
    assert instant(10**30).startswith("9999-12-31T23:59:59")
    assert [duration(n) for n in (0, 59, 60, 3700, 90_000)] == [
        "0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h",
    ]  # fmt: skip
