"""Tells industrial protocols by what they say: one file a protocol, each with its `SIGNATURE`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from auditor.listing import constant_of, public_modules

if TYPE_CHECKING:
    from auditor.packets.industrial._listener import IndustrialListener
    from auditor.packets.industrial._signature import Signature


@cache
def signatures() -> tuple[Signature, ...]:
    """Return the signatures, in the order of their files' names."""
    from auditor.packets.industrial._signature import Signature

    modules = (f"{__name__}.{name}" for name in public_modules(__path__))
    return tuple(constant_of(module, "SIGNATURE", Signature) for module in modules)


def listener() -> IndustrialListener:
    """Return what hears one capture with all the signatures."""
    from auditor.packets.industrial._listener import IndustrialListener

    return IndustrialListener(signatures())
