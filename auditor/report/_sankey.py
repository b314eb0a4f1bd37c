"""Lays out a Sankey diagram of two columns by integers: the same picture on every machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import isqrt

from msgspec import Struct

WIDTH = 900
_LEFT, _RIGHT, _BAR = 270, 620, 10
_GAP = 12
_LEAST = 3
_LEAST_NODE = 14
_BAND = 420


class Link(Struct, frozen=True, kw_only=True):
    """What the diagram shows: `size` decides the width of the ribbon, `standing` its colour."""

    left: str
    right: str
    size: int
    standing: str


class Node(Struct, frozen=True, kw_only=True):
    """A bar with its label: `middle` is where the label's line runs."""

    label: str
    x: int
    y: int
    height: int
    middle: int
    text_x: int
    anchor: str


class Ribbon(Struct, frozen=True, kw_only=True):
    """A link as a path; `number` is its place in the links."""

    number: int
    path: str
    standing: str


class Diagram(Struct, frozen=True, kw_only=True):
    """The picture: `width` and `height` of its view box."""

    width: int
    height: int
    bar: int
    nodes: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]


def diagram(links: Sequence[Link]) -> Diagram:
    """Return the picture of links; ribbons as wide as the square root of their size.

    Areas would hide the small ones, which matter as much: one packet out is a way out.
    """
    roots = [isqrt(link.size) for link in links]
    whole = max(1, sum(roots))
    widths = [max(_LEAST, _BAND * root // whole) for root in roots]
    left, left_height = _column([link.left for link in links], widths)
    right, right_height = _column([link.right for link in links], widths)
    height = max(left_height, right_height, 1)
    nodes = [_node(label, place, "end") for label, place in left.items()]
    nodes += [_node(label, place, "start") for label, place in right.items()]
    return Diagram(
        width=WIDTH, height=height, bar=_BAR, nodes=tuple(nodes),
        ribbons=_ribbons(links, widths, left, right),
    )  # fmt: skip


def _column(labels: Sequence[str], widths: Sequence[int]) -> tuple[dict[str, tuple[int, int]], int]:
    """Return the top and the height of each node of a column, in order, and the column's height."""
    heights: dict[str, int] = defaultdict(int)
    for label, width in zip(labels, widths, strict=True):
        heights[label] += width
    tops: dict[str, tuple[int, int]] = {}
    y = 0
    for label, height in heights.items():
        tall = max(height, _LEAST_NODE)
        tops[label] = (y, tall)
        y += tall + _GAP
    return tops, max(0, y - _GAP)


def _ribbons(
    links: Sequence[Link], widths: Sequence[int],
    left: dict[str, tuple[int, int]], right: dict[str, tuple[int, int]],
) -> tuple[Ribbon, ...]:  # fmt: skip
    from_y = {label: top for label, (top, _) in left.items()}
    to_y = {label: top for label, (top, _) in right.items()}
    ribbons = []
    for number, (link, width) in enumerate(zip(links, widths, strict=True)):
        a, b = from_y[link.left], to_y[link.right]
        from_y[link.left] += width
        to_y[link.right] += width
        ribbons.append(Ribbon(number=number, path=_path(a, b, width), standing=link.standing))
    return tuple(ribbons)


def _path(a: int, b: int, width: int) -> str:
    middle = (_LEFT + _RIGHT) // 2
    there = f"M{_LEFT},{a}C{middle},{a} {middle},{b} {_RIGHT},{b}"
    back = f"V{b + width}C{middle},{b + width} {middle},{a + width} {_LEFT},{a + width}Z"
    return there + back


def _node(label: str, place: tuple[int, int], anchor: str) -> Node:
    """Return a bar at its (top, height): labels of the left column end at it."""
    top, height = place
    x = _LEFT - _BAR if anchor == "end" else _RIGHT
    return Node(
        label=label,
        x=x,
        y=top,
        height=height,
        middle=top + height // 2,
        text_x=x - 8 if anchor == "end" else x + _BAR + 8,
        anchor=anchor,
    )
