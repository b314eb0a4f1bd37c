"""The commands that tell what the toolkit knows, and what changed between two audits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from auditor import api
from auditor.commands._terminal import say, show
from auditor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from auditor.models.drift import ModelChange


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
    from auditor.report._traffic_document import traffic_schema
    from auditor.site import site_schema

    schemas = {
        "evidence": bundle.json_schema,
        "findings": findings.json_schema,
        "site": site_schema,
        "models": models_schema,
        "traffic": traffic_schema,
    }
    if name not in schemas:
        raise UsageError(f"there is no schema '{name}'", hint=f"Schemas: {', '.join(schemas)}")
    show(schemas[name]())
    return ExitCode.PASS


def diff(before: Path, after: Path) -> ExitCode:
    """Tell what changed between two audits; exit 1 where something got worse.

    Where both folders hold evidence their model files are compared, too.
    """
    from auditor.policy.drift import compare
    from auditor.report._text import visible

    changes = compare(api.load_findings(before), api.load_findings(after))
    models = _models_between(before, after)
    if not changes:
        say("No finding differs.")
    for change in changes:
        verdicts = f"{change.before or 'absent'} → {change.after or 'absent'}"
        say(f"{change.direction:<7}{change.rule:<14}{verdicts:<24}{visible(change.subject)}")
    worse = sum(change.direction == "worse" for change in changes)
    better = sum(change.direction == "better" for change in changes)
    if changes:
        say(f"{worse} worse, {better} better, {len(changes) - worse - better} other")
    for model in models:
        parts = f"{visible(model.before) or 'absent'} → {visible(model.after) or 'absent'}"
        mark = "worse" if model.worse else ""
        say(f"{mark:<7}model {model.change:<10}{visible(model.path)}  {parts}")
    if models:
        say(f"{len(models)} changes of model files, {sum(m.worse for m in models)} of them worse")
    return ExitCode.FINDING if worse or any(m.worse for m in models) else ExitCode.PASS


def _models_between(before: Path, after: Path) -> tuple[ModelChange, ...]:
    """Return what changed among the model files, nothing where a folder holds no evidence."""
    from auditor.models.drift import drift
    from auditor.seal.folder import EVIDENCE

    if not all(folder.is_dir() and (folder / EVIDENCE).exists() for folder in (before, after)):
        return ()
    return drift(api.load_evidence(before), api.load_evidence(after))
