"""The commands below `audit models`; a word that is none of them is a path to inspect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from auditor.cli_options import (
    AllowOption,
    AtOption,
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

_DEFAULT = "inspect"


class ModelCommands(TyperGroup):
    """The commands; `audit models /srv/models` is short for `audit models inspect /srv/models`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take a first word that is no command for a path or option of `inspect`."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ModelCommands,
    help="Audit model stores: audit models PATH… is short for audit models inspect PATH…. "
    "A folder that is named like a command is named with a slash: ./lock.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

PathsArgument = Annotated[
    list[str], typer.Argument(metavar="PATH…", help="Folders that hold models, or single files.")
]
DigestOption = Annotated[
    list[str] | None,
    typer.Option(
        "--digest", metavar="ALG", help="sha256, sha512, blake2b, blake3 or sm3; repeatable."
    ),
]
CacheOption = Annotated[
    Path | None, typer.Option("--digest-cache", help="A file that keeps digests between runs.")
]
RootOption = Annotated[
    Path | None, typer.Option("--root", help="Look in a recorded tree or image instead.")
]
FileOption = Annotated[Path | None, typer.Option("--out", "-o", help="The file to write.")]
ShardOption = Annotated[
    str, typer.Option("--shard", metavar="i/n", help="Hash only this part of the files.")
]


@app.command("inspect")
def inspect(
    paths: PathsArgument,
    site: SiteOption = None, policy: PolicyOption = None, profile: ProfileOption = None,
    waivers: WaiversOption = None, formats: FormatOption = None, out: OutOption = None,
    fail_on: FailOption = Level.MEDIUM, allow_unknown: AllowOption = False,
    lang: LangOption = Language.EN, key: KeyOption = None, quiet: QuietOption = False,
    at: AtOption = "",
    root: RootOption = None,
    digest: DigestOption = None,
    no_digest: Annotated[
        bool, typer.Option("--no-digest", help="Read headers alone; hash nothing.")
    ] = False,
    digest_cache: CacheOption = None,
    shard: ShardOption = "",
    allow_globals: Annotated[
        Path | None, typer.Option("--allow-globals", help="More globals that pickles may ask for.")
    ] = None,
) -> None:  # fmt: skip
    """Inventory and judge model stores: what is there, whence, safe to load, unchanged."""
    from auditor.commands import auditing, models

    asked = auditing.Asked(
        site=site, packs=tuple(policy or ()), profile=profile, waivers=waivers,
        formats=tuple(formats or ()), folder=out, fail_on=fail_on.value,
        allow_unknown=allow_unknown, language=lang.value, key=key, quiet=quiet, at=at,
    )  # fmt: skip
    hashing = models.hashing(digest, digest_cache, shard, nothing=no_digest)
    finish(models.inspect(tuple(paths), asked, root, hashing, allow_globals))


@app.command("lock")
def lock(
    paths: PathsArgument,
    out: FileOption = None,
    root: RootOption = None,
    digest: DigestOption = None,
    digest_cache: CacheOption = None,
    shard: ShardOption = "",
    at: AtOption = "",
) -> None:
    """Write down every file and link of stores with its digests, to check them against later."""
    from auditor.commands import locks, models

    hashing = models.hashing(digest, digest_cache, shard, nothing=False)
    finish(locks.lock(paths, out, root, hashing, at=at))


@app.command("check")
def check(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH…]", help="Default: where they were locked.")
    ] = None,
    locked: Annotated[
        Path, typer.Option("--lock", help="The lock to check against.")
    ] = Path("models.lock.json"),
    root: RootOption = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="A public key that must have signed the lock; repeatable."),
    ] = None,
    shard: ShardOption = "",
) -> None:  # fmt: skip
    """Hash stores again and tell what is not as it was locked; exit 1 where something is not."""
    from auditor.commands import locks

    finish(locks.check(paths or (), locked, root, trust or (), shard=shard))


@app.command("merge")
def merge(
    parts: Annotated[
        list[Path], typer.Argument(metavar="LOCK…", help="The locks of all parts (--shard).")
    ],
    out: FileOption = None,
) -> None:
    """Join the locks of all the parts of a store into one."""
    from auditor.commands import locks

    finish(locks.merge(parts, out))


SignatureOption = Annotated[
    Path | None,
    typer.Option("--signature", help="Its file. Default: PATH/model.sig, or FILE.sig of a file."),
]


@app.command("sign")
def sign(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A model: its folder, or one file.")],
    key: Annotated[
        Path, typer.Option("--key", help="The private key in PEM: P-256, P-384 or P-521.")
    ],
    signature: SignatureOption = None,
    passphrase_file: Annotated[
        Path | None, typer.Option("--passphrase-file", help="Its first line opens the key.")
    ] = None,
    certificate: Annotated[
        list[Path] | None,
        typer.Option("--certificate", help="Certificates in PEM, the signer's own first."),
    ] = None,
    digest: Annotated[
        str, typer.Option("--digest", metavar="ALG", help="sha256, blake2b or blake3.")
    ] = "sha256",
    shard_size: Annotated[
        int, typer.Option("--shard-size", min=0, help="Sign parts of so many bytes; 0: files.")
    ] = 0,
    allow_symlinks: Annotated[
        bool, typer.Option("--allow-symlinks", help="Sign what links lead to, as in hub caches.")
    ] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", help="A path in the model to be left out; repeatable."),
    ] = None,
) -> None:  # fmt: skip
    """Sign a model, so that `model_signing` and this toolkit can verify it (OpenSSF)."""
    from auditor.commands import signatures

    choice = signatures.Choice(
        key=key, passphrase_file=passphrase_file, certificates=tuple(certificate or ()),
        hash_type=digest, shard_size=shard_size, allow_symlinks=allow_symlinks,
        ignored=tuple(ignore or ()),
    )  # fmt: skip
    finish(signatures.sign(path, signature, choice))


@app.command("verify")
def verify(
    path: Annotated[str, typer.Argument(metavar="PATH", help="A model: its folder, or one file.")],
    signature: SignatureOption = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="A public key, or certificates of who vouches; repeatable."),
    ] = None,
    site: SiteOption = None,
    ignore_unsigned: Annotated[
        bool, typer.Option("--ignore-unsigned", help="Accept files that the signature omits.")
    ] = False,
    at: AtOption = "",
) -> None:  # fmt: skip
    """Verify a model's signature and that every file is what was signed; else exit 5."""
    from auditor.commands import signatures

    trusted = signatures.whom(trust or (), site)
    finish(signatures.verify(path, signature, trusted, at=at, ignore_unsigned=ignore_unsigned))
