"""What a hostile name looks like in a report."""

from __future__ import annotations

import json
import unicodedata
import xml.etree.ElementTree as ET
from html import escape

from hypothesis import given
from hypothesis import strategies as st

from auditor.report._text import columns, visible, visible_json, wrapped


def test_plain_text_in_any_script_stays_as_it_is():
    for text in ("ai/Deployment/llm", "模型服务器 → 外部", "Zürich: 100 %", "Привет", "a\\b"):
        assert visible(text) == text


def test_a_terminal_is_given_no_orders():
    assert visible("\x1b[2J\x1b]0;owned\x07") == "\\x1b[2J\\x1b]0;owned\\x07"
    assert visible("one\r\ntwo\tthree") == "one\\r\\ntwo\\tthree"
    assert visible("\x9b31m") == "\\x9b31m"


def test_text_is_not_reordered_or_hidden():
    assert visible("user\u202etxt.exe") == "user\\u202etxt.exe"
    assert visible("open\u200bai.com") == "open\\u200bai.com"
    assert visible("tag\U000e0041") == "tag\\U000e0041"
    assert visible("\ufeffbom") == "\\ufeffbom"


def test_a_lone_surrogate_can_be_written():
    assert visible("caf\udce9").encode() == b"caf\\udce9"


def test_long_text_is_cut_and_says_so():
    assert visible("a" * 50, limit=10) == "a" * 9 + "…"
    assert visible("a" * 10, limit=10) == "a" * 10
    assert visible("", limit=0) == ""
    assert len(visible("\u202e" * 1_000_000, limit=100)) <= 100


@given(st.text(alphabet=st.characters(exclude_categories=())), st.integers(1, 60))
def test_never_more_than_the_limit_and_nothing_unseen(text, limit):
    shown = visible(text, limit=limit)
    assert len(shown) <= limit
    assert all(unicodedata.category(c) not in ("Cc", "Cs", "Co", "Zl", "Zp") for c in shown)
    assert not any(
        unicodedata.bidirectional(c)
        in ("RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDI", "PDF")
        for c in shown
    )
    ET.fromstring(f"<a b='{escape(shown)}'>{escape(shown)}</a>")


def test_json_keeps_its_meaning_and_loses_its_teeth():
    document = '{"a": "x\u202ey\x9b\U000e0041 模型"}'.encode()
    harmless = visible_json(document)
    assert json.loads(harmless) == json.loads(document)
    assert "\u202e".encode() not in harmless
    assert "模型".encode() in harmless


@given(st.text(alphabet="ab 模型", max_size=120), st.integers(8, 40))
def test_wrapping_loses_no_letter_and_keeps_the_width(text, width):
    lines = wrapped(text, width=width, first="- ", rest="  ")
    assert all(columns(line) <= width for line in lines)
    body = "".join([lines[0][2:], *(line[2:] for line in lines[1:])])
    assert body.replace(" ", "") == text.replace(" ", "")
