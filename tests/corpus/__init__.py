"""Hostile model files, made here from nothing: inert payloads, one defect a file, no blobs."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from tests.corpus import hostile
from tests.corpus._case import Case

__all__ = ["Case", "hostile_cases"]


@cache
def hostile_cases() -> tuple[Case, ...]:
    """Return every case, in the order of its name; two of one name are an error."""
    modules = sorted(module.name for module in pkgutil.iter_modules(hostile.__path__))
    loaded = (import_module(f"{hostile.__name__}.{name}") for name in modules)
    cases = sorted(case for module in loaded for case in module.cases())
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"more than one case is called {', '.join(twice)}")
    return tuple(cases)
