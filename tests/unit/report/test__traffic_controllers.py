"""Who asks controllers for what, in text, HTML and JSON: what was not dissected is never a zero."""

from __future__ import annotations

import json

import jsonschema_rs
import msgspec
import pytest

from auditor import api
from auditor.evidence.traffic import ControllerTalk, Exchange, Flow
from auditor.report import html, text
from auditor.report import json as json_format
from auditor.report._html_traffic import traffic_chapter
from auditor.report._traffic_document import traffic_schema
from tests.traffic_records import ORIGIN, capture, evidence, flow

NASTY = "topic <b>\u202e\x1b[31m"


def modbus(src: str = "10.1.2.3", src_port: int = 40000) -> Flow:
    return flow(src, "10.7.0.1", src_port=src_port, dst_port=502, application="modbus",
                encrypted=False, operations=("read",))  # fmt: skip


def talk(of: Flow, writes: int | None, *, why: tuple[str, ...] = ()) -> ControllerTalk:
    exchanges = (
        Exchange(does="write", function="Write Single Register", count=writes, objects=(NASTY,),
                 objects_total=1),
    ) if writes else ()  # fmt: skip
    return ControllerTalk(
        origin=ORIGIN, capture=of.capture, src=of.src, dst=of.dst, src_port=of.src_port,
        dst_port=of.dst_port, protocol=of.protocol, first=of.first, application="modbus",
        layer="scapy.contrib.modbus", packets=9, looked=9, reads=None if writes is None else 4,
        writes=writes, controls=None if writes is None else 0,
        others=None if writes is None else 0, undissected=0, exchanges=exchanges, why=why,
    )  # fmt: skip


def judged(*records, language: str = "en", dissected: bool = True):
    taken = evidence(capture(), *records)
    if dissected:
        (run,) = taken.runs
        run = msgspec.structs.replace(run, kinds=(*run.kinds, "controller_talk"))
        taken = msgspec.structs.replace(taken, runs=(run,))
    return api.evaluate(taken, api.Criteria(packs=("traffic",)), language=language)


def verdict(one) -> str:
    return next(rule.verdict for rule in one.findings.rules if rule.id == "TRF-IND-003")


@pytest.mark.parametrize(
    ("writes", "why", "expected"),
    [
        (2, (), "fail"),
        (2, ("some messages could not be dissected",), "fail"),
        (0, (), "pass"),
        (0, ("some messages could not be dissected",), "unknown"),
        (None, ("scapy is not installed",), "unknown"),
    ],
)
def test_what_is_not_known_is_no_pass(writes, why, expected) -> None:
    of = modbus()
    assert verdict(judged(of, talk(of, writes, why=why))) == expected


def test_where_nothing_was_dissected_the_rule_is_not_asked() -> None:
    one = judged(modbus(), dissected=False)
    assert verdict(one) == "not-applicable"
    reason = next(rule.reason for rule in one.findings.rules if rule.id == "TRF-IND-003")
    assert "--deep" in reason
    assert json.loads(json_format.render(one))["controllers"] == []
    assert "WHO ASKS" not in text.render(one).decode()


def test_the_document_names_them_and_obeys_its_schema() -> None:
    of = modbus()
    found = json.loads(json_format.render(judged(of, talk(of, 2))))
    jsonschema_rs.validator_for(json.loads(traffic_schema())).validate(found)
    (access,) = found["controllers"]
    assert (access["writes"], access["changing"], access["whole"]) == (2, 2, True)
    assert access["changes"][0].startswith("Write Single Register")


def test_the_text_says_who_writes_and_what_is_not_known() -> None:
    one, other = modbus(), modbus("10.1.2.4", 40001)
    shown = text.render(judged(one, other, talk(one, 2), talk(other, None, why=("it broke off",))))
    told = shown.decode()
    assert "WHO ASKS CONTROLLERS FOR WHAT (2)" in told
    assert "[x] 10.1.2.3 → 10.7.0.1: modbus (it → cell): writes 2" in told
    assert "[?] 10.1.2.4 → 10.7.0.1: modbus (it → cell): writes ?" in told
    assert "NOT KNOWN: it broke off" in told
    assert "\x1b" not in told
    assert "\u202e" not in told


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_chapter_has_them_the_gravest_first(language: str) -> None:
    one, other = modbus(), modbus("10.1.2.4", 40001)
    found = judged(
        other, one, talk(other, None, why=("it broke off",)), talk(one, 2), language=language
    )
    chapter = traffic_chapter(found.evidence, found.derived, found.findings.judged_at, "{n}")
    assert [state for state, _ in chapter.controllers] == ["bad", "open"]
    page = html.render(found).decode()
    assert "Write Single Register" in page
    assert "<b>\u202e" not in page
    assert "it broke off" in page
