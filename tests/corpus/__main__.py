"""Writes the corpus: `python -m tests.corpus OUT` fills OUT/files, each named after its defect.

The names end in `.pt`, `.pkl` or what the content is, so that scanners which choose by name read
them; `OUT/cases.tsv` says what each is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.corpus import Case, hostile_cases

# By what a case is called, then by what its content begins with.
_NAMED = ("keras", "h5", "skops", "npz", "npy", "mar", "nemo", "tar", "torch_tar", "joblib")
_ENDINGS = (
    (b"\x1f\x8b", ".joblib"), (b"BZh", ".joblib"), (b"\xfd7z", ".joblib"), (b"\x78", ".joblib"),
    (b"\x5d\0\0", ".joblib"), (b"7z\xbc", ".7z"), (b"Rar!", ".rar"), (b"PK", ".pt"),
)  # fmt: skip


def ending(case: Case) -> str:
    """Return what a file of these bytes is usually called, as scanners go by the name."""
    kind = next((name for name in _NAMED if case.name.startswith(name + "_")), "")
    if kind:
        return "." + kind.removeprefix("torch_")
    found = next((end for magic, end in _ENDINGS if case.data.startswith(magic)), "")
    return found or (".tar" if case.data[257:262] == b"ustar" else ".pkl")


def write(folder: Path) -> int:
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    rows = ["name\tbypass\treference\twhy"]
    for case in hostile_cases():
        name = case.name + ending(case)
        (files / name).write_bytes(case.data)
        rows.append(f"{name}\t{case.bypass}\t{case.reference}\t{case.why}")
    (folder / "cases.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return len(rows) - 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.corpus FOLDER")
    print(f"{write(Path(sys.argv[1]))} hostile files")
