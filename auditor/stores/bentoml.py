"""BentoML's store of models: a folder a model, a folder a version, with a `model.yaml`."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Odd, Store, StoreLayout, Told, joined
from auditor.stores._documents import mapping, text, yaml_of

_MODEL = "model.yaml"


def _recognises(folder: Folder) -> bool:
    return folder.holds(_MODEL)


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    document = yaml_of(store, joined(folder.path, _MODEL))
    if isinstance(document, Odd):
        yield document
    # Others call a file of theirs so too: BentoML's names its module and its name.
    if not isinstance(document, dict) or not text(document.get("module")):
        return
    framework = mapping(document.get("context")).get("bentoml_version")
    facts = Facts(
        name=text(document.get("name")),
        revision=text(document.get("version")),
        producer=f"bentoml {text(framework)} {text(document.get('module'))}".replace("  ", " "),
    )
    yield Told(path=folder.path, facts=facts, below=True, rank=1)


LAYOUT = StoreLayout(title="BentoML models", tool="bentoml", recognises=_recognises, look=_look)
