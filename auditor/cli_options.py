"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from auditor.errors import ExitCode, worst


class Level(StrEnum):
    """Severities as the command line spells them."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Language(StrEnum):
    """Languages of the report."""

    EN = "en"
    ZH = "zh"


SiteOption = Annotated[Path | None, typer.Option("--site", help="The declared perimeter (YAML).")]
PolicyOption = Annotated[
    list[str] | None,
    typer.Option("--policy", help="A pack by name or file; repeatable. Default: all."),
]
ProfileOption = Annotated[Path | None, typer.Option("--profile", help="Selects and retunes rules.")]
WaiversOption = Annotated[Path | None, typer.Option("--waivers", help="Accepted findings (YAML).")]
FormatOption = Annotated[
    list[str] | None, typer.Option("--format", "-f", help="A report format; repeatable with -o.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write evidence, findings and report here.")
]
FailOption = Annotated[Level, typer.Option("--fail-on", help="Lowest severity that exits 1.")]
AllowOption = Annotated[
    bool, typer.Option("--allow-unknown", help="Exit 0 although something is undecided.")
]
LangOption = Annotated[Language, typer.Option("--lang", help="Language of the report.")]
KeyOption = Annotated[Path | None, typer.Option("--key", help="Sign with this private key.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no summary.")]
AtOption = Annotated[str, typer.Option("--at", help="Fix the clock (RFC 3339).")]
DeepOption = Annotated[
    bool,
    typer.Option(
        "--deep",
        help="Dissect industrial messages with scapy, in a confined process: who writes what.",
    ),
]
EvidenceArgument = Annotated[
    Path, typer.Argument(metavar="EVIDENCE", help="evidence.json, or a folder that holds it.")
]


def finish(*codes: ExitCode) -> NoReturn:
    """Leave with the exit code that outranks the others."""
    raise typer.Exit(int(worst(*codes)))
