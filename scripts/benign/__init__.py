"""What real libraries write when nobody means harm, with what has to be said of each file.

One module a family of libraries; each has `write(corpus)`. They run where the libraries are
(requirements-corpus.in); nothing of the toolkit is imported here, so that what is expected
comes from how a file was made and never from how it is read.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

MANIFEST = "manifest.json"


def joblib_kind(value: object) -> str:
    """Return `joblib` where joblib finds an array to lay between the opcodes, else `pickle`."""
    import joblib

    file = io.BytesIO()
    joblib.dump(value, file)
    return "joblib" if b"joblib.numpy_pickle" in file.getvalue() else "pickle"


class Corpus:
    """A folder of files, and what is expected of each."""

    def __init__(self, folder: Path) -> None:
        """Write into `folder`."""
        self.folder = folder
        self.files: dict[str, dict[str, object]] = {}
        self.left_out: dict[str, str] = {}

    def add(
        self, path: str, save: Callable[[str], object], kind: str, verdict: str = "data",
        *, why: str = "", **facts: object,
    ) -> None:  # fmt: skip
        """Have a library write `path`, and keep what is expected of it.

        `kind` is the format's name, `` where the file is no model. `why` says for what a verdict
        beyond `framework` is right. `facts` are fields of a model's header. What the library
        itself refuses to write is left out, and listed with its words.
        """
        whole = self.folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        try:
            save(str(whole))
        except Exception as error:  # noqa: BLE001 - a library may refuse anything
            whole.unlink(missing_ok=True)
            self.left_out[path] = f"{type(error).__name__}: {error}"[:200]
            return
        self.expect(path, kind, verdict, why=why, **facts)

    def expect(
        self, path: str, kind: str, verdict: str = "data", *, why: str = "", **facts: object
    ) -> None:
        """Keep what is expected of a file that was written already."""
        row: dict[str, object] = {"format": kind, "verdict": verdict}
        if why:
            row["why"] = why
        if facts:
            row["facts"] = facts
        self.files[path] = row

    def finish(self, distributions: tuple[str, ...]) -> None:
        """Write the manifest: the libraries' versions, the files, and what could not be made."""
        manifest = {
            "libraries": {name: version(name) for name in distributions},
            "files": dict(sorted(self.files.items())),
            "left_out": dict(sorted(self.left_out.items())),
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False)
        (self.folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
