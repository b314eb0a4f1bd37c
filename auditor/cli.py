"""The command line: parse, one call of the library, exit code; nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from auditor import cli_models, cli_policy, cli_traffic
from auditor._version import __version__
from auditor.cli_options import (
    AllowOption,
    AtOption,
    DeepOption,
    EvidenceArgument,
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
from auditor.cli_run import Commands, run

app = typer.Typer(
    name="audit",
    cls=Commands,
    help="Audit the data sovereignty of on-premise AI servers, offline. "
    "Exit codes: 0 pass, 1 finding, 2 usage, 3 undecided, 4 input error, 5 bad signature.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_models.app, name="models")
app.add_typer(cli_policy.app, name="policy")


@app.command()
def scan(
    site: SiteOption = None, policy: PolicyOption = None, profile: ProfileOption = None,
    waivers: WaiversOption = None, formats: FormatOption = None, out: OutOption = None,
    fail_on: FailOption = Level.MEDIUM, allow_unknown: AllowOption = False,
    lang: LangOption = Language.EN, key: KeyOption = None, quiet: QuietOption = False,
    at: AtOption = "",
    root: Annotated[
        Path | None, typer.Option("--root", help="Audit a recorded tree or image instead.")
    ] = None,
    store: Annotated[
        list[str] | None, typer.Option("--store", help="A folder of models or data; repeatable.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Keep what was read here, for a replay.")
    ] = None,
    probe_loopback: Annotated[
        bool, typer.Option("--probe-loopback", help="Ask own listeners for TLS over 127.0.0.1.")
    ] = False,
    digests: Annotated[
        bool, typer.Option("--digests", help="Hash the model files found (SHA-256): may take long.")
    ] = False,
    digest_cache: Annotated[
        Path | None, typer.Option("--digest-cache", help="A file that keeps digests between runs.")
    ] = None,
    capture: Annotated[
        list[Path] | None, typer.Option("--capture", help="A capture of its traffic; repeatable.")
    ] = None,
    deep: DeepOption = False,
) -> None:  # fmt: skip
    """Audit this host (or a recorded one): what can leave, and what lies unencrypted."""
    from auditor.commands import auditing, models

    asked = auditing.Asked(
        site=site, packs=tuple(policy or ()), profile=profile, waivers=waivers,
        formats=tuple(formats or ()), folder=out, fail_on=fail_on.value,
        allow_unknown=allow_unknown, language=lang.value, key=key, quiet=quiet, at=at,
    )  # fmt: skip
    hashing = models.hashing(None, digest_cache, "", nothing=not digests)
    captures = tuple(capture or ())
    finish(
        auditing.scan(
            asked,
            root,
            store,
            record,
            captures=captures,
            deep=deep,
            probe_loopback=probe_loopback,
            hashing=hashing,
        )
    )


@app.command()
def gate(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Manifests or folders.")],
    site: SiteOption = None, policy: PolicyOption = None, profile: ProfileOption = None,
    waivers: WaiversOption = None, formats: FormatOption = None, out: OutOption = None,
    fail_on: FailOption = Level.MEDIUM, allow_unknown: AllowOption = False,
    lang: LangOption = Language.EN, key: KeyOption = None, quiet: QuietOption = False,
    at: AtOption = "",
) -> None:  # fmt: skip
    """Judge deployment manifests before they run: Kubernetes YAML and Docker Compose."""
    from auditor.commands import auditing

    asked = auditing.Asked(
        site=site, packs=tuple(policy or ()), profile=profile, waivers=waivers,
        formats=tuple(formats or ()), folder=out, fail_on=fail_on.value,
        allow_unknown=allow_unknown, language=lang.value, key=key, quiet=quiet, at=at,
    )  # fmt: skip
    finish(auditing.gate(paths, asked))


app.command()(cli_traffic.traffic)


@app.command()
def evaluate(
    evidence: EvidenceArgument,
    site: SiteOption = None, policy: PolicyOption = None, profile: ProfileOption = None,
    waivers: WaiversOption = None, formats: FormatOption = None, out: OutOption = None,
    fail_on: FailOption = Level.MEDIUM, allow_unknown: AllowOption = False,
    lang: LangOption = Language.EN, key: KeyOption = None, quiet: QuietOption = False,
    at: AtOption = "",
) -> None:  # fmt: skip
    """Judge evidence again, at a desk: same evidence and packs, same bytes."""
    from auditor.commands import auditing

    asked = auditing.Asked(
        site=site, packs=tuple(policy or ()), profile=profile, waivers=waivers,
        formats=tuple(formats or ()), folder=out, fail_on=fail_on.value,
        allow_unknown=allow_unknown, language=lang.value, key=key, quiet=quiet, at=at,
    )  # fmt: skip
    finish(auditing.evaluate(evidence, asked))


@app.command()
def report(
    evidence: EvidenceArgument,
    style: Annotated[str, typer.Option("--format", "-f", help="The format to print.")] = "text",
    lang: LangOption = Language.EN,
) -> None:
    """Print a finished audit in another format, by the findings that it was handed over with."""
    from auditor.commands import auditing

    finish(auditing.report(evidence, style, lang.value))


@app.command()
def init(
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path(
        "site.yaml"
    ),
    root: Annotated[
        Path | None, typer.Option("--root", help="A recorded tree or image instead.")
    ] = None,
) -> None:
    """Write a first site file from what this host shows, with comments to decide on."""
    from auditor.commands import auditing

    finish(auditing.init(out, root))


@app.command()
def keygen(
    path: Annotated[
        Path, typer.Argument(help="The private key's file, as signer.key; signer.pub comes beside.")
    ],
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", help="Encrypt the key with its first line.")
    ] = None,
) -> None:
    """Make a signing key (Ed25519)."""
    from auditor.commands import sealing

    finish(sealing.keygen(path, passphrase_file))


@app.command()
def sign(
    path: Annotated[Path, typer.Argument(help="An output folder, or any file.")],
    key: Annotated[Path, typer.Option("--key", help="The private key.")],
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", help="The key's passphrase.")
    ] = None,
) -> None:
    """Sign an output folder anew (on a signing station), or write FILE.sig beside a file."""
    from auditor.commands import sealing

    finish(sealing.sign(path, key, passphrase_file))


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="A report, an attestation or an output folder.")],
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="A public key that you trust; repeatable.")
    ] = None,
    site: SiteOption = None,
) -> None:
    """Check signature, grammar and digests, and that the evidence gives the same report."""
    from auditor.commands import sealing

    finish(sealing.verify(path, trust, site))


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="findings.json or output folder, earlier.")],
    after: Annotated[Path, typer.Argument(help="findings.json or output folder, later.")],
) -> None:
    """Tell what changed between two audits; exit 1 where something got worse."""
    from auditor.commands import listing

    finish(listing.diff(before, after))


@app.command()
def collectors() -> None:
    """List the collectors: what each yields and reads."""
    from auditor.commands import listing

    finish(listing.list_collectors())


@app.command()
def schema(
    name: Annotated[
        str, typer.Argument(help="evidence, findings, site, models or traffic.")
    ] = "evidence",
) -> None:
    """Print a JSON Schema."""
    from auditor.commands import listing

    finish(listing.schema(name))


def _version(value: bool) -> None:
    """Print the version and leave."""
    if value:
        typer.echo(f"audit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""


def main() -> NoReturn:
    """Run the command; every way out has its exit code."""
    run(app)
