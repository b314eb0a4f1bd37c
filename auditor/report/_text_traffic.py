"""Tells of captured traffic in the text summary: like a phone bill, the most bytes out first."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.report import Judgement
from auditor.report._figures import size
from auditor.report._instants import duration, short_instant
from auditor.report._text import columns, visible, wrapped
from auditor.report._text_words import Language
from auditor.report._traffic import Line, Seen, Traffic, access_standing, traffic

WIDTH = 100
_SHOWN = 15
_SHOWN_ZONES = 12
_SHOWN_INDICATORS = 8
_INDENT = " " * 4
_TO = 40
_MARKS = {True: "[~]", False: "[x]", None: "[?]"}
_STANDINGS = {"outside": "[x]", "approved": "[~]", "undecided": "[?]"}


def traffic_part(judgement: Judgement, words: Language) -> Iterator[str]:
    """Yield captures, the bill, the questions for names, the zones and the indicators."""
    found = traffic(judgement.evidence.records, judgement.derived)
    if not found.captures:
        return
    yield ""
    yield words["section_captures"].format(n=len(found.captures))
    for seen in found.captures[:_SHOWN]:
        yield from _capture(seen, words)
    yield from _more(len(found.captures) - _SHOWN, words)
    yield from _bill(found, words)
    yield from _domains(found, words)
    yield from _zones(found, words)
    yield from _controllers(found, words)
    yield from _indicators(found, words)


def _capture(seen: Seen, words: Language) -> Iterator[str]:
    capture, view = seen.capture, seen.view
    told = words["capture_of"].format(
        packets=_count("n_packets", capture.packets, words), bytes=size(capture.bytes),
        first=short_instant(capture.first), length=duration(view.seconds),
        flows=_count("n_flows", view.flows, words),
        skipped=_count("n_packets", capture.packets - capture.parsed, words),
    )  # fmt: skip
    lines = [told, *view.why] if capture.packets else list(view.why)
    if view.dropped is None:
        lines.append(words["drops_untold"])
    text = f"{visible(capture.path)}: {'; '.join(lines)}"
    yield from wrapped(visible(text, limit=600), width=WIDTH, first="  ", rest=_INDENT)


def _bill(found: Traffic, words: Language) -> Iterator[str]:
    """Yield the destinations by bytes out, then who came from outside, then the sum."""
    yield ""
    if not found.bill and not found.visitors:
        yield words["nothing_crossed"]
        return
    lines = len(found.bill) + len(found.visitors)
    yield words["section_bill"].format(n=lines)
    yield (
        f"{_INDENT}{_cell(words['bill_to'], _TO)}{_right(words['bill_out'], 11)}"
        f"{_right(words['bill_in'], 11)}{_right(words['bill_flows'], 7)}  {words['bill_who']}"
    )
    for line in found.bill[:_SHOWN]:
        yield from _row(line, words)
    yield from _more(len(found.bill) - _SHOWN, words)
    for line in found.visitors[:_SHOWN]:
        yield from _row(line, words)
    yield from _more(len(found.visitors) - _SHOWN, words)
    total = f"{size(found.sent):>11}{size(found.received):>11}"
    yield f"{_INDENT}{_cell(words['bill_total'], _TO)}{total}"


def _row(line: Line, words: Language) -> Iterator[str]:
    one = line.destination
    target = line.name or one.target
    if one.direction == "in":
        target = words["bill_from"].format(target=one.target)
    whose = ", ".join(part for part in (one.operator, one.operator_country or one.country) if part)
    shown = visible(target, limit=_TO - 1)
    who = f"  {visible(whose, limit=40)}" if whose else ""
    yield (
        f"{_MARKS[one.approved]} {_cell(shown, _TO)}{size(one.bytes_out):>11}"
        f"{size(one.bytes_in):>11}{one.flows:>7,}{who}"
    ).rstrip()
    said = [one.target] if line.name else []
    if line.more_names:
        said.append(_count("bill_names", line.more_names, words))
    said += [", ".join(one.ports[:4]), ", ".join((*one.applications[:4], *one.services[:2]))]
    said.append(_clarity(line, words))
    if not one.answered:
        said.append(words["bill_unanswered"])
    peers = ", ".join(one.peers[:2])
    more = one.peers_total - 2
    said.append(words["bill_peers"].format(peers=peers + (f" +{more}" if more > 0 else "")))
    if one.exception:
        said.append(words["bill_excepted"].format(who=one.exception))
    text = "; ".join(part for part in said if part)
    yield from wrapped(visible(text, limit=400), width=WIDTH, first=_INDENT, rest=_INDENT + "  ")


def _clarity(line: Line, words: Language) -> str:
    one = line.destination
    parts = (
        ("clear", one.clear_flows), ("encrypted", one.encrypted_flows), ("untold", one.untold_flows)
    )  # fmt: skip
    told = [(key, n) for key, n in parts if n]
    if len(told) == 1:
        return words[f"bill_{told[0][0]}"]
    return ", ".join(f"{n:,} {words[f'bill_{key}']}" for key, n in told)


def _domains(found: Traffic, words: Language) -> Iterator[str]:
    asked = [one for one in found.domains if one.standing != "approved"]
    if not asked:
        return
    yield ""
    yield words["section_names"].format(n=len(asked))
    for one in asked[:_SHOWN]:
        told = words["asked_of"].format(
            questions=_count("n_questions", one.questions, words),
            names=_count("n_names", one.names_total, words),
            clients=", ".join(one.clients[:2]),
            servers=", ".join(one.servers[:2]),
        )
        whose = f" ({one.operator}, {one.operator_country})" if one.operator else ""
        text = f"{one.domain}{whose}: {told}"
        yield from wrapped(
            visible(text, limit=300), width=WIDTH, first=_STANDINGS[one.standing] + " ",
            rest=_INDENT,
        )  # fmt: skip
    yield from _more(len(asked) - _SHOWN, words)


def _zones(found: Traffic, words: Language) -> Iterator[str]:
    crossing = [one for one in found.zones if one.crossing]
    if not crossing:
        return
    yield ""
    yield words["section_zones"].format(n=len(crossing))
    for one in crossing[:_SHOWN_ZONES]:
        bad = one.industrial and not one.allowed
        mark = "[x]" if bad else "   "
        told = words["zone_of"].format(
            flows=_count("n_flows", one.flows, words),
            out=size(one.bytes_out),
            back=size(one.bytes_in),
        )
        refused = f"; {words['zone_refused']}" if bad else ""
        text = f"{one.label}: {told}{refused}"
        yield from wrapped(visible(text, limit=300), width=WIDTH, first=f"{mark} ", rest=_INDENT)
    yield from _more(len(crossing) - _SHOWN_ZONES, words)


def _controllers(found: Traffic, words: Language) -> Iterator[str]:
    if not found.controllers:
        return
    yield ""
    yield words["section_controllers"].format(n=len(found.controllers))
    for one in found.controllers[:_SHOWN_ZONES]:
        told = words["controller_of"].format(
            **{
                name: "?" if count is None else f"{count:,}"
                for name, count in (
                    ("reads", one.reads), ("writes", one.writes), ("controls", one.controls)
                )
            }
        )  # fmt: skip
        parts = [told, *one.changes[:3]]
        if not one.whole:
            parts.append(words["controller_unknown"].format(why="; ".join(one.why[:3])))
        mark = {"bad": "[x]", "open": "[?]"}.get(access_standing(one), "   ")
        zones = f" ({one.from_zone} → {one.to_zone})" if one.crossing else ""
        text = f"{one.label}{zones}: {'; '.join(parts)}"
        yield from wrapped(visible(text, limit=500), width=WIDTH, first=f"{mark} ", rest=_INDENT)
    yield from _more(len(found.controllers) - _SHOWN_ZONES, words)


def _indicators(found: Traffic, words: Language) -> Iterator[str]:
    shown = [one for one in found.indicators if one.approved is not True]
    if not shown:
        return
    yield ""
    yield words["section_indicators"].format(n=len(shown))
    for one in shown[:_SHOWN_INDICATORS]:
        text = f"{one.score:>3}  {one.subject}: {one.detail} ({one.indicator})"
        yield from wrapped(visible(text, limit=300), width=WIDTH, first="  ", rest=_INDENT + "   ")
    yield from _more(len(shown) - _SHOWN_INDICATORS, words)


def _count(key: str, n: int, words: Language) -> str:
    """Return `n` things in words: English has one form for one and another for more."""
    one, _, many = words[key].partition("|")
    return (many if many and n != 1 else one).format(n=f"{n:,}")


def _more(hidden: int, words: Language) -> Iterator[str]:
    if hidden > 0:
        yield f"{_INDENT}{words['more'].format(n=hidden)}"


def _right(text: str, width: int) -> str:
    return " " * max(1, width - columns(text)) + text


def _cell(text: str, width: int) -> str:
    return text + " " * max(1, width - columns(text))
