"""What follows from captures and the declared site: made by `derive`, never collected."""

from __future__ import annotations

from typing import Literal

from auditor.evidence.base import Record

# `out`: begun inside. `in`: begun outside. `transit`: both ends outside the declared site.
Direction = Literal["out", "in", "transit"]
Indicator = Literal[
    "dns-information", "byte-asymmetry", "periodic", "long-connection", "unknown-protocol",
    "hidden-resolver", "hidden-name",
]  # fmt: skip


class TrafficDestination(Record, frozen=True, kw_only=True):
    """An address outside with which packets were exchanged, all its flows in one direction.

    `bytes_out` are IP bytes that left the site, `bytes_in` those that came in; `answered` counts
    flows with packets both ways: none means that it was tried in vain. `clear_flows` carried
    readable text, `untold_flows` something of which nobody can say whether it was readable,
    `hidden_flows` did not say the name that was asked for. `names` are candidates, each with its
    source; `services` are those of gRPC that were called in clear. `approved` is true where an
    exception covers every flow, `None` where only the client's own word says that it does.
    `country` is the *registered* country of the address. `peers` are the ends inside. `first` and
    `last` are nanoseconds since 1970. `cast` tells whether one machine is meant, or whoever
    listens. Of more than ten thousand destinations those with fewest bytes are joined where every
    rule judges them alike: `addresses` counts them, and `target` is the first of them.
    """

    direction: Direction
    target: str
    addresses: int
    cast: Literal["unicast", "multicast"]
    names: tuple[str, ...]
    peers: tuple[str, ...]
    peers_total: int
    ports: tuple[str, ...]
    applications: tuple[str, ...]
    services: tuple[str, ...]
    tunnels: tuple[str, ...]
    flows: int
    answered: int
    packets_out: int
    packets_in: int
    bytes_out: int
    bytes_in: int
    encrypted_flows: int
    clear_flows: int
    untold_flows: int
    hidden_flows: int
    resolver: bool
    first: int
    last: int
    approved: bool | None
    exception: str
    country: str
    operator: str
    operator_country: str
    category: str
    how: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the direction and the address."""
        words = {"out": "to", "in": "from", "transit": "between others and"}
        return f"{words[self.direction]} {self.target}"


class AskedDomain(Record, frozen=True, kw_only=True):
    """Names under one domain that clients asked for by DNS, held against the site.

    `domain` is the part that somebody registers, told by common suffixes and not by a full list
    of them. `standing` is `outside`, `approved` (an exception or a declared use covers it) or
    `undecided` (a name without a dot, or of no public zone). `names_total` counts distinct
    names, `questions` all questions, `answered` those names that got an answer; `connected`
    tells whether an answer's address was then talked to. `information` estimates the bits that
    the names themselves carried out. Of more than ten thousand domains those with fewest questions
    are joined where every rule judges them alike: `domains` counts them.
    """

    domain: str
    domains: int
    standing: Literal["outside", "approved", "undecided"]
    names: tuple[str, ...]
    names_total: int
    questions: int
    answered: int
    types: tuple[str, ...]
    clients: tuple[str, ...]
    clients_total: int
    servers: tuple[str, ...]
    servers_outside: tuple[str, ...]
    connected: bool
    information: int
    first: int
    last: int
    exception: str
    operator: str
    operator_country: str
    category: str

    @property
    def label(self) -> str:
        """Return the domain."""
        return self.domain


class ZoneTraffic(Record, frozen=True, kw_only=True):
    """What one zone said to another by one application: `outside` is everything not the site's.

    `from_zone` is the initiators'. `crossing` is false within a zone and on a single link.
    `allowed` tells whether the site's `crossings` name it; `industrial` whether controllers
    speak it, `operations` what was done to them (`read`, `write`, `control`, `program` …).
    `application` is the protocol's name where no application is known.
    """

    from_zone: str
    to_zone: str
    application: str
    industrial: bool
    crossing: bool
    allowed: bool
    flows: int
    packets: int
    bytes_out: int
    bytes_in: int
    encrypted_flows: int
    clear_flows: int
    untold_flows: int
    ends: tuple[str, ...]
    operations: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return the zones and the application."""
        return f"{self.from_zone} → {self.to_zone}: {self.application}"


class ControllerAccess(Record, frozen=True, kw_only=True):
    """What one end asked of another by an industrial protocol, as its messages were dissected.

    `changing` counts the writes and controls that were seen; `whole` is false where `why` tells
    what stays unknown: more may have been asked for. `reads`, `writes`, `controls` and `others`
    are `None` where nothing was dissected. `changes` are the functions that write or control,
    each with what it was about, `functions` the others. `operations` is what the toolkit's own
    reader saw. The zones and `allowed` are as in `zone_traffic`.
    """

    src: str
    dst: str
    from_zone: str
    to_zone: str
    application: str
    crossing: bool
    allowed: bool
    flows: int
    layer: str
    reads: int | None
    writes: int | None
    controls: int | None
    others: int | None
    changing: int
    undissected: int
    changes: tuple[str, ...]
    functions: tuple[str, ...]
    operations: tuple[str, ...]
    whole: bool
    why: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the ends and the application."""
        return f"{self.src} → {self.dst}: {self.application}"


class TrafficIndicator(Record, frozen=True, kw_only=True):
    """Something about what crossed the perimeter that deserves a look; never a proof.

    `score` is from 0 to 100, `detail` the figures, `caution` what harmless things look the same.
    """

    indicator: Indicator
    subject: str
    score: int
    detail: str
    caution: str
    approved: bool | None

    @property
    def label(self) -> str:
        """Return the indicator and its subject."""
        return f"{self.indicator}: {self.subject}"


class CaptureView(Record, frozen=True, kw_only=True):
    """How far a capture can be relied upon, and what crossed the perimeter in it.

    `complete` is false where packets that may have left are missing or unread, and `why` says
    which: no statement that nothing left can then be made. `readable` is false where packets
    were shortened, too, so that names and text may be missing. `unread` counts packets whose
    ends nobody can tell, `dropped` those that the capturing machine lost (`None`: the file does
    not say). `crossing` counts flows over the perimeter, `unapproved` those that no exception
    covers, `asked` the outside names that were asked for without one.
    """

    path: str
    packets: int
    unread: int
    dropped: int | None
    snap_cut: int
    truncated: bool
    complete: bool
    readable: bool
    why: tuple[str, ...]
    seconds: int
    flows: int
    crossing: int
    unapproved: int
    asked: int
    bytes_out: int
    bytes_in: int

    @property
    def label(self) -> str:
        """Return the path."""
        return self.path
