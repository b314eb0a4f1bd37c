"""The report in a browser: one request, silent, accessible, and whole on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from auditor.report.html import render

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("no chromium on this machine", allow_module_level=True)

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def axe_source() -> str:
    """Return axe-core's script, or skip where nothing on this machine carries it."""
    found = find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed (pip install axe-playwright-python)")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with playwright.sync_playwright() as driver:
        try:
            opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"chromium does not start here: {str(error).splitlines()[0]}")
        yield opened
        opened.close()


@pytest.fixture
def saved(tmp_path, judgements):
    """Return a function that renders a judgement into a file and gives its address."""

    def save(judgement) -> str:
        path = tmp_path / "report.html"
        path.write_bytes(render(judgement))
        return path.as_uri()

    return save


def open_page(browser, address: str, **options):
    page = browser.new_context(**options).new_page()
    page.seen = {"requests": [], "messages": []}
    page.on("request", lambda request: page.seen["requests"].append(request.url))
    page.on("console", lambda message: page.seen["messages"].append(message.text))
    page.on("pageerror", lambda error: page.seen["messages"].append(str(error)))
    page.goto(address)
    return page


@pytest.mark.parametrize("build", ["leaky", "sealed", "manifests", "models"])
def test_it_asks_for_itself_alone_and_logs_nothing(browser, saved, judgements, build):
    address = saved(getattr(judgements, build)())
    page = open_page(browser, address)
    page.click("#expand")
    assert page.seen == {"requests": [address], "messages": []}
    assert page.evaluate("[...document.querySelectorAll('details')].every((d) => d.open)")
    page.context.close()


@pytest.mark.parametrize("number", range(10))
def test_hostile_names_run_nothing(browser, saved, judgements, number):
    address = saved(judgements.hostile(judgements.HOSTILE[number]))
    page = open_page(browser, address)
    assert page.evaluate("document.title") != "owned"
    assert page.seen == {"requests": [address], "messages": []}
    page.context.close()


@pytest.mark.parametrize(
    "build, scheme",
    [("leaky", "light"), ("leaky", "dark"), ("sealed", "light"), ("manifests", "dark")],
)
def test_axe_finds_no_violation(browser, saved, judgements, build, scheme):
    source = axe_source()
    address = saved(getattr(judgements, build)("zh" if build == "sealed" else "en"))
    page = open_page(browser, address, color_scheme=scheme, bypass_csp=True)
    page.click("#expand")
    page.evaluate(source)
    result = page.evaluate("(tags) => axe.run({runOnly: tags})", RULES)
    assert len(result["passes"]) > 15
    assert [(v["id"], v["nodes"][0]["html"]) for v in result["violations"]] == []
    page.context.close()


@pytest.mark.parametrize("width", [360, 420, 768, 1280, 1920])
def test_nothing_is_wider_than_the_window(browser, saved, judgements, width):
    address = saved(judgements.hostile("A" * 399))
    page = open_page(browser, address, viewport={"width": width, "height": 900})
    page.click("#expand")
    excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(excess) == 0
    page.context.close()


def squeezed(text: str) -> str:
    """Return text without white space: paper breaks lines where it likes."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_has_every_finding_gap_and_condition(browser, saved, judgements, tmp_path, scripts):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (poppler-utils)")
    judgement = judgements.leaky()
    page = open_page(browser, saved(judgement), java_script_enabled=scripts)
    page.pdf(path=str(tmp_path / "report.pdf"), prefer_css_page_size=True)
    page.context.close()
    done = subprocess.run(
        ["pdftotext", "-raw", str(tmp_path / "report.pdf"), "-"], check=True, capture_output=True
    )
    paper = squeezed(done.stdout.decode())
    wanted = [finding.subject for finding in judgement.findings.findings]
    wanted += [f.observed or f.reason for f in judgement.findings.findings if f.verdict != "pass"]
    wanted += [gap.detail for gap in judgement.evidence.gaps]
    wanted += [rule.require for rule in judgement.findings.rules]
    wanted += [rule.reason for rule in judgement.findings.rules]
    assert [text for text in wanted if squeezed(text) not in paper] == []
    assert re.search(r"1/\d\d?", paper), "pages are numbered"


def test_ten_thousand_findings_load(browser, saved, judgements):
    address = saved(judgements.many(10_000))
    page = open_page(browser, address)
    began = page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
    assert began < 10_000, "milliseconds"
    assert page.evaluate("document.querySelectorAll('article.rule').length") >= 50
    page.context.close()


def test_without_style_and_script_it_is_still_a_document(browser, saved, judgements):
    page = open_page(browser, saved(judgements.leaky()), java_script_enabled=False)
    text = page.inner_text("main")
    assert text.index("NOT COMPLIANT") < text.index("Scope and criteria") < text.index("Glossary")
    assert page.evaluate("document.getElementById('expand').hidden") is True
    page.context.close()
