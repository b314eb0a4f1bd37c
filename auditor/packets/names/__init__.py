"""Reads the names that payloads say: one file a protocol, each with its `READER`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from auditor.listing import constant_of, public_modules

if TYPE_CHECKING:
    from auditor.packets.listening import Listener
    from auditor.packets.names._reader import NameReader


@cache
def readers() -> tuple[NameReader, ...]:
    """Return the readers, in the order of their files' names."""
    from auditor.packets.names._reader import NameReader

    modules = (f"{__name__}.{name}" for name in public_modules(__path__))
    return tuple(constant_of(module, "READER", NameReader) for module in modules)


def listener() -> Listener:
    """Return what hears one capture with all the readers."""
    from auditor.packets.names._listener import NameListener

    return NameListener(readers())
