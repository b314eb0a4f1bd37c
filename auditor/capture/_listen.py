"""Hears an interface through scapy's listening socket: packets in, pcapng out, nothing sent."""

from __future__ import annotations

import errno
import os
import select
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

from scapy.arch.linux import L2ListenSocket
from scapy.config import conf

from auditor.capture import _pcapng
from auditor.capture._confine import confine
from auditor.capture.words import Ended, Request, Told

_OUTPUT, _INPUT = 1, 0
_ETHERNET, _RAW = 1, 101  # link types of captures (tcpdump.org/linktypes.html)
# Numbers of Linux's if_arp.h, if_packet.h and asm-generic/socket.h.
_ARP_ETHERNET, _ARP_LOOPBACK = frozenset({1, 772}), 772
_ARP_RAW = frozenset({519, 65534})
_OUTGOING = 4
_SOL_SOCKET, _RECEIVE_BUFFER_FORCED, _BUFFER = 1, 33, 64 << 20
_SOL_PACKET, _STATISTICS = 263, 6
_ABSENT = "there is no such interface"
_NO = False
_AT_ONCE = 256
# What the program may use once it listens: bytes of memory (scapy takes a tenth), and seconds of
# processor time beyond those of the capture.
_MEMORY, _SPARE_SECONDS = 1 << 30, 60
_TICK = 0.2


class RefusedError(Exception):
    """Why there is nothing to hear."""


class Listening:
    """A capture that goes on."""

    def __init__(self, request: Request) -> None:
        """Open the socket. Raises `RefusedError`."""
        self._request = request
        conf.bufsize = _BUFFER
        try:
            self._socket = L2ListenSocket(iface=request.interface, promisc=request.promiscuous)
        except PermissionError as error:
            raise RefusedError("denied") from error
        except OSError as error:
            raise RefusedError(_why(error)) from error
        except ValueError as error:
            raise RefusedError(_ABSENT) from error
        # The address that it is bound to says which hardware it is.
        kind = self._socket.ins.getsockname()[3]
        if kind not in _ARP_ETHERNET | _ARP_RAW:
            raise RefusedError(f"interfaces of type {kind} are not supported")
        self._link_type = _ETHERNET if kind in _ARP_ETHERNET else _RAW
        self._loopback = kind == _ARP_LOOPBACK
        with suppress(OSError):  # without CAP_NET_ADMIN the buffer is what the system allows
            self._socket.ins.setsockopt(_SOL_SOCKET, _RECEIVE_BUFFER_FORCED, _BUFFER)
        self._socket.ins.setblocking(_NO)

    def confine(self) -> None:
        """Give up everything but the socket and the pipes. Raises `RefusedError`."""
        seconds = int(self._request.seconds) + _SPARE_SECONDS
        try:
            confine(memory=_MEMORY, seconds=seconds)
        except (OSError, ValueError) as error:
            raise RefusedError("the program could not give up its privileges") from error

    def run(self) -> Told:
        """Write packets until the time or the size is reached, or the input ends."""
        written = self._write(_pcapng.beginning(self._request.interface, self._link_type))
        packets, until = 0, time.monotonic() + self._request.seconds
        ended: Ended | None = None
        while ended is None:
            if (left := until - time.monotonic()) <= 0:
                ended = "time"
                break
            here = self._socket.ins.fileno()
            ready, _, _ = select.select([here, _INPUT], [], [], min(left, _TICK))
            if _INPUT in ready:
                ended = "asked"
            for block in self._packets():
                if written + len(block) > self._request.most_bytes:
                    ended = "size"
                    break
                packets += 1
                written += self._write(block)
        drops = self._drops()
        self._write(_pcapng.statistics(time.time_ns() // 1000, packets + drops, drops))
        return Told(ended=ended, packets=packets, bytes=written, drops=drops)

    def _packets(self) -> Iterator[bytes]:
        """Yield the blocks of packets that have come; on loopback each is heard as it arrives."""
        for _each in range(_AT_ONCE):
            try:
                data, address, stamp = self._socket._recv_raw(  # noqa: SLF001 - says who sent it
                    self._socket.ins, _pcapng.SNAP_LENGTH
                )
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.ENETDOWN:
                    return
                raise
            if not data or (self._loopback and address[2] == _OUTGOING):
                continue
            moment = stamp if stamp is not None else time.time()
            yield _pcapng.packet(data, int(moment * 1_000_000))

    def _drops(self) -> int:
        """Return how many packets the kernel had to drop."""
        counts = self._socket.ins.getsockopt(_SOL_PACKET, _STATISTICS, 8)
        return int(struct.unpack("=II", counts)[1])

    @staticmethod
    def _write(data: bytes) -> int:
        view = memoryview(data)
        while view:
            view = view[os.write(_OUTPUT, view) :]
        return len(data)


def _why(error: OSError) -> str:
    if error.errno in {errno.ENODEV, errno.ENXIO}:
        return _ABSENT
    if error.errno == errno.ENETDOWN:
        return "the interface is down"
    return error.strerror or "it cannot be opened"
