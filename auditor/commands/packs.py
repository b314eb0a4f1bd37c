"""The commands about policy packs: list, show, check, test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.commands._terminal import say
from auditor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from auditor.policy.pack import Rule


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
