"""Whatever a machine is named, the formats that people read stay whole and inert."""

from __future__ import annotations

import csv
import io
import re
import runpy
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.report import csv as csv_format
from auditor.report import html, markdown
from auditor.report import text as text_format

JUDGEMENTS = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "judgements.py")))
MARKUP = st.lists(
    st.sampled_from(
        ["<", ">", '"', "'", "&", "`", "|", "\\", "{{", "}}", "{%", "#}", "=", "\u202e", "\x00", "\x1b",
         "\r\n", "]]>", "<!--", "-->", "</script>", "javascript:", "&lt;", "&#60;", "\ud800", "@", "x"]
    ),
    max_size=12,
).map("".join)  # fmt: skip
TEXT = st.one_of(MARKUP, st.text(alphabet=st.characters(exclude_categories=()), max_size=40))


class Tags(HTMLParser):
    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.seen: set[tuple[str, tuple[str, ...]]] = set()
        self.links: set[str] = set()
        self.feed(document.decode())

    def handle_starttag(self, tag, attrs):
        self.seen.add((tag, tuple(sorted(name for name, _ in attrs))))
        self.links |= {value[:1] for name, value in attrs if name == "href" and tag == "a"}


ORDINARY = {
    mode: Tags(html.render(JUDGEMENTS.hostile("x", mode))).seen
    | Tags(html.render(JUDGEMENTS.hostile("", mode))).seen
    for mode in ("host", "manifests", "models")
}


@settings(max_examples=40, deadline=None)
@given(TEXT, st.sampled_from(["host", "manifests", "models"]), st.sampled_from(["en", "zh"]))
def test_no_text_adds_an_element_or_an_attribute(text, mode, language):
    page = Tags(html.render(JUDGEMENTS.hostile(text, mode, language)))
    assert page.seen <= ORDINARY[mode]
    assert page.links == {"#"}


@settings(max_examples=40, deadline=None)
@given(TEXT)
def test_no_text_breaks_out_of_its_cell(text):
    document = csv_format.render(JUDGEMENTS.hostile(text)).decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(document, newline=""), strict=True))
    assert {len(row) for row in table} == {len(csv_format.COLUMNS)}
    assert not any(re.match(r"\s*[=+@]", cell) for row in table for cell in row)


@settings(max_examples=40, deadline=None)
@given(TEXT)
def test_no_text_adds_a_line(text):
    plain = markdown.render(JUDGEMENTS.hostile("x")).decode()
    assert len(markdown.render(JUDGEMENTS.hostile(text)).decode().splitlines()) == len(
        plain.splitlines()
    )


@settings(max_examples=12, deadline=None)
@given(TEXT, st.sampled_from(["en", "zh"]), st.sampled_from(["host", "manifests", "models"]))
def test_no_text_reaches_a_terminal_as_a_command(text, language, mode):
    shown = text_format.render(JUDGEMENTS.hostile(text, mode, language)).decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2066-\u2069]", shown)


def test_a_hostile_title_of_a_pack_of_ones_own_adds_no_line_to_the_terminal():
    shown = text_format.render(JUDGEMENTS.hostile("a\n::error::b\x1b[2J")).decode()
    assert "\n::error::" not in shown
    assert "\x1b" not in shown
