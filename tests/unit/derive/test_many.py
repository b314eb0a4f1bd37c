"""auditor.derive._many: beyond a bound what is judged alike is one; nothing is lost, no verdict."""

from __future__ import annotations

import random
import re
from collections import Counter
from unittest.mock import patch

import msgspec
import pytest

from auditor import derive
from auditor.derive import _many
from auditor.derive._many import Together, few
from auditor.derive.traffic_destinations import DERIVATION
from auditor.derive.traffic_indicators import DERIVATION as INDICATORS
from auditor.derive.traffic_names import DERIVATION as NAMES
from auditor.evidence import Record
from auditor.evidence.site import Jurisdiction
from auditor.policy.engine import evaluate
from auditor.policy.pack import load_packs
from tests.traffic_records import AT, SECOND, SITE, evidence, excepted, flow, names, query

SITE_OF_DE = msgspec.structs.replace(
    SITE,
    jurisdiction=Jurisdiction(home="DE"),
    exceptions=(excepted("8.8.8.8"), excepted("good.example"), excepted("late.example", expires="2026-01-01")),
)  # fmt: skip
TRAFFIC = tuple(pack for pack in load_packs() if pack.name == "traffic")
# Registered in several countries; one is excepted, one multicast, one a known operator's.
FAR = ["8.8.8.8", "1.1.1.1", "9.9.9.9", "77.88.8.8", "114.114.114.114", "239.1.2.3", "203.0.113.9",
       "203.0.113.10", "2001:4860:4860::8888", "193.0.6.139", "80.67.169.12"]  # fmt: skip
MORE = re.compile(r" \(\+([\d,]+)\)$")


def some(seed: int) -> list[Record]:
    """Return flows and questions of every sort, by chance."""
    dice = random.Random(seed)
    flows = [
        flow(
            dst=dice.choice(FAR),
            src=dice.choice(["10.1.2.3", "10.7.0.9", "198.51.100.4"]),
            dst_port=dice.choice([443, 443, 53, 22, 40000]),
            application=dice.choice(["tls", "dns", "http", ""]),
            encrypted=dice.choice([True, True, False, None]),
            tcp_state=dice.choice(["closed", "attempt", "partial"]),
            packets_in=dice.choice([0, 3]),
            bytes_out=dice.randrange(10**7),
            hidden_name=dice.random() < 0.3,
            initiator_known=dice.random() < 0.8,
            names=dice.choice(
                [(), (), names(tls_sni="good.example"), names(tls_sni="api.openai.com")]
            ),
        )
        for _ in range(dice.choice([5, 12, 40]))
    ]
    asked = [
        query(
            name=dice.choice(["a.good.example", "good.example", "api.openai.com", "x.evil.example", "wpad"]),
            server=dice.choice(["10.1.0.53", "203.0.113.9"]),
            answers=dice.choice([(), ("203.0.113.10",)]),
            count=dice.randint(1, 9),
        )
        for _ in range(10)
    ]  # fmt: skip
    return [*flows, *asked]


def test_few_groups_stay_as_they_are() -> None:
    groups = [[3], [1, 1], [2]]
    assert list(few(groups, weight=sum, alike=len, most=3)) == [(one, Together()) for one in groups]


def test_beyond_the_bound_the_lightest_are_joined_where_they_are_alike() -> None:
    groups = [["a"], ["bbb"], ["c"], ["dd"], ["ee"], ["f"]]
    told = list(few(groups, weight=lambda g: len(g[0]), alike=lambda g: len(g[0]), most=2))
    assert told == [
        (["bbb"], Together()), (["dd"], Together()), (["ee"], Together()),
        (["a", "c", "f"], Together(3)),
    ]  # fmt: skip


def test_how_many_there_are_is_told() -> None:
    assert Together().named("10.0.0.1") == "10.0.0.1"
    assert Together(1_000_001).named("10.0.0.1") == "10.0.0.1 (+1,000,000)"


def test_a_sweep_is_one_destination_beside_the_largest() -> None:
    swept = [
        flow(dst=f"203.0.113.{n}", packets_in=0, bytes_in=0, bytes_out=40, tcp_state="attempt")
        for n in range(1, 101)
    ]
    with patch.object(_many, "MOST", 3):
        told = list(DERIVATION.derive(evidence(*swept, flow(dst="198.51.100.7", bytes_out=9000))))
    assert [(one.target, one.addresses) for one in told] == [
        ("198.51.100.7", 1), ("203.0.113.1", 1), ("203.0.113.2", 1), ("203.0.113.3 (+97)", 98),
    ]  # fmt: skip
    assert (told[-1].flows, told[-1].bytes_out, told[-1].answered) == (98, 98 * 40, 0)


def test_information_of_joined_domains_is_that_of_each() -> None:
    asked = [query(f"{n:032x}.d{n}.example") for n in range(9)]
    alone = sum(one.information for one in NAMES.derive(evidence(*asked)))
    with patch.object(_many, "MOST", 1):
        told = list(NAMES.derive(evidence(*asked)))
    assert [(one.domains, one.names_total) for one in told] == [(1, 1), (8, 8)]
    assert sum(one.information for one in told) == alone


def test_joined_indicators_keep_their_score() -> None:
    flows = [
        flow(src=f"10.1.3.{n}", first=0, last=5 * 3600 * SECOND, dst=f"203.0.113.{n}")
        for n in range(1, 6)
    ]
    with patch.object(_many, "MOST", 2):
        told = list(INDICATORS.derive(evidence(*flows)))
    assert [one.score for one in told] == [60, 60, 60]
    assert told[-1].subject == "10.1.3.3 → 203.0.113.3 (+2)"


def verdicts(records: list[Record]) -> Counter[tuple[str, str]]:
    """Return how many subjects each rule gave each verdict."""
    seen = evidence(*records, site=SITE_OF_DE)
    derived = derive.derive(seen, at=AT)
    judged = evaluate(TRAFFIC, seen, derived, evidence_sha256="0" * 64, judged_at=AT)
    counts: Counter[tuple[str, str]] = Counter()
    for finding in judged.findings:
        more = MORE.search(finding.subject)
        counts[finding.rule, finding.verdict] += 1 + int(more[1].replace(",", "") if more else 0)
    return counts


@pytest.mark.parametrize("seed", range(40))
def test_no_rule_judges_joined_records_otherwise(seed: int) -> None:
    records = some(seed)
    alone = verdicts(records)
    with patch.object(_many, "MOST", seed % 4):
        assert verdicts(records) == alone


@pytest.mark.parametrize(
    "other",
    [
        {"encrypted": None, "encrypted_why": "unknown"}, {"encrypted": False},
        {"packets_in": 0, "tcp_state": "attempt"}, {"application": "dns"}, {"hidden_name": True},
        {"dst": "239.1.2.3"}, {"dst": "8.8.8.8"}, {"dst": "77.88.8.8"},
        {"names": names(tls_sni="api.openai.com")}, {"names": names(tls_sni="good.example")},
        {"src": "198.51.100.4"}, {"src": "203.0.113.77", "dst": "10.1.2.3"},
    ],
)  # fmt: skip
def test_what_differs_in_one_thing_that_rules_ask_is_not_joined(other) -> None:
    records: list[Record] = [flow(), flow(**({"dst": "203.0.113.10"} | other))]
    alone = verdicts(records)
    with patch.object(_many, "MOST", 0):
        assert verdicts(records) == alone
