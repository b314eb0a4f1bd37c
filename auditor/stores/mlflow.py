"""MLflow's models: what an `MLmodel` file says is loaded, and by which code."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Facts, Folder, Found, Odd, Store, StoreLayout, Told, joined, odd, within
from auditor.stores._documents import Document, mapping, text, yaml_of

_MODEL = "MLmodel"
_RUNS = frozenset({"mlruns", "mlartifacts"})


def _recognises(folder: Folder) -> bool:
    return folder.holds(_MODEL) or folder.name in _RUNS or not _RUNS.isdisjoint(folder.folders)


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    if not folder.holds(_MODEL):
        return
    path = joined(folder.path, _MODEL)
    document = yaml_of(store, path)
    if isinstance(document, Odd):
        yield document
    if not isinstance(document, dict):
        return
    flavors = {key: mapping(value) for key, value in mapping(document.get("flavors")).items()}
    version = text(document.get("mlflow_version"))
    facts = Facts(
        revision=text(document.get("model_uuid")) or text(document.get("run_id")),
        name=text(document.get("name")),
        producer=f"mlflow {version}".strip(),
    )
    yield Told(path=folder.path, facts=facts, below=True, rank=1)
    code = [*_code(flavors)]
    if code:
        yield odd(path, "remote-code-declared", f"loading it runs {', '.join(code)}")
        yield Told(path=folder.path, facts=Facts(remote_code=True), below=True)
    yield from _data(folder, store, path, flavors)


def _code(flavors: dict[str, Document]) -> Iterator[str]:
    """Yield the code that loading a model runs beyond MLflow's own flavours."""
    for name, flavor in sorted(flavors.items()):
        loader = text(flavor.get("loader_module"))
        if loader and loader.partition(".")[0] != "mlflow":
            yield f"the module {loader}"
        if name == "python_function" and text(flavor.get("python_model")):
            yield f"what {text(flavor.get('python_model'))} unpickles (cloudpickle)"
        if flavor.get("code"):
            yield f"the files in {text(flavor.get('code')) or 'its code folder'}"
        if text(flavor.get("model_code_path")):
            yield f"the script {text(flavor.get('model_code_path'))}"


def _data(folder: Folder, store: Store, path: str, flavors: dict[str, Document]) -> Iterator[Odd]:
    """Yield what the flavours say lies beside the file, and does not."""
    named = {
        text(flavor.get(key))
        for flavor in flavors.values()
        for key in ("data", "model_data", "pickled_model", "python_model", "code")
    } - {""}
    for name in sorted(named):
        at = within(folder.path, name)
        if not at:
            yield odd(path, "external-escaping", f"it names {name}")
        elif store.contents.at(at) is None and store.contents.folder(at) is None:
            yield odd(path, "external-missing", f"not there: {name}")


LAYOUT = StoreLayout(title="MLflow models", tool="mlflow", recognises=_recognises, look=_look)
