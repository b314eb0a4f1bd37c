"""The commands about policy packs: list, show, check, test."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.commands._terminal import say
from auditor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from auditor.policy.rules import Rule


def list_rules(packs: Sequence[str] | None) -> ExitCode:
    """List the rules, a line each."""
    from auditor.policy.pack import load_packs

    loaded = load_packs(tuple(packs or ()))
    for pack in loaded:
        say(f"{pack.name} {pack.version}: {pack.title.en}")
        for rule in pack.rules:
            say(f"  {rule.id:<16}{rule.severity:<10}{rule.title.en}")
    say(f"{sum(len(pack.rules) for pack in loaded)} rules in {len(loaded)} packs")
    return ExitCode.PASS


def show_rule(rule_id: str, packs: Sequence[str] | None, language: str) -> ExitCode:
    """Show one rule whole."""
    from auditor.policy.pack import load_packs

    rules = {rule.id: rule for pack in load_packs(tuple(packs or ())) for rule in pack.rules}
    if rule_id not in rules:
        near = get_close_matches(rule_id, rules, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "List them: audit policy list"
        raise UsageError(f"there is no rule '{rule_id}'", hint=hint)
    for name, value in _facts(rules[rule_id], language):
        say(f"{name:<13}{value}")
    return ExitCode.PASS


def _facts(rule: Rule, language: str) -> list[tuple[str, str]]:
    """Return what there is to say of a rule, in lines of a name and a value."""
    facts = [
        ("rule", rule.id),
        ("title", rule.title.in_language(language)),
        ("severity", rule.severity),
        ("each", rule.each + (f" of {', '.join(rule.of)}" if rule.of else "")),
    ]
    conditions = (("given", rule.given), ("when", rule.when), ("require", rule.require),
                  ("unknown", rule.doubt))  # fmt: skip
    facts += [(name, condition.source) for name, condition in conditions if condition]
    facts.append(("remediation", rule.remediation.in_language(language)))
    facts += [("control", f"{control.framework} {control.id}") for control in rule.controls]
    facts.append(("examples", ", ".join(example.expected for example in rule.examples)))
    facts.append(("written at", rule.place))
    return facts


def check_files(files: Sequence[Path]) -> ExitCode:
    """Check packs, profiles and waiver files; the first mistake ends it with its place."""
    from auditor import api
    from auditor.policy.pack import read_pack
    from auditor.policy.profile import load_profile
    from auditor.policy.waivers import load_waivers
    from auditor.yamldoc import Mapping, load

    for file in files:
        data = api.read_input(file)
        node = load(data, where=str(file))
        keys = [key.text for key, _ in node.entries] if isinstance(node, Mapping) else []
        if "waivers" in keys:
            say(f"{file}: {len(load_waivers(data, str(file)))} waivers")
        elif "profile" in keys:
            say(f"{file}: profile {load_profile(data, str(file)).name}")
        else:
            pack = read_pack(data, str(file))
            say(f"{file}: pack {pack.name} {pack.version}, {len(pack.rules)} rules")
    return ExitCode.PASS


def test_examples(packs: Sequence[str] | None) -> ExitCode:
    """Run the examples of every rule; exit 1 where one gives another verdict than it says."""
    from auditor.policy import examples
    from auditor.policy.pack import load_packs

    results = examples.run(load_packs(tuple(packs or ())))
    wrong = [result for result in results if result.verdict != result.expected]
    for result in wrong:
        say(f"{result.place}: {result.rule} {result.name}: "
            f"expected {result.expected}, got {result.verdict} ({result.reason})")  # fmt: skip
    say(f"{len(results)} examples, {len(wrong)} wrong")
    return ExitCode.FINDING if wrong or not results else ExitCode.PASS
