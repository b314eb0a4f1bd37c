"""Scripts and programs that lie beside models, by their names; by content the reader tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from auditor.stores import Folder, Found, Odd, Store, StoreLayout, odd

_SCRIPTS = (
    ".py", ".pyw", ".pyx", ".pyc", ".pyo", ".ipynb", ".whl", ".egg", ".sh", ".bash", ".zsh", ".csh",
    ".fish", ".ps1", ".bat", ".cmd", ".vbs", ".js", ".mjs", ".rb", ".pl", ".php", ".lua", ".r",
    ".jl", ".scpt", ".service", ".desktop",
)  # fmt: skip
_NATIVE = (
    ".so", ".dll", ".dylib", ".pyd", ".exe", ".com", ".msi", ".jar", ".class", ".war", ".o", ".a",
    ".ko", ".appimage", ".deb", ".rpm", ".apk", ".wasm", ".cubin",
)  # fmt: skip
_ENVIRONMENT = "pyvenv.cfg"
_COMPILED = "__pycache__"
_EACH = 5
_NAMED = 5
_CACHED = ("transformers_modules", "datasets_modules", "diffusers_modules", "evaluate_modules")


def _look(folder: Folder, store: Store) -> Iterator[Found]:
    if _told_as_a_whole(folder, store):
        return
    if folder.holds(_ENVIRONMENT):
        detail = "a Python environment lies in the store; its files are not told one by one"
        yield odd(folder.path, "script", detail)
        return
    held = [name for name in folder.names() if _is_held(folder, name)]
    scripts = [name for name in held if is_script(name)]
    native = [name for name in held if is_native(name)]
    if folder.name == _COMPILED and scripts:
        names = ", ".join(scripts[:_NAMED])
        yield odd(folder.path, "script", f"what {len(scripts)} scripts are compiled to: {names}")
        scripts = []
    yield from _told(folder, scripts, "script")
    yield from _told(folder, native, "native-code")


def _told_as_a_whole(folder: Folder, store: Store) -> bool:
    """Return whether a folder lies in one of which all the code is told at once."""
    root = store.contents.root
    path = folder.path
    while path != root and path.startswith(root):
        if path.rpartition("/")[2] in _CACHED:
            return True
        path = path.rpartition("/")[0] or "/"
        above = store.contents.folder(path)
        if above is not None and above.holds(_ENVIRONMENT):
            return True
    return False


def _is_held(folder: Folder, name: str) -> bool:
    """Return whether a name is that of a file in the store: a hub's cache links to its blobs."""
    link = folder.link(name)
    return link is None or link.state == "inside"


def is_script(name: str) -> bool:
    """Return whether a name is that of a script, or of what one is compiled to."""
    return name.lower().endswith(_SCRIPTS)


def is_native(name: str) -> bool:
    """Return whether a name is that of native code: `libx.so.1` too."""
    lower = name.lower()
    return lower.endswith(_NATIVE) or ".so." in lower


def _told(
    folder: Folder, names: list[str], anomaly: Literal["script", "native-code"]
) -> Iterator[Odd]:
    """Yield one anomaly a file, or one for the folder where they are many."""
    what = "a script" if anomaly == "script" else "native code"
    if len(names) <= _EACH:
        yield from (odd(f"{folder.path}/{name}", anomaly, f"{what} by its name") for name in names)
        return
    more = f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    yield odd(folder.path, anomaly, f"{len(names)} files by their names: {more}")


def _recognises(folder: Folder) -> bool:
    named = any(is_script(name) or is_native(name) for name in folder.names())
    return named or folder.holds(_ENVIRONMENT)


LAYOUT = StoreLayout(
    title="Scripts and programs beside models", recognises=_recognises, look=_look, rank=8
)
