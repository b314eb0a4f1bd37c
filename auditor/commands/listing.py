"""The commands that tell what the toolkit knows, and what changed between two audits."""

from __future__ import annotations

from pathlib import Path

from auditor import api
from auditor.commands._terminal import say, show
from auditor.errors import ExitCode, UsageError


def list_collectors() -> ExitCode:
    """List the collectors with what each yields and reads."""
    from auditor import collect
    from auditor.evidence import kind_of

    for name in collect.names():
        collector = collect.load(name)
        say(f"{name:<16}{collector.title}")
        say(f"{'':<16}yields {', '.join(kind_of(kind) for kind in collector.yields)}")
        say(f"{'':<16}reads  {', '.join(collector.reads)}")
    return ExitCode.PASS


def schema(name: str) -> ExitCode:
    """Print one of the JSON Schemas."""
    from auditor.evidence import bundle
    from auditor.policy import findings
    from auditor.report._models_json import models_schema
    from auditor.site import site_schema

    schemas = {
        "evidence": bundle.json_schema,
        "findings": findings.json_schema,
        "site": site_schema,
        "models": models_schema,
    }
    if name not in schemas:
        raise UsageError(f"there is no schema '{name}'", hint=f"Schemas: {', '.join(schemas)}")
    show(schemas[name]())
    return ExitCode.PASS


def diff(before: Path, after: Path) -> ExitCode:
    """Tell what changed between two judgements; exit 1 where something got worse."""
    from auditor.policy.drift import compare
    from auditor.report._text import visible

    changes = compare(api.load_findings(before), api.load_findings(after))
    if not changes:
        say("No finding differs.")
        return ExitCode.PASS
    for change in changes:
        verdicts = f"{change.before or 'absent'} → {change.after or 'absent'}"
        say(f"{change.direction:<7}{change.rule:<14}{verdicts:<24}{visible(change.subject)}")
    worse = [change for change in changes if change.direction == "worse"]
    better = sum(change.direction == "better" for change in changes)
    say(f"{len(worse)} worse, {better} better, {len(changes) - len(worse) - better} other")
    return ExitCode.FINDING if worse else ExitCode.PASS
