"""The commands below `audit policy`."""

from __future__ import annotations

from pathlib import Path

import typer

from auditor.cli_options import LangOption, Language, PolicyOption, finish

app = typer.Typer(
    help="List, show, check and test policy packs.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def policy_list(policy: PolicyOption = None) -> None:
    """List the rules of the packs."""
    from auditor.commands import packs

    finish(packs.list_rules(policy))


@app.command("show")
def policy_show(rule: str, policy: PolicyOption = None, lang: LangOption = Language.EN) -> None:
    """Show one rule whole."""
    from auditor.commands import packs

    finish(packs.show_rule(rule, policy, lang.value))


@app.command("check")
def policy_check(files: list[Path]) -> None:
    """Check packs, profiles and waiver files without judging anything."""
    from auditor.commands import packs

    finish(packs.check_files(files))


@app.command("test")
def policy_test(policy: PolicyOption = None) -> None:
    """Run the examples of every rule."""
    from auditor.commands import packs

    finish(packs.test_examples(policy))
