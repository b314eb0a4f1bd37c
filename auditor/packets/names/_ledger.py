"""What was heard so far: names of flows, questions, and the names that answers gave addresses."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from msgspec import Struct

from auditor.evidence import GapReason
from auditor.evidence.traffic import NameSeen, NameSource
from auditor.packets._spelled import address
from auditor.packets.applications import APPLICATIONS
from auditor.packets.listening import FlowNote, Heard, Query, Unheard

# Bounds. What is beyond is counted and told as a gap.
MOST_NAMES = 64
MOST_FACTS = 16
MOST_QUERIES = 100_000
MOST_ADDRESSES = 100_000
MOST_ANSWERS = 16

# Applications that are said to be encrypted when nothing else is known of a flow.
SEALED = frozenset(word for word, one in APPLICATIONS.items() if one.encrypted)


class Note(Struct, gc=False):
    """What is known of a flow. Facts are pairs, the same objects for all flows that share them."""

    application: str = ""
    encrypted: bool | None = None
    why: str = ""
    hidden: bool = False
    names: tuple[NameSeen, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    # Clear text was seen: nothing that looks encrypted outweighs it.
    exposed: bool = False

    def seal(self, why: str) -> None:
        """Say that it is encrypted, and why; not where clear text was seen."""
        if not self.exposed:
            self.encrypted, self.why = True, why

    def expose(self, why: str) -> None:
        """Say for good that it is clear, and why."""
        self.encrypted, self.why, self.exposed = False, why, True

    def fact(self, name: str, value: str) -> None:
        """Keep a fact; the first of its name stays."""
        facts = self.facts
        for known, _value in facts:
            if known == name:
                return
        if len(facts) < MOST_FACTS:
            self.facts = (*facts, _fact(name, value))

    def correct(self, name: str, value: str) -> None:
        """Keep a fact in place of what was said under its name before."""
        self.facts = tuple(pair for pair in self.facts if pair[0] != name)
        self.fact(name, value)


@lru_cache(maxsize=1 << 10)
def _fact(name: str, value: str) -> tuple[str, str]:
    return name, value


class Asked(Struct, gc=False):
    """How often a question was asked, and what came back (addresses as bytes)."""

    count: int
    first: int
    last: int
    response: str = ""
    answers: tuple[bytes, ...] = ()


class Ledger:
    """Grows while a capture is read; bounded in every direction."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.notes: dict[int, Note] = {}
        # A byte a flow: not zero where its application is known. Whoever reads makes it longer.
        self.known = bytearray()
        # Of the same length: not zero where a flow claims to be encrypted; `newly` has, by flow,
        # the batch's row (which whoever reads sets) that claimed so.
        self.sealed = bytearray()
        self.newly: dict[int, int] = {}
        self.row = 0
        self.queries: dict[tuple[str, str, str, str, str], Asked] = {}
        self.answers: dict[bytes, dict[tuple[str, NameSource], list[int]]] = {}
        self.ech_keys: dict[int, set[str]] = {}
        self._gaps: Counter[tuple[GapReason, str]] = Counter()

    def gap(self, reason: GapReason, detail: str) -> None:
        """Count something that could not be read."""
        self._gaps[reason, detail] += 1

    def note(self, flow: int) -> Note:
        """Return the note of a flow, made where there is none."""
        note = self.notes.get(flow)
        if note is None:
            note = self.notes[flow] = Note()
        return note

    def application(self, flow: int, word: str) -> Note:
        """Say what a flow speaks; the first word stays. Return its note."""
        note = self.notes.get(flow)
        if note is None:
            note = self.notes[flow] = Note()
        if not note.application:
            note.application = word
            self.known[flow] = 1
            if word in SEALED:
                self.sealing(flow)
        return note

    def sealing(self, flow: int) -> None:
        """Say that what a flow carries from here on should be unreadable."""
        if not self.sealed[flow]:
            self.sealed[flow] = 1
            self.newly[flow] = self.row

    def proxied(self, goal: str, how: str, ends: tuple[str, str], time: int) -> None:
        """Keep where a proxy is asked to go: it goes there, so that it is a question for a name."""
        self.asked((goal, how, *ends, "proxy"), time)

    def name(self, note: Note, name: str, source: NameSource, time: int) -> None:
        """Give the flow of a note a name, said at `time`; an empty one is none."""
        if not name:
            return
        names = note.names
        for place, said in enumerate(names):
            if said.name == name and said.source == source:
                if not said.first <= time <= said.last:
                    seen = _seen(name, source, min(said.first, time), max(said.last, time))
                    note.names = (*names[:place], seen, *names[place + 1 :])
                return
        if len(names) < MOST_NAMES:
            note.names = (*names, _seen(name, source, time, time))
        else:
            self.gap("limit", f"flows hold more than {MOST_NAMES} names; their questions are kept")

    def asked(self, key: tuple[str, str, str, str, str], time: int, count: int = 1) -> Asked | None:
        """Count a question: (name, type, client, server, transport)."""
        entry = self.queries.get(key)
        if entry is None:
            if len(self.queries) >= MOST_QUERIES:
                self.gap("limit", f"more than {MOST_QUERIES} different questions")
                return None
            entry = self.queries[key] = Asked(count, time, time)
            return entry
        entry.count += count
        entry.first = min(entry.first, time)
        entry.last = max(entry.last, time)
        return entry

    def answered(self, address: bytes, name: str, source: NameSource, time: int) -> None:
        """Keep that an answer said `name` to be at `address` (4 or 16 bytes)."""
        names = self.answers.get(address)
        if names is None:
            if len(self.answers) >= MOST_ADDRESSES:
                self.gap("limit", f"more than {MOST_ADDRESSES} addresses in answers")
                return
            names = self.answers[address] = {}
        window = names.get((name, source))
        if window is not None:
            window[0] = min(window[0], time)
            window[1] = max(window[1], time)
        elif len(names) < MOST_NAMES:
            names[name, source] = [time, time]
        else:
            self.gap("limit", f"addresses have more than {MOST_NAMES} names in answers")

    def closed(self) -> Heard:
        """Return everything as values, and keep nothing."""
        notes, self.notes = self.notes, {}
        return Heard(
            notes={flow: _note(notes.pop(flow)) for flow in list(notes)},
            queries=tuple(_query(key, entry) for key, entry in self.queries.items()),
            gaps=tuple(
                Unheard(reason=reason, detail=detail, count=count)
                for (reason, detail), count in sorted(self._gaps.items())
            ),
            answers={
                address(raw): tuple(
                    _seen(name, source, *window) for (name, source), window in names.items()
                )
                for raw, names in self.answers.items()
            },
        )


def _seen(name: str, source: NameSource, first: int, last: int) -> NameSeen:
    return NameSeen(name=name, source=source, first=first, last=last)


def _note(note: Note) -> FlowNote:
    encrypted, why = note.encrypted, note.why
    if not why and note.application:
        known = APPLICATIONS[note.application]
        encrypted, why = known.encrypted, known.why
    return FlowNote(
        names=note.names,
        application=note.application,
        encrypted=encrypted,
        encrypted_why=why,
        hidden_name=note.hidden,
        facts=note.facts,
    )


def _query(key: tuple[str, str, str, str, str], entry: Asked) -> Query:
    name, query_type, client, server, transport = key
    return Query(
        name=name,
        query_type=query_type,
        client=client,
        server=server,
        transport=transport,
        count=entry.count,
        first=entry.first,
        last=entry.last,
        response=entry.response,
        answers=tuple([address(raw) for raw in entry.answers]),
    )
