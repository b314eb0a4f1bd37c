"""Commands of any form: they are opened without an error, within bounds, and hide no assignment."""

from __future__ import annotations

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.manifests import _addresses, _shell
from auditor.manifests._environment import Environment, Setting
from auditor.manifests._reading import Cursor, Problems
from auditor.yamldoc import load_all

WORDS = st.sampled_from(
    ["sh", "-c", "env", "-u", "-i", "export", "unset", "A=1", "A=$B", ";", "&&", "||", "if", "'",
     '"', "$(", ")", "\\", "\n", "exec", "timeout", "30", "curl", "x.example", "#", "vllm"]
)  # fmt: skip
COMMANDS = st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=12)
NAMES = st.text(string.ascii_uppercase, min_size=1, max_size=6)
VALUES = st.text(string.ascii_letters + string.digits + "./:-", max_size=12)


def _cursor() -> Cursor:
    (node,) = load_all(b"x: 1\n", where="a.yaml")
    return Cursor(node=node, source="a.yaml", path="", problems=Problems("test"))


def _environment(**values: str) -> Environment:
    cursor = _cursor()
    return Environment(
        settings=tuple(
            Setting(name=n, value=v, source="literal", origin=cursor.origin, cursor=cursor)
            for n, v in values.items()
        )
    )


@settings(max_examples=150, deadline=None)
@given(COMMANDS)
def test_any_command_is_opened_within_bounds(words):
    for arguments in (words, ["sh", "-c", " ".join(words)]):
        opened = list(_shell.opened(arguments))
        assert len(opened) <= 200
        texts = tuple((_cursor(), word) for word in arguments)
        _shell.environment_after(_environment(A="0"), texts)


@settings(max_examples=80, deadline=None)
@given(NAMES, VALUES, VALUES, st.sampled_from(["export {n}={v}; x", "{n}={v} x", "env {n}={v} x"]))
def test_what_a_command_assigns_last_is_what_holds(name, before, value, form):
    script = form.format(n=name, v=value)
    after = _shell.environment_after(
        _environment(**{name: before}), tuple((_cursor(), w) for w in ("sh", "-c", script))
    )
    assert {s.name: s.value for s in after.settings} == {name: value}


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_searched_for_addresses_without_an_error(text):
    for address in _addresses.find("a.conf", text).addresses:
        assert address.host or address.bucket
