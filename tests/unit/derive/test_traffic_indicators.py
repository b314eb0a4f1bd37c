"""auditor.derive.traffic_indicators: what deserves a look, and what does not."""

from __future__ import annotations

from typing import get_args

import pytest

from auditor.derive._regular import alikeness, regularity
from auditor.derive.traffic_indicators import _CAUTIONS, DERIVATION
from auditor.evidence.crossing import Indicator
from auditor.report._terms_traffic import TRAFFIC_TERMS
from tests.traffic_records import SECOND, evidence, flow, query


def indicators(*records):
    return {one.indicator: one for one in DERIVATION.derive(evidence(*records))}


def beacon(dst: str = "203.0.113.9", **changes: object):
    return [
        flow(dst=dst, first=60 * i * SECOND, last=(60 * i + 1) * SECOND, **changes)
        for i in range(20)
    ]


def test_every_indicator_has_its_caution_in_both_languages():
    assert set(_CAUTIONS) == set(get_args(Indicator))
    for indicator, caution in _CAUTIONS.items():
        english, chinese = TRAFFIC_TERMS[f"caution.{indicator}"]
        assert english == caution
        assert chinese


def test_a_clock_over_the_perimeter_is_periodic():
    found = indicators(*beacon())["periodic"]
    assert found.score == 100
    assert "one every 60 s" in found.detail


def test_a_controller_that_polls_inside_is_none():
    assert indicators(*beacon(dst="10.7.0.1")) == {}


def test_times_without_a_pattern_are_not_periodic():
    times = [0, 7, 9, 100, 340, 341, 600, 1800, 1805, 4000]
    assert regularity([t * SECOND for t in times])[0] < 50
    assert regularity([1, 2, 3]) == (0, 0)
    assert alikeness([100, 100, 101]) > 90


@pytest.mark.parametrize(
    ("changes", "indicator"),
    [
        ({"bytes_out": 5_000_000, "bytes_in": 10_000}, "byte-asymmetry"),
        ({"last": 7200 * SECOND}, "long-connection"),
        ({"application": "ssh"}, "unknown-protocol"),
        ({"application": ""}, "unknown-protocol"),
        ({"dst_port": 853}, "hidden-resolver"),
        ({"hidden_name": True}, "hidden-name"),
    ],
)
def test_what_a_flow_shows(changes, indicator):
    assert set(indicators(flow(**changes))) == {indicator}


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"bytes_out": 900_000, "bytes_in": 1}, {"last": 600 * SECOND},
        {"application": "", "tcp_state": "partial"}, {"application": "", "dst_port": 4711},
        {"bytes_out": 5_000_000, "bytes_in": 5_000_000},
    ],
)  # fmt: skip
def test_what_an_ordinary_flow_shows_is_nothing(changes):
    assert indicators(flow(**changes)) == {}


def test_names_that_carry_information_are_told():
    asked = [query(f"{i * 7919:040x}.t.example.com") for i in range(1, 300)]
    found = indicators(*asked)["dns-information"]
    assert found.subject == "example.com"
    assert indicators(*[query(f"www{i}.example.com") for i in range(30)]) == {}
