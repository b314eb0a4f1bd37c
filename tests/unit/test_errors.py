"""The precedence of exit codes."""

from __future__ import annotations

from itertools import permutations

import pytest

from auditor.errors import AuditError, ExitCode, SiteError, UsageError, worst


@pytest.mark.parametrize("order", list(permutations((5, 4, 2, 1, 3, 0))))
def test_the_code_that_outranks_the_others_does_not_depend_on_order(order: tuple[int, ...]) -> None:
    left = [ExitCode(code) for code in order]
    seen = []
    while left:
        strongest = worst(*left)
        seen.append(int(strongest))
        left.remove(strongest)
    assert seen == [5, 4, 2, 1, 3, 0]


def test_nothing_at_all_is_a_pass_of_nothing() -> None:
    assert worst() is ExitCode.PASS


def test_an_error_says_where_what_and_what_to_do() -> None:
    error = SiteError("'cidr' is not a range", where="site.yaml:3:9", hint="Write 10.0.0.0/8")
    assert str(error) == "site.yaml:3:9: 'cidr' is not a range. Write 10.0.0.0/8"
    assert error.exit_code is ExitCode.ERROR
    assert UsageError("x").exit_code is ExitCode.USAGE
    assert str(AuditError("x")) == "x"
