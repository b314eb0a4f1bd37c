"""What lies in model stores: artifacts with their verdicts, and what a store says falsely."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.evidence.base import Record

# Strongest last: a file's verdict is the strongest of its parts'.
Verdict = Literal["data", "framework", "unlisted", "not-inspectable", "malformed", "dangerous"]
VERDICTS: tuple[Verdict, ...] = (
    "data", "framework", "unlisted", "not-inspectable", "malformed", "dangerous",
)  # fmt: skip

Role = Literal[
    "weights", "adapter", "tokenizer", "configuration", "graph", "engine", "dataset", "index",
    "optimizer", "pipeline", "archive", "object", "unknown",
]  # fmt: skip

Anomaly = Literal[
    "blob-missing", "blob-size", "blob-digest", "blob-orphan", "link-dangling", "link-escaping",
    "reference-mutable", "reference-broken", "remote-code-cached", "remote-code-declared",
    "credential", "writable", "script", "native-code", "external-missing", "external-escaping",
    "index-mismatch", "cloud-model", "download-unfinished", "configuration-malformed",
    "special-file", "signature-mismatch",
]  # fmt: skip

SignatureState = Literal["none", "valid", "untrusted", "invalid", "unreadable", "not-checked"]


class VerdictReason(Struct, frozen=True, order=True, kw_only=True, forbid_unknown_fields=True):
    """Why a file has its verdict: a check by its name, what it saw, and where.

    `rule` names the check (`pickle-global-unlisted`, `zip-name-differs`); `verdict` is what this
    reason alone would give. `offset` counts bytes within `member` (`model.pt!archive/data.pkl`),
    or within the file where `member` is empty; -1 where no byte can be named. `global_name` is
    the `module.name` that a pickle asks for.
    """

    rule: str
    verdict: Verdict
    detail: str
    offset: int = -1
    member: str = ""
    global_name: str = ""

    @property
    def words(self) -> str:
        """Return the check, the global that is meant, and what was seen."""
        if self.global_name and self.global_name not in self.detail:
            return f"{self.rule}: {self.global_name}: {self.detail}"
        return f"{self.rule}: {self.detail}"

    @property
    def place(self) -> str:
        """Return member and offset in words, `` where the file as a whole is meant."""
        at = f"byte {self.offset}" if self.offset >= 0 else ""
        return " at ".join(part for part in (self.member, at) if part)


class ModelSignature(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a signature says of a file: `method` is `key` or `certificate`, `source` its file.

    `untrusted` holds, but by nobody whom the site names; `not-checked` lacks digests.
    """

    state: SignatureState = "none"
    signer: str = ""
    method: str = ""
    source: str = ""


class ModelFile(Record, frozen=True, kw_only=True):
    """An artifact of a model store: read, never executed. Sizes in bytes.

    `model_format` is what the content says (`safetensors`, `gguf`, `pickle` …), never the
    extension; `unknown` for a file that is named like a model and has no known content.
    `parameters` counts elements. `verdict` is `None` where the file could not be read at all.
    `unlisted` are the globals of pickles that no table holds, `module.name`, sorted; `reasons`
    are bounded, the strongest first. `registry`, `repository` and `revision` tell where the
    file came from, as its store has it (`huggingface.co`, `Qwen/Qwen3-8B`, a commit);
    `digests` holds what was computed, each as `sha256:<hex>`; empty where nobody asked.
    `name_digest` compares a digest with a file name that is one: `` where the name is none,
    `not-asked` where no digest was computed. `links` are paths in the store that lead to this
    file. `chat_template` is the SHA-256 of the template's text.
    """

    path: str
    store: str
    model_format: str
    size: int
    architecture: str
    name: str
    parameters: int | None
    precision: str
    context_length: int
    tensors: int
    license: str
    base_model: str
    role: Role = "weights"
    verdict: Verdict | None = None
    reasons: tuple[VerdictReason, ...] = ()
    unlisted: tuple[str, ...] = ()
    registry: str = ""
    repository: str = ""
    revision: str = ""
    digests: tuple[str, ...] = ()
    name_digest: Literal["", "matches", "differs", "not-asked"] | None = ""
    signature: ModelSignature = ModelSignature()
    links: tuple[str, ...] = ()
    producer: str = ""
    quantization: str = ""
    tokenizer: str = ""
    chat_template: str = ""
    custom_operators: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    remote_code: bool = False

    @property
    def label(self) -> str:
        """Return the path."""
        return self.path

    @property
    def sha256(self) -> str:
        """Return the SHA-256 in hex, `` where it was not computed."""
        found = (d.removeprefix("sha256:") for d in self.digests if d.startswith("sha256:"))
        return next(found, "")


class StoreAnomaly(Record, frozen=True, kw_only=True):
    """Something in a store that is not as the store says, or does not belong there.

    `path` is the entry that is meant, `detail` what was expected and what was seen.
    """

    store: str
    path: str
    anomaly: Anomaly
    detail: str

    @property
    def label(self) -> str:
        """Return the path and what is wrong with it."""
        return f"{self.path} ({self.anomaly})"


class ModelAssessment(Record, frozen=True, kw_only=True):
    """A model file held against the site: its verdict after exceptions, and its origin.

    `verdict` is the file's, or `framework` where every unlisted global is excepted; `excepted`
    names those globals with their owner, `unlisted` those that are left. `origin_state` is
    `approved` or `unapproved` by the site's `model_origins`, `undeclared` where the site names
    none, `unknown` where the store tells no origin. `why` is the strongest of
    the file's reasons in words, with its place. `refused` says why an exception that names one
    of the globals does not hold (expired, another digest, no digest computed).
    """

    path: str
    store: str
    model_format: str
    verdict: Verdict | None
    excepted: tuple[str, ...]
    unlisted: tuple[str, ...]
    registry: str
    repository: str
    origin_state: Literal["approved", "unapproved", "undeclared", "unknown"]
    role: Role = "unknown"
    why: str = ""
    refused: str = ""

    @property
    def label(self) -> str:
        """Return the path."""
        return self.path
