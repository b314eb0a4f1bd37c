"""Finds what is one file each by listing its folder: nothing is registered by hand."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from typing import TypeVar

_Thing = TypeVar("_Thing")


def public_modules(folder: Iterable[str]) -> tuple[str, ...]:
    """Return the sorted names of a package's modules, those of its helpers (`_…`) left out.

    `folder` is the package's `__path__`.
    """
    return tuple(sorted(m.name for m in pkgutil.iter_modules(folder) if not m.name.startswith("_")))


def constant_of(module: str, name: str, kind: type[_Thing]) -> _Thing:
    """Return the one thing that a module is there for; raises `TypeError` where it is no `kind`."""
    thing = getattr(import_module(module), name, None)
    if not isinstance(thing, kind):
        raise TypeError(f"{module}: {name} is not a {kind.__name__}")
    return thing
