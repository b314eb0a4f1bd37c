"""Finds the programs beside an AI service through which a relay outside leads to it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from auditor.collect._process_table import Seen

# Clients of relays that let somebody outside in; each forwards to a port of this host.
_CLIENTS = frozenset({
    "ngrok", "cloudflared", "frpc", "bore", "zrok", "localtunnel", "lt", "pagekite", "pagekite.py",
    "inlets", "inlets-pro", "chisel", "rathole", "devtunnel", "loophole", "tunnelto", "localxpose",
    "loclx", "playit", "expose", "holesail", "wstunnel",
})  # fmt: skip
# The client that Gradio fetches and starts for `share=True` (gradio/tunneling.py).
_GRADIO = re.compile(r"^frpc_linux_")
_PORT = re.compile(r"(?:^|[:=/])(\d{2,5})(?:/|$)")
_ANCESTORS = 64


def is_gradio_share(process: Seen) -> bool:
    """Return whether a process is the tunnel of Gradio's `share=True`."""
    return any(_GRADIO.match(name) for name in _names(process))


def tunnels(seen: Iterable[Seen]) -> tuple[Seen, ...]:
    """Return the processes that keep a tunnel to a relay open."""
    return tuple(process for process in seen if _is_tunnel(process))


def tunnel_to(
    service: Seen, port: int | None, found: tuple[Seen, ...], by_pid: dict[int, Seen]
) -> str:
    """Return the name of a tunnel that leads to a service, empty where none is seen.

    It leads there where the service started it, or where its arguments name the service's port.
    """
    for process in found:
        if _descends(process, service.pid, by_pid) or (port and port in _ports(process)):
            return posixpath.basename((process.arguments or (process.name,))[0]) or process.name
    return ""


def _names(process: Seen) -> tuple[str, ...]:
    first = (process.arguments or ("",))[0]
    return tuple(
        posixpath.basename(text) for text in (process.executable or "", first, process.name)
    )


def _is_tunnel(process: Seen) -> bool:
    names = _names(process)
    arguments = process.arguments or ()
    if is_gradio_share(process) or _CLIENTS.intersection(names):
        return True
    if "tailscale" in names:
        return bool({"funnel"}.intersection(arguments[1:3]))
    # ssh -R opens a port at the far end that leads back here.
    return "ssh" in names and any(re.match(r"^-[A-Za-z]*R", word) for word in arguments[1:])


def _ports(process: Seen) -> frozenset[int]:
    return frozenset(
        int(match[1]) for word in (process.arguments or ())[1:] for match in _PORT.finditer(word)
    )


def _descends(process: Seen, pid: int, by_pid: dict[int, Seen]) -> bool:
    parent = process.parent
    for _ in range(_ANCESTORS):
        if parent == pid:
            return True
        above = by_pid.get(parent)
        if above is None or not parent:
            return False
        parent = above.parent
    return False
