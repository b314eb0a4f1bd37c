"""Whatever makes plain Jinja look up a name of Python's own, the check of templates has seen."""

from __future__ import annotations

import contextlib
import os

from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from auditor.formats import Budget, Context
from auditor.formats._template import check_template

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
PIECES = (
    "'__class__'", "'__'", "'_'", "'class'", "'__cla'", "'ss__'", "x", "u", "k", "'%s%s'", "'%c'",
    "'__ssalc__'", "95", "2", "''", "ns.a", "'-'", "'--class--'", "[u, 'class', u]", "d.k",
)  # fmt: skip
SHAPES = (
    "({0} ~ {1})", "({0} ~ {1} ~ {2})", "({0} + {1})", "({0} * 2)", "({0} % ({1}, {2}))",
    "({0}|replace({1}, {2}))", "({0}|join)", "([{0}, {1}, {2}]|join)", "({0})[::-1]", "({0})[:2]",
    "({0}|lower)", "({0}|format({1}))", "({0} if {1} else {2})", "({0}|first)", "({0}|string)",
    "({0}.replace({1}, {2}))", "({0}|default({1}))", "({0} or {1})", "({0} and {1})",
    "{{'k': {0}}}.k", "{{'k': {0}}}['k']", "([{0}])[0]", "({0}, {1})[1]", "({0}.join(['', {1}]))",
    "namespace(z={0}).z", "dict(k={0}).k", "m({0})", "([{0}]|map('lower')|first)",
    "([{0}]|map('replace', {1}, {2})|join)", "([{0}]|sum(start=''))", "({0}|list|join)",
    "({0}|batch(9)|first|join)", "'{{}}{{}}'.format({0}, {1})", "({0}.split({1})[0])",
)  # fmt: skip
USES = (
    "{{ x[E] }}", "{% for q in [E] %}{{ x[q] }}{% endfor %}", "{{ [x]|map(attribute=E)|list }}",
    "{% set q = E %}{{ x[q] }}", "{% macro g(q) %}{{ x[q] }}{% endmacro %}{{ g(E) }}",
    "{% macro g(q=E) %}{{ x[q] }}{% endmacro %}{{ g() }}", "{{ [x]|sum(attribute=E) }}",
    "{% set q %}{{ E }}{% endset %}{{ x[q] }}", "{{ x[[E][0]] }}", "{{ x[{'z': E}.z] }}",
    "{% with q = E %}{{ x[q] }}{% endwith %}", "{% call(q) c(E) %}{{ x[q] }}{% endcall %}",
    "{% for a, q in [(1, E)] %}{{ x[q] }}{% endfor %}", "{% set a, q = 1, E %}{{ x[q] }}",
)  # fmt: skip
BEFORE = ("{% set u = E %}", "{% set k = E %}", "{% set ns.a = E %}", "{% set d = {'k': E} %}")
HEAD = (
    "{% set ns = namespace(a='') %}{% macro m(s) %}{{ s }}{% endmacro %}"
    "{% macro c(s) %}{{ caller(s) }}{% endmacro %}"
)

expressions = st.recursive(
    st.sampled_from(PIECES),
    lambda inner: st.builds(
        lambda shape, parts: shape.format(*parts),
        st.sampled_from(SHAPES),
        st.tuples(inner, inner, inner),
    ),
    max_leaves=8,
)
uses = st.builds(lambda use, e: use.replace("E", e), st.sampled_from(USES), expressions)
before = st.builds(lambda use, e: use.replace("E", e), st.sampled_from(BEFORE), expressions)
templates = st.builds(
    lambda many, use: HEAD + "".join(many) + use, st.lists(before, max_size=3), uses
)


class Watched(Environment):
    """Renders, and remembers whether a name of Python's own was looked up."""

    reached = False

    def getattr(self, obj, attribute):
        self.reached |= str(attribute).startswith("__")
        return super().getattr(obj, attribute)

    def getitem(self, obj, argument):
        self.reached |= isinstance(argument, str) and argument.startswith("__")
        return super().getitem(obj, argument)


@settings(max_examples=EXAMPLES or 300, deadline=None)
@given(templates)
def test_no_way_to_a_dunder_is_called_clean(text):
    environment = Watched()
    with contextlib.suppress(Exception):  # nonsense is tried on purpose
        environment.from_string(text).render(x="s")
    if environment.reached:
        assert check_template(text, Context(budget=Budget()), "t")
