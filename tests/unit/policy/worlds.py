"""Evidence and packs for the tests of this folder, built in one line."""

from __future__ import annotations

import textwrap

from auditor.evidence import (
    ASSUMED_SITE,
    COLLECTED,
    SCHEMA,
    CollectorRun,
    Evidence,
    Origin,
    Subject,
    Tool,
)
from auditor.evidence.derived import Destination
from auditor.evidence.host import Account
from auditor.evidence.network import DnsResolver
from auditor.policy import engine
from auditor.policy.pack import read_pack

HERE = Origin("test", "/etc/file", 3, 1)
EVERYTHING = tuple(COLLECTED)


def evidence(*records, gaps=(), inputs=(), mode="host", site=ASSUMED_SITE, kinds=EVERYTHING):
    """Return evidence of `records` in which `kinds` were looked for."""
    run = CollectorRun(
        collector="test", title="", kinds=tuple(kinds), records=len(records), gaps=len(gaps)
    )
    return Evidence(
        schema=SCHEMA,
        tool=Tool(name="test", version="0"),
        mode=mode,
        subject=Subject(name="test"),
        taken_at="2026-11-26T00:00:00Z",
        site=site,
        inputs=tuple(inputs),
        runs=(run,),
        gaps=tuple(gaps),
        records=tuple(records),
    )


def account(username="ops", **fields):
    """Return an account: `password`, `administrator` and so on as given."""
    defaults = {
        "uid": 1000, "gid": 1000, "directory": "/home", "shell": "/bin/sh", "login": True,
        "password": "set", "administrator": False, "authorized_keys": 0,
    }  # fmt: skip
    return Account(origin=HERE, username=username, **{**defaults, **fields})


def resolver(address="10.0.0.53"):
    """Return a resolver of the host."""
    return DnsResolver(origin=HERE, subject="host", address=address, port=53, stub=False)


def destination(target="10.0.0.53", *, source="dns_resolver", **fields):
    """Return a destination: `inside` and `approved` as given."""
    defaults = {
        "basis": "configured", "use": "resolver", "subject": "host", "address": target,
        "port": 53, "inside": True, "approved": True, "zone": "", "country": "", "operator": "",
        "operator_country": "", "category": "", "exception": "", "how": (),
    }  # fmt: skip
    return Destination(origin=HERE, source_kind=source, target=target, **{**defaults, **fields})


RULE = """
  - id: TST-ACC-001
    title: {en: Title, zh: 标题}
    severity: high
    each: account
    require: "object.password != 'empty'"
    observed: {en: "{username} has {password}", zh: "{username} 为 {password}"}
    expected: something
    remediation: {en: Do, zh: 做}
    controls: {mlps-3: [8.1.4.1], nist-800-53r5: [IA-5]}
    examples:
      pass: [{password: set}]
      fail: [{password: empty}]
      unknown: [{password: null}]
"""
HEAD = """
pack: test
version: 1.0.0
title: {en: Test, zh: 测试}
"""


def pack_text(*edits, head=HEAD, rule=RULE):
    """Return a pack of one rule, in which each `(old, new)` is replaced."""
    text = f"{textwrap.dedent(head)}rules:{rule}"
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def pack(*edits, **parts):
    """Return that pack, loaded."""
    return read_pack(pack_text(*edits, **parts).encode(), "test.yaml")


def rule_pack(require, *, each="account", when="", of="", unknown="", extra="", head=HEAD):
    """Return a pack of one rule that judges by `require`; its examples are not of interest."""
    lines = [f"each: {each}"]
    lines += [f"of: {of}"] if of else []
    lines += [f'when: "{when}"'] if when else []
    lines += [f'unknown: "{unknown}"', "because: doubtful"] if unknown else []
    text = pack_text(
        ("each: account", "\n    ".join(lines)),
        ("\"object.password != 'empty'\"", f'"{require}"'),
        (
            '{en: "{username} has {password}", zh: "{username} 为 {password}"}',
            f'"{{label}}"{extra}',
        ),
        ("pass: [{password: set}]", "pass: [{}]"),
        ("fail: [{password: empty}]", "fail: [{}]"),
        ("unknown: [{password: null}]", "unknown: [{}]"),
        head=head,
    )
    return read_pack(text.encode(), "test.yaml")


def judge(packs, world, derived=(), **options):
    """Return the findings of `packs` over `world`."""
    packs = packs if isinstance(packs, tuple) else (packs,)
    options = {"judged_at": "2026-11-26T08:00:00Z", **options}
    return engine.evaluate(packs, world, tuple(derived), evidence_sha256="0" * 64, **options)


def verdicts(findings):
    """Return the verdicts of the findings, in their order."""
    return [finding.verdict for finding in findings.findings]
