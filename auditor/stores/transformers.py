"""A model's folder as transformers and diffusers save it, and the code that it asks to be run."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Odd, Store, StoreLayout, Told, joined, odd
from auditor.stores._documents import Document, json_of, mapping, number, text

_CONFIG = "config.json"
# Every file whose `auto_map` makes transformers import code that lies beside it, where
# `trust_remote_code` allows it; diffusers' `model_index.json` names classes of its own.
_MAY_NAME_CODE = (
    _CONFIG, "tokenizer_config.json", "preprocessor_config.json", "processor_config.json",
    "feature_extractor_config.json", "video_preprocessor_config.json",
    "image_processor_config.json", "generation_config.json",
)  # fmt: skip
_PIPELINE = "model_index.json"
_MOST_NAMED = 5


def _recognises(folder: Folder) -> bool:
    return any(folder.holds(name) for name in (*_MAY_NAME_CODE, _PIPELINE))


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    remote = False
    for name in _MAY_NAME_CODE:
        if not folder.holds(name):
            continue
        path = joined(folder.path, name)
        document = json_of(store, path)
        if isinstance(document, Odd):
            yield document
        elif document is not None:
            declared = tuple(_declared(document))
            if declared:
                remote = True
                detail = "it asks to import " + ", ".join(declared[:_MOST_NAMED])
                yield odd(path, "remote-code-declared", detail)
            if name == _CONFIG:
                yield Told(path=folder.path, facts=_facts(document))
            elif name == "tokenizer_config.json":
                kind = text(document.get("tokenizer_class"))
                yield Told(path=folder.path, facts=Facts(tokenizer=kind), rank=1)
    if folder.holds(_PIPELINE):
        yield from _pipeline(folder, store)
    if remote:
        yield Told(path=folder.path, facts=Facts(remote_code=True), below=True)


def _declared(document: Document) -> Iterator[str]:
    """Yield the code that a configuration names: `modeling_x.Class`, or `org/name--file.Class`."""
    found = document.get("auto_map")
    if isinstance(found, dict):
        for value in found.values():
            names = value if isinstance(value, list) else [value]
            yield from (text(name) or "something that is no name" for name in names if name)
    elif found:
        yield "what its auto_map names"
    pipelines = mapping(document.get("custom_pipelines"))
    for pipeline in pipelines.values():
        yield text(mapping(pipeline).get("impl")) or "a pipeline of its own"


def _facts(document: Document) -> Facts:
    architectures = document.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else None
    inner = mapping(document.get("text_config")) or mapping(document.get("llm_config"))
    return Facts(
        architecture=text(first) or text(document.get("model_type")),
        context_length=number(document.get("max_position_embeddings"))
        or number(inner.get("max_position_embeddings")),
        quantization=_quantization(document) or _quantization(inner),
        producer=_producer(document),
        base_model=_saved_from(document),
    )


def _producer(document: Document) -> str:
    for tool in ("transformers", "diffusers"):
        version = text(document.get(f"_{tool}_version")) or text(document.get(f"{tool}_version"))
        if version:
            return f"{tool} {version}"
    return ""


def _quantization(document: Document) -> str:
    """Return a model's quantisation in the words of its configuration: `awq 4 bit`."""
    found = mapping(document.get("quantization_config"))
    method = text(found.get("quant_method")) or text(found.get("quant_algo"))
    for bits in (4, 8):
        if found.get(f"load_in_{bits}bit") is True:
            return f"{method or 'bitsandbytes'} {bits} bit"
    bits = number(found.get("bits")) or number(found.get("w_bit"))
    return f"{method} {bits} bit".strip() if bits else method


def _saved_from(document: Document) -> str:
    """Return the hub's name of what a model was loaded from before it was saved: its base."""
    name = text(document.get("_name_or_path"))
    return name if name.count("/") == 1 and not name.startswith(("/", ".", "~")) else ""


def _pipeline(folder: Folder, store: Store) -> Iterator[Found]:
    """Yield what a pipeline of diffusers names beyond diffusers and transformers."""
    path = joined(folder.path, _PIPELINE)
    document = json_of(store, path)
    if isinstance(document, Odd):
        yield document
        return
    if document is None:
        return
    named = text(document.get("_class_name"))
    yield Told(path=folder.path, facts=Facts(architecture=named, producer=_producer(document)),
               below=True, rank=1)  # fmt: skip
    code = [
        f"{text(value[0])}.{text(value[1])}"
        for key, value in document.items()
        if not key.startswith("_") and isinstance(value, list) and len(value) > 1
        if text(value[0]) and folder.holds(text(value[0]) + ".py")
    ]
    listed = document.get("_class_name")
    if isinstance(listed, list):  # [file, class]: a pipeline of its own
        code.append(".".join(text(item) for item in listed))
    for component in folder.folders:
        below = store.contents.folder(joined(folder.path, component))
        module = document.get(component)
        first = text(module[0]) if isinstance(module, list) and module else ""
        if below is not None and first and below.holds(f"{first}.py"):
            code.append(f"{component}/{first}.py")
    if code:
        detail = "it asks to import " + ", ".join(code[:_MOST_NAMED])
        yield odd(path, "remote-code-declared", detail)
        yield Told(path=folder.path, facts=Facts(remote_code=True), below=True)


LAYOUT = StoreLayout(
    title="Folders of transformers and diffusers", recognises=_recognises, look=_look
)
