"""Tells one file of a model as a component of a bill of materials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.evidence.models import ModelFile
from auditor.report._bom_models import Bundle, name_in, reference
from auditor.report._cyclonedx import (
    Component,
    Evidence,
    Hash,
    Identity,
    IdentityMethod,
    LicenseChoice,
    LicenseName,
    Occurrence,
    Property,
)
from auditor.report._models import UNREAD, Artifact
from auditor.report._spdx import License, license_of

# CycloneDX 1.6, hash-alg. It knows no SM3; git's SHA-1 is not one of the content alone.
_ALGORITHMS = {
    "sha256": "SHA-256", "sha512": "SHA-512", "blake3": "BLAKE3", "blake2b": "BLAKE2b-512",
    "md5": "MD5",
}  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{128}", re.IGNORECASE)


def file_component(bundle: Bundle, artifact: Artifact, *, licensed: bool) -> Component:
    """Return a file of a model, with its own licence where `licensed`."""
    file = artifact.file
    hashes, others = _digests(file)
    licenses = (file.license,) if file.license and licensed else ()
    return Component(
        type="data" if file.role == "dataset" else "file",
        bom_ref=file_reference(bundle, artifact),
        name=name_in(bundle.folder, bundle.revision, artifact),
        hashes=hashes,
        licenses=license_choices(licenses),
        evidence=Evidence(identity=_identity(file), occurrences=occurrences(file.path, file.links)),
        properties=properties((*_facts(artifact), *(("digest", other) for other in others))),
    )


def file_reference(bundle: Bundle, artifact: Artifact) -> str:
    """Return the name of a model's file within the bill."""
    return reference("file", bundle.ref, artifact.file.path)


def license_choices(declared: Iterable[str]) -> tuple[LicenseChoice, ...]:
    """Return licences as the bill has them.

    An expression stands alone or not at all (CycloneDX 1.6, licenseChoice): beside others it is
    a name.
    """
    found = tuple(dict.fromkeys(map(license_of, declared)))
    return tuple(_license(one, alone=len(found) == 1) for one in found)


def occurrences(path: str, links: Iterable[str] = ()) -> tuple[Occurrence, ...]:
    """Return where something lies, and the links that lead there."""
    others = sorted(set(links) - {path})
    return (
        Occurrence(location=path),
        *(Occurrence(location=link, additional_context="link") for link in others),
    )


def properties(pairs: Iterable[tuple[str, str]]) -> tuple[Property, ...]:
    """Return facts under the toolkit's own names, those left out that say nothing."""
    return tuple(Property(name=f"auditor:{name}", value=value) for name, value in pairs if value)


def _license(one: License, *, alone: bool) -> LicenseChoice:
    if one.form == "expression" and alone:
        return LicenseChoice(expression=one.text, acknowledgement="declared")
    if one.form == "id":
        return LicenseChoice(license=LicenseName(id=one.text, acknowledgement="declared"))
    return LicenseChoice(license=LicenseName(name=one.text, acknowledgement="declared"))


def _digests(file: ModelFile) -> tuple[tuple[Hash, ...], tuple[str, ...]]:
    """Return the digests that CycloneDX knows, and the others as they are."""
    hashes, others = [], []
    for digest in file.digests:
        name, _, value = digest.partition(":")
        if name in _ALGORITHMS and _HASH.fullmatch(value):
            hashes.append(Hash(alg=_ALGORITHMS[name], content=value.lower()))
        else:
            others.append(digest)
    return tuple(hashes), tuple(others)


def _identity(file: ModelFile) -> tuple[Identity, ...]:
    """Return what is proven of a file's identity: that it is the one that its name's digest is."""
    if file.name_digest != "matches":
        return ()
    called = file.path.rpartition("/")[2].lower()
    named = next((d for d in file.digests if called.endswith(d.partition(":")[2])), "")
    method = IdentityMethod(technique="hash-comparison", confidence=1, value=file.path)
    return (Identity(field="hash", concluded_value=named, methods=(method,)),) if named else ()


def _facts(artifact: Artifact) -> Iterator[tuple[str, str]]:
    file, assessment = artifact.file, artifact.assessment
    yield "verdict", artifact.verdict or UNREAD
    for reason in file.reasons:
        yield "reason", reason.words + (f" ({reason.place})" if reason.place else "")
    for name in assessment.unlisted if assessment else file.unlisted:
        yield "unlisted-global", name
    for name in assessment.excepted if assessment else ():
        yield "excepted-global", name
    yield "format", file.model_format
    yield "role", file.role
    yield "size", str(file.size)
    # None: it could not be told whether the content is what the name says.
    yield "name-digest", "unknown" if file.name_digest is None else file.name_digest
    yield from signature(file)
    yield "name", file.name
    yield "architecture", file.architecture
    yield "parameters", "" if file.parameters is None else str(file.parameters)
    yield "precision", file.precision
    yield "quantization", file.quantization
    yield "context-length", str(file.context_length or "")
    yield "tensors", str(file.tensors or "")
    yield "tokenizer", file.tokenizer
    yield "chat-template-sha256", file.chat_template
    yield "producer", file.producer
    for operator in file.custom_operators:
        yield "custom-operator", operator
    yield "remote-code", "true" if file.remote_code else ""


def signature(file: ModelFile) -> Iterator[tuple[str, str]]:
    """Yield what a signature says of a file, `none` too: CycloneDX's own signs bills alone."""
    told = file.signature
    yield "signature:state", told.state
    yield "signature:signer", told.signer
    yield "signature:method", told.method
    yield "signature:source", told.source
