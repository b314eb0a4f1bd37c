"""Tells models and data sets as components of a bill of materials, with what they come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.evidence.models import VERDICTS, SignatureState, StoreAnomaly
from auditor.report._bom_bases import Bases
from auditor.report._bom_files import (
    file_component,
    license_choices,
    occurrences,
    properties,
)
from auditor.report._bom_models import Bundle
from auditor.report._cyclonedx import (
    Component,
    Data,
    Evidence,
    ExternalReference,
    Identity,
    ModelCard,
    ModelParameters,
    Pedigree,
)
from auditor.report._models import UNREAD, Artifact
from auditor.report._purl import purl

# What has no verdict was not looked into: worse than all that was, but for what was seen to be bad.
_ORDER = (*VERDICTS[:4], UNREAD, *VERDICTS[4:])
_SIGNATURES: tuple[SignatureState, ...] = (
    "valid", "none", "not-checked", "untrusted", "unreadable", "invalid",
)  # fmt: skip
_LONGEST_VERSION = 1024  # CycloneDX 1.6, version; what is longer is a property alone
# transformers names the classes of its models after what their heads are for (its auto classes).
_TASKS = {
    "CausalLM": "text-generation", "MaskedLM": "fill-mask",
    "SequenceClassification": "text-classification",
    "TokenClassification": "token-classification", "QuestionAnswering": "question-answering",
    "ImageClassification": "image-classification", "ObjectDetection": "object-detection",
    "SemanticSegmentation": "image-segmentation",
    "SpeechSeq2Seq": "automatic-speech-recognition", "CTC": "automatic-speech-recognition",
    "AudioClassification": "audio-classification",
}  # fmt: skip
_HEAD = re.compile(r"[A-Za-z0-9_]+For(?P<head>[A-Z]\w+)")


def component(bundle: Bundle, bases: Bases, anomalies: Iterable[StoreAnomaly]) -> Component:
    """Return a model or data set with its files; `anomalies` are those that are found in it."""
    group, _, name = bundle.name.rpartition("/") if bundle.repository else ("", "", bundle.name)
    package = purl(bundle.registry, bundle.repository, bundle.revision)
    ancestors = tuple(_ancestor(bundle, base, bases) for base in bundle.base_models)
    is_model = bundle.kind == "model"
    licenses = bundle.licenses
    return Component(
        type="machine-learning-model" if is_model else "data",
        bom_ref=bundle.ref,
        group=group or None,
        name=name,
        version=_version(bundle.revision),
        licenses=license_choices(licenses),
        purl=package or None,
        pedigree=Pedigree(ancestors=ancestors) if ancestors else None,
        external_references=(ExternalReference(type="distribution", url=package),)
        if package
        else (),
        components=tuple(
            file_component(bundle, artifact, licensed=len(licenses) > 1)
            for artifact in bundle.artifacts
        ),
        evidence=_evidence(bundle, package),
        model_card=_card(bundle, bases) if is_model else None,
        data=() if is_model else (_data(bundle),),
        properties=properties(_facts(bundle, anomalies)),
    )


def _version(revision: str) -> str | None:
    return revision if revision and len(revision) <= _LONGEST_VERSION else None


def _evidence(bundle: Bundle, package: str) -> Evidence:
    """Return where it lies; what a store calls it is a claim, told without a confidence."""
    claimed = Identity(
        field="purl" if package else "name", concluded_value=package or bundle.repository
    )
    return Evidence(
        identity=(claimed,) if bundle.repository else (), occurrences=occurrences(bundle.folder)
    )


def _data(bundle: Bundle) -> Data:
    return Data(type="dataset" if bundle.kind == "dataset" else "configuration", name=bundle.name)


def _card(bundle: Bundle, bases: Bases) -> ModelCard | None:
    architecture = bundle.first("architecture")
    found = _HEAD.fullmatch(architecture)
    datasets = tuple(_dataset(bundle, name, bases) for name in bundle.datasets)
    parameters = ModelParameters(
        task=_TASKS.get(found["head"]) if found else None,
        model_architecture=architecture or None,
        datasets=datasets,
    )
    return None if parameters == ModelParameters() else ModelCard(model_parameters=parameters)


def _dataset(bundle: Bundle, name: str, bases: Bases) -> Data:
    here = bases.dataset(bundle, name)
    return Data(ref=here.ref) if here is not None else Data(type="dataset", name=name)


def _ancestor(bundle: Bundle, base: str, bases: Bases) -> Component:
    """Return a base model as it is named, and as it is found here where that is certain."""
    here = bases.model(bundle, base)
    if here is not None:
        group, _, name = here.name.rpartition("/") if here.repository else ("", "", here.name)
        return Component(
            type="machine-learning-model",
            group=group or None,
            name=name,
            version=_version(here.revision),
            purl=purl(here.registry, here.repository, here.revision) or None,
            properties=properties((("ref", here.ref),)),
        )
    package = purl(bundle.registry, base)
    group, _, name = base.rpartition("/") if package else ("", "", base)
    return Component(
        type="machine-learning-model",
        bom_ref=bases.outside(bundle, base),
        group=group or None,
        name=name,
        purl=package or None,
    )


def _facts(bundle: Bundle, anomalies: Iterable[StoreAnomaly]) -> Iterator[tuple[str, str]]:
    files = [artifact.file for artifact in bundle.artifacts]
    yield "verdict", max((a.verdict or UNREAD for a in bundle.artifacts), key=_ORDER.index)
    yield "store", bundle.store
    yield "registry", bundle.registry
    yield "revision", bundle.revision
    for state in sorted({_origin_state(artifact) for artifact in bundle.artifacts}):
        yield "origin-state", state
    yield "files", str(len(files))
    yield "size", str(sum(file.size for file in files))
    for model_format in sorted({artifact.file.model_format for artifact in bundle.weights}):
        yield "format", model_format
    yield "name", bundle.first("name") if bundle.kind == "model" else ""
    count = bundle.parameters()
    yield "parameters", "" if count is None else str(count)
    for precision in sorted({artifact.file.precision for artifact in bundle.weights}):
        yield "precision", precision
    for quantization in sorted({artifact.file.quantization for artifact in bundle.weights}):
        yield "quantization", quantization
    yield "remote-code", "true" if any(file.remote_code for file in files) else ""
    # Of several the worst: a model is signed where every file of it is.
    yield "signature:state", max((file.signature.state for file in files), key=_SIGNATURES.index)
    for signer in sorted({file.signature.signer for file in files}):
        yield "signature:signer", signer
    if any(file.name_digest == "differs" for file in files):
        yield "name-digest", "differs"
    for anomaly in anomalies:
        yield "anomaly", anomaly_words(anomaly)


def _origin_state(artifact: Artifact) -> str:
    return artifact.assessment.origin_state if artifact.assessment else ""


def anomaly_words(anomaly: StoreAnomaly) -> str:
    """Return an anomaly in one line."""
    return f"{anomaly.anomaly}: {anomaly.path}: {anomaly.detail}"
