"""Writes the reference pages of rules and functions from the packs and the code themselves."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.policy.functions import MACROS, SIGNATURES, Signature
from auditor.policy.pack import load_packs
from auditor.policy.rules import Pack, Rule
from auditor.policy.scope import words

_MACRO_MEANINGS = {
    "all": "whether the condition holds for every item (true for an empty list)",
    "exists": "whether it holds for at least one item",
    "exists_one": "whether it holds for exactly one item",
    "filter": "the items for which it holds",
    "map": "what the expression makes of every item",
}


def rules_page(packs: tuple[Pack, ...] = ()) -> str:
    """Return the page of all rules as Markdown: the shipped packs' where none are given."""
    chosen = packs or load_packs()
    count = sum(len(pack.rules) for pack in chosen)
    lines = ["# Rules", "", f"{count} rules in {len(chosen)} packs.", ""]
    for pack in chosen:
        lines += _pack(pack)
    return "\n".join(lines).rstrip() + "\n"


def functions_page() -> str:
    """Return the page of what a condition may call, as Markdown."""
    lines = [
        "# Functions of conditions", "",
        "Conditions are CEL. Addresses, ranges and URLs have the names and the meaning that",
        "Kubernetes gives them, as methods: `cidr(a).containsIP(b)`. A text that is no address",
        "makes `ip(…)` an error, and the verdict `error`: ask `isIP(…) && …` first.", "",
        "| call | gives | meaning |", "|---|---|---|",
    ]  # fmt: skip
    for name, signature in sorted(SIGNATURES.items(), key=lambda item: item[0].lower()):
        lines.append(f"| `{_call(name, signature)}` | {signature.result} | {signature.meaning} |")
    lines += ["", "## Macros", "", "| call | gives | meaning |", "|---|---|---|"]
    for name, shape in MACROS.items():
        gives = "a list" if name in ("map", "filter") else str(shape)
        lines.append(f"| `list.{name}(x, …)` | {gives} | {_MACRO_MEANINGS[name]} |")
    return "\n".join(lines) + "\n"


def _call(name: str, signature: Signature) -> str:
    """Return how a function is written."""
    arguments = [" or ".join(bases) for bases in signature.arguments]
    if signature.call == "function":
        return f"{name}({', '.join(arguments)})"
    on = " or ".join(signature.target)
    return f"{on}.{name}({', '.join(arguments if signature.call == 'method' else ())})"


def _pack(pack: Pack) -> Iterator[str]:
    """Yield the lines of one pack."""
    yield from (f"## {pack.name} {pack.version}", "", f"{pack.title.en} · {pack.title.zh}", "")
    if pack.parameters:
        yield from ("| parameter | type | default | meaning |", "|---|---|---|---|")
        for parameter in pack.parameters:
            default = _cell(str(_plain(parameter.default)))
            meaning = _cell(parameter.description.en)
            yield f"| `{parameter.name}` | {parameter.type} | {default} | {meaning} |"
        yield ""
    for rule in pack.rules:
        yield from _rule(rule)


def _plain(value: object) -> object:
    """Return a default as a reader sees it."""
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else value


def _rule(rule: Rule) -> Iterator[str]:
    """Yield the lines of one rule."""
    of = f" made from {', '.join(words(kind) for kind in rule.of)}" if rule.of else ""
    yield from (f"### {rule.id}: {rule.title.en}", "", f"{rule.title.zh}", "")
    yield f"- **Severity**: {rule.severity}"
    yield f"- **Asked of**: every `{rule.each}`{of}"
    if rule.applies:
        yield f"- **Applies to**: {', '.join(rule.applies)}"
    for name, condition in (
        ("Only given", rule.given), ("When", rule.when), ("Unknown where", rule.doubt),
        ("Requires", rule.require),
    ):  # fmt: skip
        if condition:
            yield f"- **{name}**: `{condition.source}`"
    yield f"- **Expected**: {_cell(rule.expected.en.source)}"
    yield f"- **Remediation**: {rule.remediation.en}"
    yield f"- **Controls**: {_controls(rule)}"
    yield ""


def _controls(rule: Rule) -> str:
    """Return the clauses that a rule gives evidence for, by framework."""
    by_framework: dict[str, list[str]] = {}
    for control in rule.controls:
        by_framework.setdefault(control.framework, []).append(control.id)
    return "; ".join(f"{framework} {', '.join(ids)}" for framework, ids in by_framework.items())


def _cell(text: str) -> str:
    """Return a text that does not break a table."""
    return text.replace("|", "\\|").replace("\n", " ") or "(empty)"
