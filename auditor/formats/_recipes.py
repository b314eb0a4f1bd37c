"""Judges the texts in archives that name what a loader runs: NeMo's settings, MAR manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context
from auditor.formats._json import parse, table, text
from auditor.formats._names import shown
from auditor.formats._pickle_danger import why_dangerous

# Hydra calls what `_target_` names, with the fields beside it (CVE-2025-23304).
_TARGET = re.compile(r"""["']?_target_["']?\s*[:=]\s*["']?([^\s"'#,}]{1,200})""")
_NEMO = ("nemo.collections.", "nemo.core.", "nemo.utils.", "torch.nn.", "torch.optim.")
_MOST = 100


def judge_targets(raw: bytes, context: Context) -> Iterator[VerdictReason]:
    """Yield what a NeMo model's configuration would call besides NeMo and PyTorch."""
    found = dict.fromkeys(_TARGET.findall(raw.decode("utf-8", "replace")))
    for target in list(found)[:_MOST]:
        module, _, name = target.rpartition(".")
        why = why_dangerous(module, name)
        if why:
            detail = f"the configuration calls {shown(target)}: {why}"
            yield context.reason("nemo-target", "dangerous", detail, global_name=target)
        elif not target.startswith(_NEMO) or ".." in target:
            detail = f"the configuration calls {shown(target)}, which is not NeMo's"
            yield context.reason("nemo-target", "unlisted", detail, global_name=target)
    # `_target_` can be spelled in ways that only a YAML parser sees through.
    if b"_target_" in raw and not found:
        detail = "the configuration calls something that was not understood"
        yield context.reason("nemo-target", "unlisted", detail)


def judge_manifest(raw: bytes, context: Context) -> Iterator[VerdictReason]:
    """Yield the handler that TorchServe runs for a model archive. Raises `FormatError`."""
    model = table(table(parse(raw, "the manifest")).get("model"))
    handler = text(model.get("handler"))
    if handler:
        detail = f"the model server runs the handler {shown(handler)}"
        yield context.reason("mar-handler", "unlisted", detail)
