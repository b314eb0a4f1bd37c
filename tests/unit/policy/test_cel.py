"""The CEL library answers bool or an error, and never of the wrong record."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from auditor.evidence import ASSUMED_SITE
from auditor.policy import cel
from auditor.policy.functions import functions


def session(**variables):
    return cel.Session(variables, functions(ASSUMED_SITE))


def ask(source, **fields):
    judge = session(params={}, site={})
    judge.bind(fields)
    return judge.holds(cel.compile_condition(source))


@pytest.mark.parametrize("source", ["object.missing", "object.a < 'x'", "1/0 == 1", "object.a"])
def test_whatever_is_not_true_or_false_is_an_error(source):
    with pytest.raises(cel.CelError):
        ask(source, a=1)


def test_after_a_record_that_cannot_be_converted_nothing_is_answered():
    judge = session()
    program = cel.compile_condition("object.good")
    judge.bind({"good": True})
    assert judge.holds(program)
    with pytest.raises(cel.CelError, match="cannot be judged"):
        judge.bind({"good": False, "name": "\udc80"})
    with pytest.raises(cel.CelError, match="no record"):
        judge.holds(program)


def test_a_pathological_pattern_takes_linear_time():
    started = time.process_time()
    assert not ask("object.s.matches('^(a+)+$')", s="a" * 50_000 + "b")
    assert time.process_time() - started < 1


def test_the_librarys_own_command_line_is_not_imported():
    code = (
        "import sys; from auditor.policy import cel; cel.compile_condition('true');"
        "print(sorted({'cel', 'rich', 'prompt_toolkit', 'typer'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_function_that_fails_writes_nothing_to_the_log():
    code = (
        "import logging; logging.basicConfig();"
        "from auditor.policy.cel import CelError, Session, compile_condition;"
        "s = Session({}, {'boom': lambda x: 1 / 0}); s.bind({'a': 1})\n"
        "try: s.holds(compile_condition('boom(object.a)'))\n"
        "except CelError: print('error')"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (shown.stdout.strip(), shown.stderr) == ("error", "")


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3')", True),
        ("cidr('10.0.0.0/8').containsIP(ip('11.1.2.3'))", False),
        ("cidr('10.0.0.0/8').containsIP('::1')", False),
        ("cidr('::/0').containsIP('10.0.0.1')", False),
        ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", True),
        ("cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))", False),
        ("cidr('10.0.0.0/8').containsCIDR('2001:db8::/32')", False),
        ("cidr('0.0.0.0/0').prefixLength() == 0", True),
        ("isIP('10.0.0.1') && !isIP('10.0.0.256') && !isIP('fe80::1%eth0')", True),
        ("isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.1') && !isCIDR('10.0.0.0/33')", True),
        ("ip('127.0.0.9').isLoopback() && ip('::1').isLoopback()", True),
        ("ip('::').isUnspecified() && ip('0.0.0.0').isUnspecified()", True),
        ("ip('169.254.1.1').isLinkLocalUnicast()", True),
        ("ip('10.0.0.1').isGlobalUnicast() && !ip('224.0.0.1').isGlobalUnicast()", True),
        ("ip('::1').family() == 6 && ip('10.0.0.1').family() == 4", True),
        ("url('https://A.example:8443/x').getHostname() == 'a.example'", True),
        ("url('https://[2001:db8::1]:1/').getHostname() == '2001:db8::1'", True),
        ("url('HTTPS://a.example').getScheme() == 'https'", True),
        ("isURL('https://a.example') && !isURL('a.example') && !isURL('https://[')", True),
        ("'ÄBC'.lowerAscii() == 'Äbc'", True),
        ("sharesLabelSuffix('a.corp.example.', 'corp.example')", True),
        ("sharesLabelSuffix('CORP.example', '.corp.example')", True),
        ("sharesLabelSuffix('evilcorp.example', 'corp.example')", False),
        ("sharesLabelSuffix('a.example', '')", False),
        ("insidePerimeter('10.0.0.1')", True),
        ("insidePerimeter('203.0.113.1')", False),
        ("insidePerimeter('corp.example')", False),
    ],
)
def test_functions_mean_what_kubernetes_means(source, holds):
    assert ask(source) is holds


@pytest.mark.parametrize("source", ["ip('x') == 'x'", "cidr('x') == 'x'", "url('x') == 'x'"])
def test_a_value_that_is_none_is_an_error_and_not_false(source):
    with pytest.raises(cel.CelError):
        ask(source)
