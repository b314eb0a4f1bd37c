"""Licences as SPDX has them: identifiers in any case, expressions, and names for the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.report._spdx import license_of
from auditor.report._spdx_ids import EXCEPTIONS, LICENSES

SCHEMA = Path(__file__).parents[2] / "schemas/cyclonedx/spdx.SNAPSHOT.schema.json"


def test_the_list_is_the_one_that_cyclonedx_takes_identifiers_from():
    taken = json.loads(SCHEMA.read_text())["enum"]
    assert [*LICENSES.split(), *EXCEPTIONS.split()] == taken


@pytest.mark.parametrize(
    ("declared", "form", "text"),
    [
        ("apache-2.0", "id", "Apache-2.0"),
        ("MIT", "id", "MIT"),
        ("cc-by-nc-4.0", "id", "CC-BY-NC-4.0"),
        ("llama3.1", "name", "llama3.1"),
        ("other", "name", "other"),
        ("", "name", ""),
        ("Classpath-exception-2.0", "name", "Classpath-exception-2.0"),
        ("apache-2.0 or mit", "expression", "Apache-2.0 OR MIT"),
        ("(MIT AND BSD-3-Clause) OR LicenseRef-x", "expression",
         "(MIT AND BSD-3-Clause) OR LicenseRef-x"),
        ("apache-2.0 WITH llvm-exception", "expression", "Apache-2.0 WITH LLVM-exception"),
        ("GPL-2.0-only+ OR MIT", "expression", "GPL-2.0-only+ OR MIT"),
        ("MIT OR", "name", "MIT OR"),
        ("OR MIT", "name", "OR MIT"),
        ("MIT MIT OR MIT", "name", "MIT MIT OR MIT"),
        ("(MIT OR ISC", "name", "(MIT OR ISC"),
        ("MIT OR ISC)", "name", "MIT OR ISC)"),
        ("()", "name", "()"),
        ("MIT WITH MIT", "name", "MIT WITH MIT"),
        ("free to use and copy", "name", "free to use and copy"),
        ("MIT OR gemma", "name", "MIT OR gemma"),
        ("(" * 10_000 + " OR ", "name", "(" * 10_000 + " OR "),
    ],
)  # fmt: skip
def test_what_a_licence_is(declared, form, text):
    found = license_of(declared)
    assert (found.form, found.text) == (form, text)
