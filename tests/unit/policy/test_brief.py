"""A judgement that holds some sentences or none has the figures of a whole one."""

from __future__ import annotations

import hashlib
import json
import random

import msgspec
import pytest

from auditor.delivery import Delivery
from auditor.derive import derive
from auditor.evidence import Gap, bundle
from auditor.policy import waivers, wording
from auditor.policy.summary import summarize
from auditor.report import Judgement, text
from tests.unit.policy.worlds import HERE, account, evidence, judge, pack

PASSWORDS = ("set", "empty", "locked", None)
WAIVER = """
waivers:
- rule: TST-ACC-001
  subject: '%s'
  owner: zhang
  approved_by: li
  reason: known
  expires: 2026-11-26
"""


def world(number=40, gaps=()):
    return evidence(
        *(account(f"a{at}", password=PASSWORDS[at % 4]) for at in range(number)), gaps=gaps
    )


@pytest.mark.parametrize(
    "gaps", [(), (Gap(kind="account", reason="denied", detail="no", origin=HERE),)]
)
@pytest.mark.parametrize("subject", ["", "a1", "a*", "nobody"])
@pytest.mark.parametrize("allowed", [False, True])
def test_its_figures_are_those_of_a_whole_one(gaps, subject, allowed):
    given = waivers.load_waivers((WAIVER % subject).encode(), "w.yaml") if subject else ()
    shown = world(gaps=gaps)
    options = {"waivers": given, "allow_unknown": allowed}
    whole = judge(pack(), shown, **options)
    for sentences in (wording.NONE, wording.shown_in("en"), wording.shown_in("zh")):
        brief = judge(pack(), shown, sentences=sentences, **options)
        assert summarize(shown, brief) == summarize(shown, whole)
        assert brief.rules == whole.rules
        assert brief.unused_waivers == whole.unused_waivers


def test_it_holds_one_finding_for_all_that_count_alike():
    found = judge(pack(), world(400), sentences=wording.NONE).findings
    assert len(found) == 400
    assert len({id(finding) for finding in found}) < 10
    assert {finding.observed for finding in found} == {""}


def test_a_whole_one_holds_each_sentence_once():
    found = judge(pack(("{username} has {password}", "it has {password}")), world(400)).findings
    assert len({id(finding.observed) for finding in found}) == len({f.observed for f in found})


def test_the_printed_summary_is_that_of_a_whole_judgement():
    shown = world(40, gaps=(Gap(kind="account", reason="denied", detail="no", origin=HERE),))
    for language in ("en", "zh"):
        whole, read = (
            Judgement(
                evidence=shown,
                derived=(),
                findings=judge(pack(), shown, sentences=sentences),
                language=language,
            )
            for sentences in (wording.EVERY, wording.shown_in(language))
        )
        assert text.render(read) == text.render(whole)
        assert read.findings != whole.findings


@pytest.mark.parametrize(("delivery", "sentences"), [
    (Delivery(quiet=True), wording.NONE), (Delivery(), wording.shown_in("zh")),
    (Delivery(quiet=True, formats=("json",)), wording.EVERY),
])  # fmt: skip
def test_only_what_nobody_reads_is_left_out(delivery, sentences, tmp_path):
    assert delivery.sentences("zh") == sentences
    assert msgspec.structs.replace(delivery, folder=tmp_path).sentences("zh") == wording.EVERY


@pytest.mark.parametrize("run", [3, 50, 8192])
def test_a_bundle_is_the_same_bytes_in_any_order_and_in_pieces(run, monkeypatch):
    monkeypatch.setattr(bundle, "_RUN", run)
    shown = bundle.ordered(world(100))
    data = bundle.encode(shown)
    records = [*shown.records, *shown.records[:9]]
    random.Random(run).shuffle(records)
    mixed = msgspec.structs.replace(shown, records=tuple(records))
    assert bundle.ordered(mixed) == shown
    assert bundle.encode(mixed) == data
    assert bundle.sha256(mixed) == hashlib.sha256(data).hexdigest()
    assert bundle.decode(data) == shown
    assert len(json.loads(data)["records"]) == 100


def test_a_bundle_of_nothing_is_one():
    empty = evidence()
    assert bundle.decode(bundle.encode(empty)) == empty
    assert bundle.encode(empty).endswith(b'"gaps":[],\n"records":[]}\n')


def test_what_is_derived_stands_in_an_order_of_content():
    shown = world(60)
    other = msgspec.structs.replace(shown, records=shown.records[::-1])
    assert derive(shown) == derive(other)
