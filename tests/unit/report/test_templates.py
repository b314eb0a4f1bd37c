"""What a template of the report may not hold."""

from __future__ import annotations

import re

import pytest

from auditor.data import folder

TEMPLATES = sorted(folder("templates").glob("report*.j2"))
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


@pytest.fixture(params=TEMPLATES, ids=lambda path: path.name)
def source(request) -> str:
    return request.param.read_text(encoding="utf-8")


def test_there_are_templates():
    assert len(TEMPLATES) >= 8


def test_nothing_is_declared_safe_and_escaping_is_never_off(source):
    assert not re.search(r"\|\s*safe\b|autoescape|Markup|\bfilter\b|\braw\b|\|\s*tojson", source)


def test_every_attribute_is_quoted(source):
    marks = EXPRESSION.sub("X", source)
    for tag in re.findall(r"<[a-zA-Z][^<>]*>", marks):
        rest = re.sub(r"""="[^"]*\"""", "", tag)
        assert "=" not in rest, tag


def test_links_lead_into_the_page_alone(source):
    for value in re.findall(r'(?:href|src)="([^"]*)"', source):
        assert value.startswith("#") or value == "data:,"


def test_there_is_no_inline_style_and_no_handler(source):
    marks = EXPRESSION.sub("X", source)
    assert not re.search(r"\sstyle\s*=|\son[a-z]+\s*=", marks)


def test_style_and_script_reach_for_nothing():
    style = (folder("templates") / "report.css").read_text(encoding="utf-8")
    script = (folder("templates") / "report.js").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|expression\(", style)
    assert not re.search(r"innerHTML|eval|Function|fetch|XMLHttp|import|document\.write", script)
