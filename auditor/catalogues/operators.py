"""Who operates a public name, and where that operator is at home.

The catalogue is `policies/catalogues/operators.csv`. For sovereignty the operator's legal home
matters more than the country that an address is registered in; both are said separately.
"""

from __future__ import annotations

import csv
from functools import cache, lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from auditor import data
from auditor.errors import AuditError
from auditor.hostnames import Address, address_of, ascii_name

Category = Literal[
    "inference-api",
    "model-hub",
    "code-host",
    "object-store",
    "cloud",
    "experiment-tracking",
    "error-reporting",
    "telemetry",
    "tunnel",
    "container-registry",
    "time",
    "dns",
    "messaging",
    "remote-access",
]
Risk = Literal["prompts", "data", "metrics", "errors", "inbound", "hides-dns", "download", "low"]


class Operator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry: names under `suffix` are run by `operator`, at home in `country` (ISO 3166).

    A label `*` in `suffix` stands for any one label, `*-api` for one that ends in `-api`. `risk`
    is what goes out there at worst.
    `verified` is `yes` where the operator's own documents were read, `no` for general knowledge.
    """

    suffix: str
    operator: str
    country: str
    category: Category
    risk: Risk
    verified: Literal["yes", "no"]
    note: str = ""


class _Branch(Struct):
    """The names that share the labels so far, read from the right."""

    operator: Operator | None = None
    labels: dict[str, _Branch] = {}


@lru_cache(maxsize=32768)
def operator_of(name: str) -> Operator | None:
    """Return who operates a host name or address, or `None` where the catalogue is silent.

    Whole labels are compared from the right and the longest suffix wins, a written label before
    `*`: `evilopenai.com` and `openai.com.evil.example` are not OpenAI's. Addresses match alone.
    """
    names, addresses = _catalogue()
    address = address_of(name)
    if address is not None:
        return addresses.get(address)
    plain = ascii_name(name)
    return _longest(names, plain.split(".")[::-1]) if plain else None


def operators() -> tuple[Operator, ...]:
    """Return the whole catalogue, sorted by suffix; raises `AuditError` where it is damaged."""
    path = data.folder("policies") / "catalogues" / "operators.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    try:
        entries = msgspec.convert(rows, list[Operator])
    except msgspec.ValidationError as error:
        raise AuditError(f"the catalogue is damaged: {error}", where=str(path)) from error
    return tuple(sorted(entries, key=lambda entry: entry.suffix))


@cache
def _catalogue() -> tuple[_Branch, dict[Address, Operator]]:
    root = _Branch()
    addresses: dict[Address, Operator] = {}
    for entry in operators():
        address = address_of(entry.suffix)
        if address is not None:
            addresses[address] = entry
            continue
        branch = root
        for label in reversed(entry.suffix.split(".")):
            branch = branch.labels.setdefault(label, _Branch())
        branch.operator = entry
    return root, addresses


def _longest(branch: _Branch, labels: list[str]) -> Operator | None:
    """Return the deepest entry that `labels` (top-level domain first) lead to."""
    candidates: list[tuple[int, int, Operator]] = []
    # The few branches that are alive at one depth: the written label, and `*` beside it.
    alive = [(branch, 0)]
    for depth, label in enumerate(labels, start=1):
        alive = [
            (below, written + (step == label))
            for above, written in alive
            for step in (label, f"*-{label.rpartition('-')[2]}", "*")
            if (below := above.labels.get(step)) is not None
        ]
        candidates += [
            (depth, written, reached.operator)
            for reached, written in alive
            if reached.operator is not None
        ]
    return max(candidates, key=lambda found: found[:2])[2] if candidates else None
