"""The command that judges captured traffic."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from auditor import api
from auditor.commands._terminal import progress
from auditor.commands.auditing import Asked, judge, ready
from auditor.errors import ExitCode


def traffic(paths: Sequence[Path], asked: Asked) -> ExitCode:
    """Read captures and judge what crossed the perimeter in them."""
    prepared = ready(asked)
    site = api.load_site(asked.site)
    with progress("reading", quiet=asked.quiet) as show:
        evidence = api.traffic(tuple(paths), site=site, at=asked.moment, progress=show)
    return judge(evidence, asked, prepared)
