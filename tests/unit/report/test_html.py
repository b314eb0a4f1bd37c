"""What the HTML report shows, and what it must never do."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from auditor.errors import EvidenceError
from auditor.evidence import ASSUMED_SITE, Coverage
from auditor.policy.summary import summarize
from auditor.report import load
from auditor.report._text import visible
from auditor.report._words import Words
from auditor.report.html import render

CHECKOUT = Path(__file__).parents[3]
VOID = {"meta", "link", "br", "rect"}


class Page(HTMLParser):
    """The page as a reader gets it: elements with attributes, and the text outside scripts."""

    def __init__(self, document: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self._open: list[str] = []
        self.feed(document.decode())
        self.close()
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs), "an attribute stands twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self._open and self._open[-1] in self.raw:
            self.raw[self._open[-1]].append(data)
        else:
            self.text += data

    def attributes(self, name: str) -> list[str]:
        return [values[name] or "" for _, values in self.elements if name in values]


def names_used(page: Page) -> set[tuple[str, str]]:
    return {(tag, name) for tag, values in page.elements for name in values}


@pytest.fixture(scope="module")
def ordinary(judgements) -> set[tuple[str, str]]:
    """Return every (element, attribute) pair that pages of harmless evidence use."""
    pages = [
        judgements.leaky(), judgements.sealed(), judgements.manifests(), judgements.hostile("x"),
        judgements.hostile("x", "manifests"), judgements.models(), judgements.hostile("x", "models"),
    ]  # fmt: skip
    return set().union(*(names_used(Page(render(page))) for page in pages))


@pytest.mark.parametrize("mode", ["host", "manifests", "models"])
@pytest.mark.parametrize("number", range(10))
def test_hostile_text_in_every_field_of_every_kind_is_inert(judgements, ordinary, number, mode):
    text = judgements.HOSTILE[number]
    document = render(judgements.hostile(text, mode))
    page = Page(document)
    assert names_used(page) <= ordinary
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert not any(name.startswith("on") or name == "style" for _, name in names_used(page))
    assert all(href.startswith("#") or href == "data:," for href in page.attributes("href"))
    assert page.attributes("src") == []
    whole = document.decode()
    assert visible(whole, limit=10**9).replace("\\n", "\n") == whole.replace("\\n", "\n")
    assert page.text.count(visible(text)) > 50, "the text is there, to be read"


def test_a_very_long_name_is_cut(judgements):
    document = render(judgements.hostile("A" * 100_000))
    assert len(document) < 1_000_000
    assert "A" * 399 + "…" in document.decode()


def test_the_policy_allows_exactly_the_script_and_style_that_are_there(judgements):
    page = Page(render(judgements.leaky()))
    (policy,) = [v["content"] for t, v in page.elements if v.get("http-equiv")]
    for kind in ("script", "style"):
        text = "".join(page.raw[kind])
        digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_nothing_is_fetched_and_nothing_leads_away(judgements):
    for build in (judgements.leaky, judgements.manifests):
        document = render(build()).decode()
        assert not re.search(
            r"(src|href|action|srcset|data|poster)\s*=\s*[\"']?(https?:)?//", document
        )
        assert "@import" not in document
        assert "url(" not in document


def test_every_link_leads_to_an_element_and_no_id_stands_twice(judgements):
    for build in (judgements.leaky, judgements.sealed, judgements.manifests, judgements.assumed):
        page = Page(render(build()))
        ids = page.attributes("id")
        assert len(ids) == len(set(ids))
        links = {href[1:] for href in page.attributes("href") if href.startswith("#")}
        assert links <= set(ids), links - set(ids)


# ISO 19011:2018, 6.5.1: what an audit report contains, and where it is here.
ISO_19011 = {
    "objectives": "objectives", "scope": "scope", "team": "team and client", "dates": "dates",
    "criteria": "criteria", "findings": "findings", "evidence": "evidence",
    "conclusion": "conclusions", "degree": "degree of fulfilment", "opinions": "opinions",
    "sampling": "sampling", "obstacles": "obstacles", "notcovered": "areas not covered",
    "followup": "follow-up", "distribution": "confidentiality and distribution", "method": "method",
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_part_that_iso_19011_asks_for_is_there(judgements, language):
    for build in (judgements.leaky, judgements.sealed, judgements.manifests):
        assert set(ISO_19011) <= set(Page(render(build(language))).attributes("id"))


def test_the_page_never_says_that_it_is_verified(judgements):
    for build in (judgements.leaky, judgements.sealed, judgements.manifests):
        text = Page(render(build())).text.lower()
        assert "verified" not in text
        assert "audit verify report.html --trust key.pub" in text
        assert "head -n -1 report.html | sha256sum" in text
        assert "ssh-keygen -y verify" in text


def test_the_same_bytes_under_every_hash_seed(judgements):
    code = (
        "import runpy, sys; from auditor.report.html import render;"
        "j = runpy.run_path('tests/judgements.py');"
        "sys.stdout.buffer.write(render(j['leaky']('zh')) + render(j['manifests']()))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(CHECKOUT)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1
    assert runs.pop() == render(judgements.leaky("zh")) + render(judgements.manifests())


def test_figures_are_those_of_the_summary(judgements):
    for build in (judgements.leaky, judgements.sealed, judgements.manifests):
        judgement = build()
        summary = summarize(judgement.evidence, judgement.findings)
        text = Page(render(judgement)).text
        judged = summary.rules_total - summary.rules_not_applicable
        assert f"Findings to act on {summary.blocking} " in text
        assert f"Rules passed {summary.rules_passed} of {judged} " in text
        assert f"Rules undecided {summary.rules_unknown + summary.rules_errors} " in text
        assert f"{summary.gaps} facts not readable" in text


def test_every_finding_is_told(judgements):
    judgement = judgements.leaky()
    text = Page(render(judgement)).text
    for finding in judgement.findings.findings:
        assert finding.subject in text
        if finding.verdict != "pass":
            assert finding.origin.place in text
            assert (finding.observed or finding.reason) in text
    for rule in judgement.findings.rules:
        assert rule.id in text
        assert " ".join(rule.require.split()) in text
        assert rule.reason in text


def test_a_finding_of_no_rule_is_an_error_and_not_left_out(judgements):
    lost = judgements.finding("NO-SUCH-RULE", "x")
    judgement = msgspec.structs.replace(
        judgements.leaky(), findings=judgements.findings(findings=(lost,))
    )
    with pytest.raises(EvidenceError, match="NO-SUCH-RULE"):
        render(judgement)


def test_ten_thousand_findings_take_less_than_three_seconds(judgements):
    judgement = judgements.many(10_000)
    begin = time.process_time()
    document = render(judgement)
    assert time.process_time() - begin < 3
    assert len(document) < 8_000_000
    assert document.decode().count('<tr><td data-label="Observed">') == 10_000


def test_what_a_table_leaves_out_is_counted(judgements):
    rule = judgements.rule("PER-BIG-001", "destination", "fail", failed=700, judged=700)
    found = tuple(judgements.finding(rule.id, f"subject {i}") for i in range(700))
    judgement = msgspec.structs.replace(
        judgements.leaky(), findings=judgements.findings(rules=(rule,), findings=found)
    )
    text = Page(render(judgement)).text
    assert text.count("leads outside the perimeter") == 500
    assert "200 more in findings.json." in text


def test_an_assumed_perimeter_and_missing_rights_are_said_at_the_top(judgements):
    judgement = judgements.assumed()
    head = Page(render(judgement)).text.split("Scope and criteria", 2)[1]
    assert "The perimeter was assumed" in head
    assert "without root" in head
    assert "47 facts could not be read" in head
    assert "The perimeter was assumed" not in Page(render(judgements.leaky())).text


def test_a_recorded_machine_is_called_a_copy(judgements):
    subject = msgspec.structs.replace(judgements.evidence().subject, recorded=True)
    judgement = msgspec.structs.replace(
        judgements.leaky(), evidence=judgements.evidence(subject=subject)
    )
    text = Page(render(judgement)).text
    assert "not the machine itself" in text
    assert "files recorded from the machine" in text
    assert "the running system" not in text


WHOLE = "Everything that the collectors look at could be read."


def test_everything_was_read_is_said_only_when_it_was(judgements):
    judgement = judgements.sealed()
    assert WHOLE not in Page(render(judgement)).text, "coverage is 167 of 211"
    runs = tuple(
        msgspec.structs.replace(run, gaps=0, coverage=(Coverage(what="all", seen=3, total=3),))
        for run in judgement.evidence.runs
    )
    whole = msgspec.structs.replace(judgement.evidence, runs=runs)
    assert WHOLE in Page(render(msgspec.structs.replace(judgement, evidence=whole))).text
    assert WHOLE not in Page(render(judgements.leaky())).text
    assert WHOLE not in Page(render(judgements.manifests())).text, "an input was not read"


def test_a_gap_and_an_unread_input_are_listed(judgements):
    text = Page(render(judgements.leaky())).text
    for gap in judgements.evidence().gaps:
        assert gap.detail in text
        assert gap.origin.place in text
    text = Page(render(judgements.manifests())).text
    assert "deploy/chart/templates/x.yaml" in text
    assert "unsupported: Helm template" in text


def test_what_could_not_be_read_is_not_shown_as_no(judgements):
    document = render(judgements.leaky()).decode()
    assert '<dt>Secure Boot</dt><dd><span class="unread">not readable</span></dd>' in document


def test_chinese_pages_say_so_and_use_the_packs_chinese(judgements):
    document = render(judgements.leaky("zh")).decode()
    assert '<html lang="zh-CN">' in document
    page = Page(render(judgements.leaky("zh")))
    assert "存在通向边界之外的连接" in page.text
    assert "已连接到 203.0.113.77:443" in page.text
    assert "A connection leads outside" not in page.text
    assert Words("fr").language == "en"


def test_the_format_is_found_by_its_name():
    assert load("html").filename == "report.html"
    assert load("html").render is render


def test_site_words_reach_the_scope(judgements):
    text = Page(render(judgements.leaky())).text
    assert "10.20.0.0/16" in text
    assert "ntp.provider.example:123" in text
    judgement = msgspec.structs.replace(
        judgements.leaky(), evidence=judgements.evidence(site=ASSUMED_SITE)
    )
    assert "169.254.0.0/16" in Page(render(judgement)).text


def test_the_last_line_ends_so_that_a_seal_can_follow(judgements):
    document = render(judgements.leaky())
    assert document.endswith(b"</html>\n")
    assert b"\r" not in document


@pytest.mark.parametrize("mode", ["host", "manifests", "models"])
def test_what_is_unread_is_shown_as_unread_everywhere(judgements, mode):
    document = render(judgements.unread(mode)).decode()
    assert not re.search(r"\bNone\b(?! of)", document)
    unread, told = document.count(">not readable<"), document.count("cannot be told<")
    assert (unread >= 8 and told >= 3) if mode == "host" else unread >= 1


def test_empty_evidence_is_a_page_that_claims_nothing(judgements):
    judgement = msgspec.structs.replace(
        judgements.leaky(),
        derived=(),
        evidence=judgements.evidence(records=(), gaps=(), runs=()),
        findings=judgements.findings(rules=(), findings=(), packs=(), params=(), unused_waivers=()),
    )
    text = Page(render(judgement)).text
    assert "INCONCLUSIVE" in text
    assert "Nothing was judged." in text
    assert "No way out was found" not in text
    assert WHOLE not in text


def test_an_ipv6_target_is_told_from_its_port(judgements):
    outside = judgements.destination("2001:db8::10", port=443)
    judgement = msgspec.structs.replace(judgements.leaky(), derived=(outside,))
    assert "[2001:db8::10]:443" in Page(render(judgement)).text
