"""What a layout finds in a store: facts about files, and what is not as the store says."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from auditor.evidence.models import Anomaly, Role
from auditor.formats import Inspection


class Facts(Struct, frozen=True, kw_only=True):
    """What a store tells of files; fields as in `ModelFile`, empty where it tells nothing."""

    registry: str = ""
    repository: str = ""
    revision: str = ""
    name: str = ""
    license: str = ""
    base_model: str = ""
    architecture: str = ""
    context_length: int = 0
    quantization: str = ""
    producer: str = ""
    tokenizer: str = ""
    chat_template: str = ""
    datasets: tuple[str, ...] = ()
    role: Role | None = None
    remote_code: bool = False

    def over(self, other: Facts) -> Facts:
        """Return these facts, and `other`'s where these are empty."""
        fields = self.__struct_fields__
        return Facts(**{name: getattr(self, name) or getattr(other, name) for name in fields})


class Told(Struct, frozen=True, kw_only=True):
    """Facts about a file, or about the files in a folder; `below`: in its folders as well.

    What is told of the nearest counts; of equally near ones the lower `rank`.
    """

    path: str
    facts: Facts
    below: bool = False
    rank: int = 0


class Leads(Struct, frozen=True, kw_only=True):
    """A file of the store that leads to another one without being a link: a manifest."""

    path: str
    to: str


class Odd(Struct, frozen=True, kw_only=True):
    """Something that is not as the store says; fields as in `StoreAnomaly`."""

    path: str
    anomaly: Anomaly
    detail: str


class Judged(Struct, frozen=True, kw_only=True):
    """A file that only its store knows the meaning of, judged by its layout."""

    path: str
    inspection: Inspection


Found = Told | Leads | Odd | Judged


def merged(told: list[Told]) -> Facts:
    """Return the facts of several, the first over those behind it."""
    facts = Facts()
    for one in sorted(told, key=lambda one: one.rank):
        facts = facts.over(one.facts)
    return facts


NOTHING = Facts()
DETAIL = 300


def odd(path: str, anomaly: Anomaly, detail: str) -> Odd:
    """Return an anomaly with its detail in bounds."""
    return Odd(path=path, anomaly=anomaly, detail=detail[:DETAIL])


def told(path: str, *, below: bool = False, rank: int = 0, **facts: object) -> Told:
    """Return facts about a path; fields of the wrong type raise `msgspec.ValidationError`."""
    return Told(path=path, below=below, rank=rank, facts=msgspec.convert(facts, Facts))
