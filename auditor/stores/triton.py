"""Triton's repositories: a folder a model with its configuration, and a folder a version."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Store, StoreLayout, Told, joined, odd

_CONFIG = "config.pbtxt"
_LIMIT = 1024 * 1024
# Text format of protocol buffers (triton-inference-server/common: model_config.proto).
_COMMENT = re.compile(r"#[^\n]*")
_FIELD = re.compile(r"""\b(?P<name>name|backend|platform)\s*:\s*(["'])(?P<value>[^"'\n]*)\2""")
_ENVIRONMENT = re.compile(r"EXECUTION_ENV_PATH")


def _recognises(folder: Folder) -> bool:
    return folder.holds(_CONFIG)


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    path = joined(folder.path, _CONFIG)
    data = store.read(path, _LIMIT)
    if data is None:
        return
    written = _COMMENT.sub("", data.decode("utf-8", "replace"))
    fields: dict[str, str] = {}
    for match in _FIELD.finditer(written):
        fields.setdefault(match["name"], match["value"][:200])
    producer = fields.get("backend") or fields.get("platform", "")
    facts = Facts(name=fields.get("name", folder.name), producer=f"triton {producer}".strip())
    yield Told(path=folder.path, facts=facts, below=True, rank=1)
    code = [
        f"{version}/model.py"
        for version in folder.folders
        if (below := store.contents.folder(joined(folder.path, version))) is not None
        and below.holds("model.py")
    ]
    if code or fields.get("backend") == "python":
        detail = f"Triton runs {', '.join(code[:5]) or 'a model.py'} as it is"
        yield odd(path, "remote-code-declared", detail)
        yield Told(path=folder.path, facts=Facts(remote_code=True), below=True)
    if _ENVIRONMENT.search(written):
        yield odd(path, "remote-code-declared", "it brings a Python environment of its own")


LAYOUT = StoreLayout(
    title="Triton model repository", tool="triton", recognises=_recognises, look=_look
)
