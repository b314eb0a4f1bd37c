"""Reads `tokenizer_config.json` and `chat_template.json` of transformers."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import BLANKS, Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats import _json as json
from auditor.formats._template import check_template, digest, named_templates

# Fields that no other configuration has; one of them stands in the first kilobyte.
_FIELDS = (
    b'"added_tokens_decoder"', b'"tokenizer_class"', b'"chat_template"', b'"add_bos_token"',
    b'"add_prefix_space"', b'"clean_up_tokenization_spaces"', b'"additional_special_tokens"',
)  # fmt: skip
# Where a model has no longest context transformers writes a number of thirty digits.
_LONGEST = 1 << 31
_SHOWN = 200


def recognises(head: bytes, _view: View) -> bool:
    """Return whether it is a table with a field that only configurations of tokenizers have."""
    return head.lstrip()[:1] == b"{" and any(field in head for field in _FIELDS)


def inspect(view: View, context: Context) -> Inspection:
    """Return what the configuration says; its chat templates are checked. Raises `FormatError`."""
    found = json.whole(view, "the configuration")
    if not isinstance(found, dict):
        raise FormatError("the configuration is no table")
    templates = list(named_templates(found.get("chat_template")))
    first = next((text for name, text in templates if name in ("", "default")), "")
    longest = found.get("model_max_length")
    return Inspection(
        model_format="tokenizer_config",
        role="configuration",
        header=ModelHeader(
            tokenizer=json.text(found.get("tokenizer_class")),
            base_model=json.text(found.get("name_or_path")),
            context_length=longest if type(longest) is int and 0 < longest < _LONGEST else 0,
            chat_template=digest(first) if first else "",
        ),
        reasons=tuple(_reasons(found, templates, context)),
    )


def _reasons(
    found: dict[str, object], templates: list[tuple[str, str]], context: Context
) -> Iterator[VerdictReason]:
    for title, template in templates:
        where = f"chat_template.{title}" if title else "chat_template"
        yield from check_template(template, context, where)
    for kind, names in json.table(found.get("auto_map")).items():
        for name in names if isinstance(names, list) else [names]:
            if isinstance(name, str):
                detail = f"{kind[:_SHOWN]} is code that is loaded with trust_remote_code: {name}"
                yield context.reason(
                    "tokenizer-remote-code", "unlisted", detail, global_name=name.replace("--", ":")
                )


FORMAT = ModelFormat(
    title="tokenizer configuration",
    recognises=recognises,
    inspect=inspect,
    rank=6,
    begins=b"{" + BLANKS,
)
