"""Plain scalars resolve as go-yaml v2 (kubernetes-sigs/yaml) resolves them."""

import math

import pytest

from auditor.errors import DocumentError
from auditor.yamldoc import Scalar, load
from auditor.yamldoc.scalars import resolve


@pytest.mark.parametrize(
    "text, value",
    [
        ("yes", True), ("Yes", True), ("YES", True), ("y", True), ("Y", True), ("on", True),
        ("On", True), ("true", True), ("TRUE", True), ("no", False), ("NO", False), ("n", False),
        ("off", False), ("False", False), ("yEs", "yEs"), ("tRue", "tRue"),
        ("", None), ("~", None), ("null", None), ("Null", None), ("nUll", "nUll"),
        ("0644", 420), ("0o644", 420), ("-0644", -420), ("0x1F", 31), ("-0b11", -3), ("0b101", 5),
        ("1_000", 1000), ("+12", 12), ("12", 12), ("0", 0), ("00", 0), ("0899", 899.0),
        ("1e3", 1000.0), ("1E-2", 0.01), (".5", 0.5), ("5.", 5.0), ("-.5e1", -5.0), ("1_0.5", 10.5),
        ("18446744073709551615", 2**64 - 1), ("18446744073709551616", float(2**64)),
        (".inf", math.inf), ("-.Inf", -math.inf), ("1e400", "1e400"),
        ("1:30", "1:30"), ("190:20:30", "190:20:30"), ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), ("1.2.3", "1.2.3"), ("0x", "0x"),
        ("0xg", "0xg"), ("-", "-"), ("--1", "--1"), (".", "."), ("..", ".."), ("1 2", "1 2"),
        ("١", "١"), ("1١", "1١"), ("9" * 5000, "9" * 5000), ("=", "="), ("<<", "<<"),
    ],
)  # fmt: skip
def test_a_plain_scalar_is_what_the_cluster_takes_it_for(text, value):
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_float():
    assert math.isnan(resolve(".nan"))


@pytest.mark.parametrize(
    "text, value",
    [
        ("'yes'", "yes"), ('"0644"', "0644"), ("|\n  12\n", "12\n"), ("!!str 12", "12"),
        ("!!int '0644'", 420), ("!!float 1", 1.0), ("!!bool 'on'", True), ("!!null ''", None),
        ("! 12", "12"), ("!!timestamp 2026-01-01", "2026-01-01"),
    ],
)  # fmt: skip
def test_quotes_and_core_tags_decide(text, value):
    node = load(text.encode(), where="f.yaml")
    assert isinstance(node, Scalar)
    assert node.value == value
    assert type(node.value) is type(value)


@pytest.mark.parametrize("text", ["!!int x", "!!bool 1", "!!float yes", "!!null x", "!!int true"])
def test_text_that_is_not_of_its_tag_is_refused(text):
    with pytest.raises(DocumentError, match="not of the type"):
        load(text.encode(), where="f.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system [id]", "!!python/name:os.system x", "!x 1", "!!set {a}",
        "!!binary aGk=", "!!omap []", "!!int [1]", "!!seq {a: 1}", "!!map [1]", "!reset null",
    ],
)  # fmt: skip
def test_other_tags_are_refused(text):
    with pytest.raises(DocumentError, match="is not understood"):
        load(text.encode(), where="f.yaml")


def test_the_text_is_kept_as_written():
    node = load(b"NO", where="f.yaml")
    assert node == Scalar(line=1, column=1, value=False, text="NO")
