"""Renders a judgement as one HTML file that needs no network, no script and no style to be read."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct

from auditor.data import folder
from auditor.evidence.bundle import Subject
from auditor.policy.summary import Summary, summarize
from auditor.report import Judgement, Renderer
from auditor.report._controls import STATES, Framework, frameworks
from auditor.report._figures import amount, size
from auditor.report._html_annex import (
    GapGroup,
    KindCount,
    WaiverUse,
    gap_groups,
    kind_counts,
    waiver_uses,
)
from auditor.report._html_destinations import STANDINGS, Destinations, destinations
from auditor.report._html_findings import Arranged, anchor, arrange
from auditor.report._html_host import Machine, machine
from auditor.report._html_models import Chapter, chapter
from auditor.report._html_traffic import TrafficChapter, traffic_chapter
from auditor.report._html_verdict import Headline, headline
from auditor.report._html_workloads import Manifests, manifests
from auditor.report._text import visible
from auditor.report._words import Words

# A rule's expression is shown whole; one of ours has at most some hundred characters.
_EXPRESSION_LIMIT = 4_000
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)


class Page(Struct, frozen=True, kw_only=True):
    """Everything that the template shows; the template decides nothing but the layout.

    `whole` tells whether something looked and missed nothing: no gap, no unread input, full
    coverage, no rule without its facts.
    """

    judgement: Judgement
    summary: Summary
    subject: Subject
    headline: Headline
    arranged: Arranged
    frameworks: tuple[Framework, ...]
    places: Destinations
    machine: Machine
    manifests: Manifests
    models: Chapter
    traffic: TrafficChapter
    gaps: tuple[GapGroup, ...]
    kinds: tuple[KindCount, ...]
    waivers: tuple[WaiverUse, ...]
    whole: bool


class Asset(Struct, frozen=True, kw_only=True):
    """A style or script of ours, and the source expression that allows exactly its bytes."""

    text: Markup
    source: str


def render(judgement: Judgement) -> bytes:
    """Return the report of a judgement: UTF-8, the same bytes for the same judgement."""
    words = Words(judgement.language)
    template = _environment().get_template("report.html.j2")
    text = template.render(
        page=_page(judgement, words), t=words, css=_asset("report.css"), js=_asset("report.js")
    )
    return text.encode("utf-8")


def _page(judgement: Judgement, words: Words) -> Page:
    evidence, findings = judgement.evidence, judgement.findings
    places = destinations(judgement.derived)
    summary = summarize(evidence, findings)
    read = all(item.status == "judged" for item in evidence.inputs)
    whole = (
        bool(evidence.runs)
        and read
        and not evidence.gaps
        and not summary.rules_unknown
        and summary.coverage_seen >= summary.coverage_total
    )
    return Page(
        judgement=judgement,
        summary=summary,
        subject=evidence.subject,
        headline=headline(judgement, places, words),
        arranged=arrange(findings, words.language),
        frameworks=frameworks(findings.rules, words.language),
        places=places,
        machine=machine(evidence, judgement.derived),
        manifests=manifests(evidence, judgement.derived),
        models=chapter(evidence.records, judgement.derived),
        traffic=traffic_chapter(
            evidence, judgement.derived, findings.judged_at, words("traffic.more_ends", n="{n}")
        ),
        gaps=gap_groups(evidence),
        kinds=kind_counts(evidence),
        waivers=waiver_uses(findings),
        whole=whole,
    )


def _harmless(value: object) -> object:
    """Return a value as it may be shown: the one way by which text reaches the page.

    Jinja calls this on every expression before it escapes markup. Only `Markup` passes as it
    is, and only this file and the template's own macros make any.
    """
    if isinstance(value, Markup):
        return value
    if isinstance(value, bool) or value is None:
        raise TypeError(f"the template shows {value!r}, which is not a word")
    if isinstance(value, int):
        return f"{value:,}"
    return visible(str(value))


def _expression(text: str) -> Markup:
    """Return an expression in one line, whole."""
    return escape(visible(" ".join(text.split()), limit=_EXPRESSION_LIMIT))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["expression"] = _expression
    environment.filters["bytes"] = size
    environment.filters["amount"] = amount
    environment.filters["moment"] = _moment
    environment.globals.update(anchor=anchor, standings=STANDINGS, control_states=STATES, bars=bars)
    return environment


def bars(counts: tuple[tuple[str, int], ...], total: int) -> tuple[tuple[str, str, str], ...]:
    """Return (state, x, width) of a stacked bar, in percent of its whole, empty parts left out."""
    before = 0
    parts = []
    for state, count in counts:
        if count:
            parts.append((state, _percent(before, total), _percent(count, total)))
        before += count
    return tuple(parts)


def _percent(part: int, whole: int) -> str:
    """Return a share with two decimals, by integers, so that every machine writes the same."""
    hundredths = 10_000 * part // whole if whole else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _moment(text: str) -> str:
    """Return an RFC 3339 time in UTC as people write it: `2026-11-24 08:30:00 UTC`."""
    return f"{text[:10]} {text[11:19]} UTC" if _UTC.fullmatch(text) else text


@lru_cache(maxsize=8)
def _asset(name: str) -> Asset:
    """Return a style or script; its hash is over the very text between the tags."""
    text = (folder("templates") / name).read_text(encoding="utf-8")
    if "</" in text:
        raise ValueError(f"templates/{name} could end its own element")
    digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Asset(text=Markup(text), source=f"'sha256-{digest}'")  # noqa: S704 - our own file


RENDERER = Renderer(title="Report to read and print", filename="report.html", render=render)
