"""Chat templates that lie beside a model: programs in Jinja that a server runs for each request."""

from __future__ import annotations

import json
from collections.abc import Iterator

from auditor.formats import Budget, Context, Inspection, ModelHeader, worst
from auditor.formats._template import check_template, digest, named_templates
from auditor.stores import Facts, Folder, Found, Judged, Store, StoreLayout, Told, joined
from auditor.stores._documents import JSON_LIMIT

# transformers: `chat_template` in the tokenizer's or processor's configuration, or a file of its
# own; further ones by name in a folder.
_IN_JSON = ("tokenizer_config.json", "chat_template.json", "processor_config.json")
_ALONE = "chat_template.jinja"
_MORE = "additional_chat_templates"
_SUFFIX = ".jinja"
_FORMAT = "chat-template"
_MOST_REASONS = 50


def _recognises(folder: Folder) -> bool:
    return any(name in _IN_JSON or name.endswith(_SUFFIX) for name in folder.names())


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    first = ""
    for name in folder.names():
        path = joined(folder.path, name)
        if name in _IN_JSON:
            templates = _from_json(store.read(path, JSON_LIMIT))
        elif name.endswith(_SUFFIX):
            data = store.read(path, JSON_LIMIT)
            templates = [] if data is None else [("", data.decode("utf-8", "replace"))]
        else:
            continue
        file = store.contents.at(path)
        if not templates or file is None:
            continue
        yield Judged(path=file.path, inspection=_judged(templates, name))
        # A file of its own counts before the configuration's field.
        if not first or name == _ALONE:
            first = digest(templates[0][1])
    if first and folder.name != _MORE:
        yield Told(path=folder.path, facts=Facts(chat_template=first))


def _from_json(data: bytes | None) -> list[tuple[str, str]]:
    """Return the templates of a configuration; that it is none, its own layout tells."""
    try:
        document = json.loads((data or b"{}").decode("utf-8"))
    except (ValueError, RecursionError):
        return []
    held = document.get("chat_template") if isinstance(document, dict) else None
    return list(named_templates(held))


def _judged(templates: list[tuple[str, str]], name: str) -> Inspection:
    context = Context(budget=Budget())
    reasons = [
        reason
        for called, text in templates
        for reason in check_template(text, context, f"{name}: {called}" if called else name)
    ]
    return Inspection(
        model_format=_FORMAT,
        role="configuration",
        header=ModelHeader(chat_template=digest(templates[0][1])),
        verdict=worst(reason.verdict for reason in reasons),
        reasons=tuple(reasons[:_MOST_REASONS]),
    )


LAYOUT = StoreLayout(title="Chat templates beside models", recognises=_recognises, look=_look)
