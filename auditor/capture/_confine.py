"""Gives up what a program that only thinks does not need: privileges, files, sockets, time."""

from __future__ import annotations

import ctypes
import os
import resource

_NOBODY = 65534
_NO_NEW_PRIVILEGES = 38  # linux/prctl.h
_STANDARD = 3


def confine(*, memory: int, seconds: int) -> None:
    """Keep the three open pipes and nothing else: no file, no socket, no process can be made.

    `memory` is in bytes, `seconds` of processor time. What is imported later must be there
    already. Raises `OSError` where privileges cannot be given up.
    """
    _stay_unprivileged()
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        # A descriptor is numbered below this: with the pipes there, no other is ever given.
        (resource.RLIMIT_NOFILE, _STANDARD),
    ):
        resource.setrlimit(limit, (value, value))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _stay_unprivileged() -> None:
    """Ask Linux that nothing which is started gives privileges back; others have no such thing."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None and prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError
