"""Checks chat templates: Jinja programs that a server runs for each request; none is rendered."""

from __future__ import annotations

import hashlib
import warnings
from typing import TYPE_CHECKING, NamedTuple

from auditor.evidence.models import Verdict, VerdictReason
from auditor.formats import Context
from auditor.formats import _template_words as words

if TYPE_CHECKING:
    from collections.abc import Iterator

# The longest templates in use have about 40 kB.
MAX_TEXT = 256 * 1024
_MAX_FINDINGS = 20
# To parse a template of nothing but signs takes up to so many µs a letter.
_PER_LETTER = 8
_SHOWN = 60
_KEPT = 256


class Finding(NamedTuple):
    """What is wrong with a template: the check, what it alone would give, the line from 1, why."""

    rule: str
    verdict: Verdict
    line: int
    detail: str


_known: dict[bytes, tuple[Finding, ...]] = {}


def check_template(text: str, context: Context, where: str) -> tuple[VerdictReason, ...]:
    """Return what a Jinja chat template does that none has to do; it is parsed, never rendered.

    `dangerous`: reaching Python through attributes, names or strings that are put together
    (CVE-2024-34359), other templates. `unlisted`: hidden characters, addresses, base64, markup,
    words that depend on what the user writes. `not-inspectable`: what is no Jinja, or too long.
    `where` names the template (`tokenizer.chat_template`); the reasons tell the line.
    """
    context.budget.step(1 + len(text) * _PER_LETTER)
    if len(text) > MAX_TEXT:
        detail = f"{where}: a template of {len(text)} characters"
        return (context.reason("template-limit", "not-inspectable", detail),)
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    found = _known.get(key)
    if found is None:
        if len(_known) >= _KEPT:
            _known.clear()
        found = _known[key] = tuple(_findings(text))
    return tuple(
        context.reason(f.rule, f.verdict, f"{where}, line {f.line}: {f.detail}") for f in found
    )


def digest(text: str) -> str:
    """Return the SHA-256 of a template's text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def named_templates(value: object) -> Iterator[tuple[str, str]]:
    """Yield name and text of the templates that a `chat_template` field holds.

    One template is a string; several are a table, or a list of `{name, template}`.
    """
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, dict):
        yield from ((str(name), text) for name, text in value.items() if isinstance(text, str))
    elif isinstance(value, list):
        for entry in value:
            text = entry.get("template") if isinstance(entry, dict) else None
            if isinstance(text, str):
                yield str(entry.get("name", "")), text


def _findings(text: str) -> list[Finding]:
    found: dict[tuple[str, int], Finding] = {}
    for finding in (*_characters(text), *_program(text)):
        found.setdefault((finding.rule, finding.line), finding)
    ranked = sorted(found.values(), key=lambda f: (f.verdict != "dangerous", f.line, f.rule))
    return ranked[:_MAX_FINDINGS]


def _characters(text: str) -> Iterator[Finding]:
    hidden = words.hidden(text)
    if hidden:
        place, name = hidden
        line = text.count("\n", 0, place) + 1
        yield Finding("template-hidden-character", "unlisted", line, f"{name} is not to be seen")


def _program(text: str) -> Iterator[Finding]:
    from jinja2 import TemplateSyntaxError

    from auditor.formats._template_program import TooDeep, parse
    from auditor.formats._template_walk import judge

    try:
        with warnings.catch_warnings():
            # An escape that Python does not know, as `"\d"`, is a warning of the parser's.
            warnings.simplefilter("ignore")
            strings, template = parse(text)
    except (TooDeep, RecursionError):
        yield Finding("template-limit", "not-inspectable", 1, "expressions lie too deep")
    except (TemplateSyntaxError, ValueError, OverflowError, TypeError, AttributeError) as error:
        line = error.lineno if isinstance(error, TemplateSyntaxError) else 1
        detail = f"not Jinja that can be read: {error}"[: _SHOWN * 2]
        yield Finding("template-syntax", "not-inspectable", line, detail)
    else:
        for line, raw in strings:
            if words.HIDDEN_UNDERSCORE.search(raw):
                detail = "an underscore is written as a number in a string"
                yield Finding("template-disguised-name", "dangerous", line, detail)
            elif words.HIDDEN_LETTER.search(raw):
                detail = "a plain letter is written as a number in a string"
                yield Finding("template-disguised-text", "unlisted", line, detail)
        yield from (Finding(*judged) for judged in judge(template))
        return
    name = words.dunder(text)
    if name:
        line = text.count("\n", 0, text.index(name)) + 1
        yield Finding("template-escape", "dangerous", line, f"it names {name}")
