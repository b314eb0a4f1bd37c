"""Makes the tables of onnxruntime's and OpenVINO's own operators from what the libraries say.

`python scripts/make_operator_tables.py onnxruntime|openvino`, where that library is installed.
Names are only added: older and training builds register operators that this one does not. The
schemas of training builds are in no registry that can be asked; of those the names stand in the
table with which a graph was accepted by onnxruntime-training 1.19.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

FORMATS = Path(__file__).parent.parent / "auditor" / "formats"
_WIDTH = 100
# openvino/opsets/opsetN_tbl.hpp: one line for an operator of the set.
_LINE = re.compile(r"^\s*_OPENVINO_OP_REG\((\w+),", re.MULTILINE)


def of_onnxruntime() -> Iterator[str]:
    """Yield the operators of onnxruntime's own domains, as `domain:name`."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    for schema in state.get_all_operator_schema():
        if schema.domain.startswith("com.m"):
            yield f"{schema.domain}:{schema.name}"


def of_openvino() -> Iterator[str]:
    """Yield the operators of all of OpenVINO's sets."""
    found = find_spec("openvino")
    if found is None or found.origin is None:
        raise SystemExit("openvino is not installed")
    for table in Path(found.origin).parent.glob("include/openvino/opsets/opset*_tbl.hpp"):
        yield from _LINE.findall(table.read_text(encoding="utf-8"))


def main(library: str) -> None:
    """Write the library's table, with the names that stand in it already."""
    table = FORMATS / f"_{library}_operators.txt"
    names = set(table.read_text(encoding="ascii").split()) if table.exists() else set()
    names.update(of_onnxruntime() if library == "onnxruntime" else of_openvino())
    table.write_text(textwrap.fill(" ".join(sorted(names)), _WIDTH) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
