"""What an expression depends on is told without asking it."""

from __future__ import annotations

import pytest

from auditor.policy.analysis import analyse
from auditor.policy.expression import ExpressionError, parse
from auditor.policy.shapes import INT, STRING, Shape

PARAMETERS = {"names": Shape(base="list", element=STRING), "limit": INT}


def reads(source: str, kind: str = "ai_service") -> list[str]:
    return [".".join(path) for path in analyse(source, kind, PARAMETERS).reads]


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("object.tls", ["tls"]),
        ("object['tls'] == true", ["tls"]),
        ("object.origin.line > 3", ["origin", "origin.line"]),
        ("object.arguments.exists(a, a == 'x')", ["arguments", "arguments.*"]),
        (
            "object.environment.all(e, e.value == '1')",
            ["environment", "environment.*", "environment.*.value"],
        ),
        (
            "object.environment[0].name == 'A'",
            ["environment", "environment.*", "environment.*.name"],
        ),
        (
            "object.environment.filter(e, e.name == 'A').all(x, x.value == '1')",
            ["environment", "environment.*", "environment.*.name", "environment.*.value"],
        ),
        ("'x' in object.arguments", ["arguments"]),
        ("params.names.exists(n, object.image.startsWith(n))", ["image"]),
        ("site.names.exists(n, n == 'object.tls')", []),
        ("size(object.arguments) > params.limit", ["arguments"]),
        ("object.tls ? object.api_key : object.remote_code", ["api_key", "remote_code", "tls"]),
    ],
)
def test_the_ways_into_the_record_are_found(source, paths):
    assert reads(source) == paths


def test_null_checks_and_parameters_are_found():
    found = analyse("object.tls == null || params.limit > 0", "ai_service", PARAMETERS)
    assert found.null_checked == (("tls",),)
    assert found.parameters == ("limit",)
    assert found.optional
    assert not analyse("object.runtime == ''", "ai_service", PARAMETERS).optional


@pytest.mark.parametrize(
    "source",
    [
        "object.environment.all(e, object.arguments.all(a, object.arguments.all(b, a == b)))",
        "object.environment.all(object, object.name == 'x')",
        "object.environment.all(e, e)",
        "object.environment == [] && object.environment.all(e, e == e)",
        "object[object.runtime] == 'x'",
        "object.arguments.all(x, y, true)",
        "params == params",
        "object.runtime && true",
        "!object.runtime",
        "object.port in object.port",
        "object.confidence in ['hihg']",
        "object.runtime.startsWith(1)",
        "isIP(object.runtime, object.image)",
        "object.runtime.isIP()",
        "lowerAscii(object.runtime) == 'x'",
        "object.runtime < object.port",
        "object.runtime.size() == 1",
    ],
)
def test_what_could_not_be_followed_or_never_holds_is_refused(source):
    with pytest.raises(ExpressionError):
        analyse(source, "ai_service", PARAMETERS)


@pytest.mark.parametrize(
    "source",
    [
        "", "(", "a.", "a[", "1 +", "'unclosed", "a ? b", "a b", "a..b", "\\", "'\\q'", "!!a",
        "(" * 500 + "a" + ")" * 500, "a" + ".b" * 900, "a" + "||a" * 900, "[" * 900, "x" * 2001,
        "a.all(x, " * 60 + "true" + ")" * 60, "-" * 1000 + "1", "a?b:" * 300 + "c",
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused_in_bounded_depth(source):
    with pytest.raises(ExpressionError):
        parse(source)
