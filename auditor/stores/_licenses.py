"""Tells a licence by the first words of its text, in the words of the SPDX list."""

from __future__ import annotations

import re

_HEAD = 4096
_TEXT = 120
_SPACE = re.compile(r"\s+")
# What the texts of these licences begin with, or hold near their beginning, blanks as one.
_KNOWN = (
    (re.compile(r"apache license,? version 2\.0", re.IGNORECASE), "Apache-2.0"),
    (re.compile(r"\bmit license\b", re.IGNORECASE), "MIT"),
    (re.compile(r"permission is hereby granted, free of charge", re.IGNORECASE), "MIT"),
    (re.compile(r"llama 4 community license", re.IGNORECASE), "llama4"),
    (re.compile(r"llama 3\.3 community license", re.IGNORECASE), "llama3.3"),
    (re.compile(r"llama 3\.2 community license", re.IGNORECASE), "llama3.2"),
    (re.compile(r"llama 3\.1 community license", re.IGNORECASE), "llama3.1"),
    (re.compile(r"llama 3 community license", re.IGNORECASE), "llama3"),
    (re.compile(r"llama 2 community license", re.IGNORECASE), "llama2"),
    (re.compile(r"gemma terms of use", re.IGNORECASE), "gemma"),
    (re.compile(r"qwen research license", re.IGNORECASE), "qwen-research"),
    (re.compile(r"(?:tongyi )?qianwen license|qwen license", re.IGNORECASE), "qwen"),
    (re.compile(r"bigscience rail|bigscience responsible", re.IGNORECASE), "bigscience-rail"),
    (re.compile(r"creativeml open rail", re.IGNORECASE), "creativeml-openrail-m"),
    (re.compile(r"attribution-noncommercial-sharealike 4\.0", re.IGNORECASE), "CC-BY-NC-SA-4.0"),
    (re.compile(r"attribution-noncommercial 4\.0", re.IGNORECASE), "CC-BY-NC-4.0"),
    (re.compile(r"attribution-sharealike 4\.0", re.IGNORECASE), "CC-BY-SA-4.0"),
    (re.compile(r"attribution 4\.0", re.IGNORECASE), "CC-BY-4.0"),
    (re.compile(r"gnu affero general public license version 3", re.IGNORECASE), "AGPL-3.0"),
    (re.compile(r"gnu general public license version 3", re.IGNORECASE), "GPL-3.0"),
    (re.compile(r"gnu general public license version 2", re.IGNORECASE), "GPL-2.0"),
    (re.compile(r"redistribution and use in source and binary", re.IGNORECASE), "BSD"),
    (re.compile(r"mozilla public license version 2\.0", re.IGNORECASE), "MPL-2.0"),
)


def license_of(data: bytes) -> str:
    """Return the licence that a text is, its first line where it is none of the known ones."""
    text = _SPACE.sub(" ", data[:_HEAD].decode("utf-8", "replace")).strip()
    for pattern, name in _KNOWN:
        if pattern.search(text):
            return name
    first = data[:_HEAD].decode("utf-8", "replace").strip().partition("\n")[0]
    return first.strip()[:_TEXT]
