"""The command `audit traffic`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli_options import (
    AllowOption,
    AtOption,
    DeepOption,
    FailOption,
    FormatOption,
    KeyOption,
    LangOption,
    Language,
    Level,
    OutOption,
    PolicyOption,
    ProfileOption,
    QuietOption,
    SiteOption,
    WaiversOption,
    finish,
)


def traffic(
    captures: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE…]", help="Captures: pcap or pcapng, also gzip or zstd."),
    ] = None,
    live: Annotated[
        str,
        typer.Option(
            metavar="IFACE",
            help="Capture on this interface first; kept in -o DIR. Needs root or CAP_NET_RAW.",
        ),
    ] = "",
    seconds: Annotated[
        float, typer.Option(metavar="N", help="How long to capture (Ctrl-C ends it sooner).")
    ] = 60.0,
    promiscuous: Annotated[
        bool,
        typer.Option(
            "--promiscuous", help="Also hear frames for others: for mirror ports, with --live."
        ),
    ] = False,
    deep: DeepOption = False,
    site: SiteOption = None, policy: PolicyOption = None, profile: ProfileOption = None,
    waivers: WaiversOption = None, formats: FormatOption = None, out: OutOption = None,
    fail_on: FailOption = Level.MEDIUM, allow_unknown: AllowOption = False,
    lang: LangOption = Language.EN, key: KeyOption = None, quiet: QuietOption = False,
    at: AtOption = "",
) -> None:  # fmt: skip
    """Judge captured traffic: what crossed the perimeter, to whom, how much, in clear or not."""
    from auditor.commands import auditing
    from auditor.commands import traffic as command

    asked = auditing.Asked(
        site=site, packs=tuple(policy or ()), profile=profile, waivers=waivers,
        formats=tuple(formats or ()), folder=out, fail_on=fail_on.value,
        allow_unknown=allow_unknown, language=lang.value, key=key, quiet=quiet, at=at,
    )  # fmt: skip
    listening = command.Live(interface=live, seconds=seconds, promiscuous=promiscuous)
    finish(command.traffic(captures or [], asked, live=listening if live else None, deep=deep))
