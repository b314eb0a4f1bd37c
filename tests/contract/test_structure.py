"""The layout is the architecture: what is listed has its constant, docstring and sample."""

from __future__ import annotations

import ast
import enum
import types
import typing
from pathlib import Path

import msgspec
import pytest

import auditor
from auditor import collect, derive, manifests, packets, report
from auditor.evidence import COLLECTED, DERIVED, KINDS, bundle, kind_of
from auditor.policy import findings

PACKAGE = Path(auditor.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
SCALARS = (str, int, float, bool, bytes, type(None))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_module_opens_with_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, path
    assert docstring.splitlines()[0].endswith((".", "?")), path


@pytest.mark.parametrize("name", collect.names())
def test_every_collector_yields_known_kinds_and_says_what_it_reads(name: str) -> None:
    collector = collect.load(name)
    assert collector.title
    assert collector.reads
    assert collector.yields
    assert all(kind_of(record_type) in COLLECTED for record_type in collector.yields)


@pytest.mark.parametrize("name", derive.names())
def test_every_derivation_makes_a_derived_kind_from_collected_ones(name: str) -> None:
    derivation = derive.load(name)
    assert derivation.title
    assert kind_of(derivation.yields) in DERIVED
    assert derivation.sources
    assert all(kind_of(source) in COLLECTED for source in derivation.sources)


def test_every_derived_kind_is_made_by_one_derivation() -> None:
    made = sorted(kind_of(derive.load(name).yields) for name in derive.names())
    assert made == sorted(DERIVED)


def test_every_collected_kind_has_somebody_who_yields_it() -> None:
    yielded = (
        {
            kind_of(record_type)
            for name in collect.names()
            for record_type in collect.load(name).yields
        }
        | {
            kind_of(record_type)
            for name in manifests.names()
            for record_type in manifests.load(name).yields
        }
        | {kind_of(record_type) for record_type in (*packets.YIELDS, *packets.ON_REQUEST)}
    )
    assert yielded == set(COLLECTED)


@pytest.mark.parametrize("name", report.names())
def test_every_format_has_a_file_name_of_its_own(name: str) -> None:
    renderer = report.load(name)
    assert renderer.title
    assert "/" not in renderer.filename
    others = [report.load(other).filename for other in report.names() if other != name]
    assert renderer.filename not in others


@pytest.mark.parametrize(
    "folder", ["collect", "derive", "report", "manifests", "formats", "stores"]
)
def test_every_listed_file_has_a_test_that_names_it(folder: str) -> None:
    tests = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    for path in sorted((PACKAGE / folder).glob("[!_]*.py")):
        name = f"auditor.{folder}.{path.stem}"
        imported = name in tests or (
            f"from auditor.{folder} import" in tests and path.stem in tests
        )
        assert imported, f"no test imports {name}"


def _frozen(annotation: object, seen: set[object]) -> bool:
    """Tell whether a field's type cannot be changed after it was made."""
    if annotation in SCALARS or annotation in seen:
        return True
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return True
    if origin in (tuple, frozenset, typing.Union, types.UnionType):
        return all(_frozen(item, seen) for item in arguments if item is not Ellipsis)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return True
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        seen.add(annotation)
        return annotation.__struct_config__.frozen and all(
            _frozen(field.type, seen) for field in msgspec.structs.fields(annotation)
        )
    return False


@pytest.mark.parametrize(
    "struct", [*KINDS.values(), bundle.Evidence, findings.Findings], ids=lambda t: t.__name__
)
def test_records_are_frozen_all_the_way_down(struct: type) -> None:
    assert _frozen(struct, set())
