"""What tells an application without names: its ports, and what its first payload is like."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

Verdict = tuple[bool | None, str]


class Service(Struct, frozen=True, kw_only=True):
    """An application. `matches` is given the first payload of either direction.

    A port alone never tells: `ports` say where `matches` is tried, everywhere with `anywhere`
    (for what no other protocol could begin with), and then `firsts` are the bytes that it may begin
    with (none: any). `encrypted` tells by the payload where the application alone does not.
    """

    application: str
    transports: tuple[int, ...]
    matches: Callable[[bytes], bool]
    ports: tuple[int, ...] = ()
    anywhere: bool = False
    firsts: bytes = b""
    encrypted: Callable[[bytes], Verdict] | None = None


def service(
    transport: int,
    application: str,
    matches: Callable[[bytes], bool],
    *ports: int,
    firsts: bytes = b"",
    encrypted: Callable[[bytes], Verdict] | None = None,
) -> Service:
    """Return an application of one transport, known on `ports` alone, anywhere without any."""
    return Service(
        application=application,
        transports=(transport,),
        matches=matches,
        ports=ports,
        anywhere=not ports,
        firsts=firsts,
        encrypted=encrypted,
    )
