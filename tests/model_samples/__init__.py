"""One valid file of every model format, small: `sample()` of the file called like the format."""

from __future__ import annotations

import pkgutil
from importlib import import_module


def names() -> tuple[str, ...]:
    return tuple(
        sorted(
            module.name
            for module in pkgutil.iter_modules(__path__)
            if not module.name.startswith("_")
        )
    )


def sample(name: str) -> bytes:
    return import_module(f"{__name__}.{name}").sample()
