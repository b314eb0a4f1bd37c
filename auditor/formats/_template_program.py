"""Parses chat templates with Jinja's own lexer and parser, as the servers that render them do."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

# Each level costs Jinja's parser a dozen calls; templates in use have fewer than ten.
_DEEPEST = 30
_OPENING = frozenset({
    "if", "for", "macro", "call", "filter", "block", "generation", "with", "autoescape",
})  # fmt: skip


class TooDeep(Exception):  # noqa: N818 - told by its name
    """Brackets or blocks lie deeper in each other than the parser can go."""


class _Generation(Extension):
    """The tag `generation` of transformers, which marks what the assistant says."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@cache
def _environment() -> Environment:
    return Environment(  # noqa: S701 - nothing is rendered
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do", _Generation],
    )


def parse(text: str) -> tuple[list[tuple[int, str]], nodes.Template]:
    """Return the string literals as they are written, each with its line, and the program.

    Raises `TooDeep`, `jinja2.TemplateSyntaxError`, and what Python's own conversions raise.
    """
    environment = _environment()
    strings: list[tuple[int, str]] = []
    depth = blocks = 0
    before = ""
    for line, kind, value in environment.lex(text):
        if kind == "string":
            strings.append((line, value))
        elif kind == "operator":
            depth += (value in "([{") - (value in ")]}")
        elif kind == "name" and before == "block_begin":
            blocks += (value in _OPENING) - value.startswith("end")
        if depth + max(blocks, 0) > _DEEPEST:
            raise TooDeep
        if kind != "whitespace":
            before = kind
    return strings, environment.parse(text)
