"""How readers of names and signatures hear payloads: a batch at a time, as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from auditor.evidence import GapReason
from auditor.evidence.traffic import NameSeen, TcpState
from auditor.packets.batch import I32, I64, U8, U16, U32, U64

if TYPE_CHECKING:
    from auditor.packets.flows import FlowTable


class Payloads(Struct, frozen=True, kw_only=True):
    """Packets with payload, one a row; of the fast and the slow path alike.

    Packets of no flow (the table was full) are none of them. The payload is
    `buffer[at:at + length]`, `size` its length on the wire; the buffer has `PADDING` bytes more.
    `side` is the end of the flow's key that speaks (0 or 1; not who initiated), `direction` is
    `flow * 2 + side`. `nth` is how many packets with payload this direction had before. `head` is
    the first eight bytes, big-endian, zero after the payload's end. `protocol` is
    `LAYER_2 | EtherType` for a layer-2 frame. `time` is in nanoseconds since 1970, `order` the
    packet's number in the file.
    """

    buffer: memoryview
    at: I64
    length: I64
    size: I64
    flow: I64
    side: U8
    direction: I64
    nth: I64
    protocol: I32
    sport: U16
    dport: U16
    seq: U32
    time: I64
    order: I64
    head: U64

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.at)

    def payload(self, row: int) -> memoryview:
        """Return a payload as captured. The buffer is used again: copy what is kept."""
        start = int(self.at[row])
        return self.buffer[start : start + int(self.length[row])]


class FlowEnds(Struct, frozen=True, gc=False):
    """A flow with its ends in order: `src` initiated. Addresses are text, `protocol` a number.

    `data_out` and `data_in` are packets with payload. `carriers` are the ends of tunnels with IP
    addresses, outer to inner, that on the initiator's side first.
    """

    src: str
    dst: str
    src_port: int
    dst_port: int
    protocol: int
    packets_out: int
    packets_in: int
    bytes_out: int
    bytes_in: int
    data_out: int
    data_in: int
    first: int
    last: int
    tcp_state: TcpState
    initiator_known: bool
    tunnel: tuple[str, ...]
    vlan: tuple[int, ...]
    carriers: tuple[tuple[str, str], ...] = ()


class FlowNote(Struct, frozen=True, kw_only=True, gc=False):
    """What a listener knows of a flow. `facts` are (name, value) pairs for a reader.

    `encrypted` is `None` where it cannot be told. `application` is from the contract's list.
    """

    names: tuple[NameSeen, ...] = ()
    application: str = ""
    encrypted: bool | None = None
    encrypted_why: str = ""
    hidden_name: bool = False
    facts: tuple[tuple[str, str], ...] = ()


class Query(Struct, frozen=True, order=True, kw_only=True):
    """A name that was asked for: `count` questions of one client to one server."""

    name: str
    query_type: str
    client: str
    server: str
    transport: str
    count: int
    first: int
    last: int
    response: str = ""
    answers: tuple[str, ...] = ()


class Unheard(Struct, frozen=True, order=True, kw_only=True):
    """What a listener gave up (a bound was reached): becomes a gap of the capture."""

    reason: GapReason
    detail: str
    count: int = 1


class Heard(Struct, frozen=True, kw_only=True):
    """What a listener knows when the capture ends: notes by flow number, and questions.

    `answers` are the names that answers (DNS, mDNS …) gave an address (its text), with the first
    and the last time that one did.
    """

    notes: dict[int, FlowNote]
    queries: tuple[Query, ...] = ()
    gaps: tuple[Unheard, ...] = ()
    answers: dict[str, tuple[NameSeen, ...]] = {}


class Listener(Protocol):
    """Hears every batch; chooses rows by columns, and reads in Python only where a message starts.

    `flows` numbers flows from 0, and a number stays: `len(flows)` of them so far.
    """

    def take(self, payloads: Payloads, flows: FlowTable) -> None:
        """Hear a batch. Must not raise for what is in a payload, whatever it is."""

    def finish(self, flows: FlowTable) -> Heard:
        """Return what was understood."""
