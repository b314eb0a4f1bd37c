"""The command that judges captured traffic, and first captures it where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from auditor import api
from auditor.commands._terminal import progress
from auditor.commands.auditing import Asked, judge, ready
from auditor.errors import ExitCode, UsageError

# What a live capture is called beside the evidence; one of a run before is replaced.
LIVE = "live.pcapng"


class Live(Struct, frozen=True, kw_only=True):
    """Where to listen, and for how long."""

    interface: str
    seconds: float
    promiscuous: bool = False


def traffic(
    paths: Sequence[Path], asked: Asked, *, live: Live | None = None, deep: bool = False
) -> ExitCode:
    """Read captures and judge what crossed the perimeter in them; first capture one with `live`.

    `deep` has industrial messages dissected.
    """
    if live is None and not paths:
        raise UsageError("no capture was named", hint="Name a file, or an interface with --live")
    prepared = ready(asked)
    site = api.load_site(asked.site)
    if live is not None:
        paths = (*paths, _captured(live, asked))
    with progress("reading", quiet=asked.quiet) as show:
        evidence = api.traffic(tuple(paths), site=site, deep=deep, at=asked.moment, progress=show)
    return judge(evidence, asked, prepared)


def _captured(live: Live, asked: Asked) -> Path:
    """Capture, and return the file: it is kept, since whoever judges again needs it."""
    from auditor.capture.ask import listen
    from auditor.capture.words import Request

    if asked.folder is None:
        raise UsageError(
            "--live keeps its capture beside the evidence", hint="Name a folder with -o"
        )
    path = asked.folder / LIVE
    request = Request(interface=live.interface, seconds=live.seconds, promiscuous=live.promiscuous)
    with progress("capturing", quiet=asked.quiet) as show:
        listen(request, path, progress=show)
    return path
