"""Reads `tokenizer.json` of Hugging Face's tokenizers: what it is, and whether it adds text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from auditor.evidence.models import VerdictReason
from auditor.formats import BLANKS, Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats import _template_words as words
from auditor.formats._json import parse

# The largest in use, with 260,000 words and their merges, have 35 MB.
_MOST = 64 << 20
_FIELDS = (b'"added_tokens"', b'"truncation"', b'"pre_tokenizer"', b'"post_processor"')
_ENOUGH = 2
_SHOWN = 80
_MOST_REASONS = 20


class _Model(Struct):
    type: str = ""


class _Added(Struct):
    content: str = ""


class _Tokenizer(Struct):
    """What is read of a tokenizer; its vocabulary stays bytes."""

    model: _Model
    added_tokens: list[_Added] = []
    normalizer: Raw = Raw(b"null")
    pre_tokenizer: Raw = Raw(b"null")
    post_processor: Raw = Raw(b"null")
    decoder: Raw = Raw(b"null")


def recognises(head: bytes, _view: View) -> bool:
    """Return whether it is a table with at least two of the fields that only tokenizers have."""
    return head.lstrip()[:1] == b"{" and sum(field in head for field in _FIELDS) >= _ENOUGH


def inspect(view: View, context: Context) -> Inspection:
    """Return what the tokenizer is; raises `FormatError`.

    Rules that rewrite a text and tokens of its own are no place for addresses or instructions:
    those are unlisted.
    """
    if view.size > _MOST:
        raise FormatError(f"a tokenizer of {view.size} bytes", "limit", rule="limit-json")
    context.budget.step(view.size // 64)
    try:
        found = msgspec.json.decode(view.at(0, view.size), type=_Tokenizer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"not a tokenizer: {error}"[:200]) from error
    return Inspection(
        model_format="tokenizer",
        role="tokenizer",
        header=ModelHeader(tokenizer=found.model.type[:_SHOWN]),
        reasons=tuple(_reasons(found, context))[:_MOST_REASONS],
    )


def _reasons(found: _Tokenizer, context: Context) -> Iterator[VerdictReason]:
    for place, text in _texts(found, context):
        for what, seen in (
            ("an address", words.address(text)),
            ("words that tell a model to deceive", words.manipulation(text)),
        ):
            if seen:
                detail = f"{place} holds {what}: {seen[:_SHOWN]!a}"
                yield context.reason("tokenizer-text", "unlisted", detail)


def _texts(found: _Tokenizer, context: Context) -> Iterator[tuple[str, str]]:
    for token in found.added_tokens:
        yield "an added token", token.content
    for name in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        waiting = [parse(bytes(getattr(found, name)), name)]
        while waiting:
            value = waiting.pop()
            context.budget.step()
            if isinstance(value, str):
                yield f"the {name}", value
            elif isinstance(value, dict | list):
                waiting.extend(value.values() if isinstance(value, dict) else value)


FORMAT = ModelFormat(
    title="tokenizer", recognises=recognises, inspect=inspect, rank=5, begins=b"{" + BLANKS
)
