"""Judges the types of Arrow's schemas: some are pickles, which readers have loaded unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, Memory
from auditor.formats._pickle import examine

# pyarrow's PyExtensionType (CVE-2023-47248), Ray's column of Python objects, and what others
# have called a column of pickles.
_TYPES = (b"arrow.py_extension_type", b"ray.data.arrow_pickled_object", b"pandas.pickled")
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_MOST_PICKLES = 16


def pickled_types(schema: bytes, context: Context) -> Iterator[VerdictReason]:
    """Yield why the types of a schema are more than data; `schema` is its flatbuffer."""
    for name in _TYPES:
        at = schema.find(name)
        if at < 0:
            continue
        detail = f"a column is of the type {name.decode()}, which is loaded as a pickle"
        yield context.reason("arrow-pickled-type", "not-inspectable", detail, offset=at)
    if not any(name in schema for name in _TYPES):
        return
    for number, found in enumerate(_PICKLE.finditer(schema)):
        if number == _MOST_PICKLES:
            return
        judged = examine(Memory(schema), context, start=found.start())
        if judged.globals:
            yield from judged.reasons
            for wanted in judged.globals[:_MOST_PICKLES]:
                detail = f"the type is built by {wanted}"
                yield context.reason(
                    "arrow-pickled-type", "not-inspectable", detail, global_name=wanted
                )
