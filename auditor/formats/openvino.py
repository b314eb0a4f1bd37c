"""Reads OpenVINO's intermediate representation: layers as XML, weights in a file beside it."""

from __future__ import annotations

import re
from functools import cache
from xml.parsers import expat

from auditor.evidence.models import VerdictReason
from auditor.formats import (
    BLANKS,
    Context,
    ExternalData,
    FormatError,
    Inspection,
    ModelFormat,
    ModelHeader,
    View,
    by_share,
)
from auditor.formats._operators import known
from auditor.formats._tally import Places, Tally, elements, shown

# The weights lie in the file of the same name with this ending: only who knows the name finds it.
SIDE_FILE = "{stem}.bin"
_MOST = 256 << 20
_CHUNK = 64 * 1024
_MAX_DEPTH = 200
_SEEN, _MOST_SEEN = 64 << 10, 1 << 20
_SPACES = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
# docs.openvino.ai, IR format: operators of the sets, everything else is in an extension. Who
# reads the IR minds no case; networks of older versions say a set that came before the operator.
_OPSET = re.compile(r"opset[0-9]{1,2}")
_PROLOGUE = re.compile(
    rb"(?:[ \t\r\n]|<\?.*?\?>|<!--.*?-->|<!DOCTYPE.{0,65536}?(?=<net\s))*",
    re.DOTALL,
)
_NET = re.compile(rb"<net\s[^<]{0,65536}?\bversion\s*=", re.DOTALL)
# In another element it is none, and refused where its layers are read.
_WITHIN = re.compile(rb"<net\s[^<>]{0,4096}\bversion\s*=")
# openvino/core/type/element_type.hpp, with the bits of one.
_TYPES = {
    "f16": ("F16", 16), "f32": ("F32", 32), "f64": ("F64", 64), "bf16": ("BF16", 16),
    "i4": ("I4", 4), "i8": ("I8", 8), "i16": ("I16", 16), "i32": ("I32", 32), "i64": ("I64", 64),
    "u1": ("U1", 1), "u2": ("U2", 2), "u4": ("U4", 4), "u8": ("U8", 8), "u16": ("U16", 16),
    "u32": ("U32", 32), "u64": ("U64", 64), "nf4": ("NF4", 4), "boolean": ("BOOL", 8),
    "f8e4m3": ("F8_E4M3", 8), "f8e5m2": ("F8_E5M2", 8), "f4e2m1": ("F4", 4),
    "f8e8m0": ("F8_E8M0", 8), "string": ("STRING", 0),
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,18}")


def recognises(head: bytes, view: View) -> bool:
    """Return whether the file is XML that begins with a network and its version."""
    begin = head.removeprefix(_BOM).lstrip(_SPACES)
    if not begin.startswith(b"<"):
        return False
    seen = view.at(0, _SEEN)
    if seen.rfind(b"<!--") > seen.rfind(b"-->"):
        seen = view.at(0, _MOST_SEEN)
    if b"<net" not in seen:
        return False
    seen = seen.removeprefix(_BOM)
    prologue = _PROLOGUE.match(seen)
    first = _NET.match(seen, prologue.end() if prologue else 0)
    return first is not None or _WITHIN.search(seen) is not None


def inspect(view: View, context: Context) -> Inspection:
    """Return which layers a network asks for, and how many bytes of weights.

    A document type or an entity is refused: no network has one. Layers of another set than
    OpenVINO's are in a library outside: unlisted. Raises `FormatError`.
    """
    if view.size > _MOST:
        raise FormatError(f"the network is longer than {_MOST} bytes", "limit")
    network = _Network(context)
    network.parse(view)
    external = [ExternalData(location=SIDE_FILE, needed=network.needed)] if network.needed else []
    tally = network.tally
    return Inspection(
        model_format="openvino",
        role="graph",
        header=ModelHeader(
            name=network.name,
            parameters=tally.parameters,
            precision=by_share(tally.elements),
            tensors=tally.tensors,
            producer=network.producer,
            custom_operators=tally.operators,
        ),
        reasons=tuple(network.reasons),
        external=tuple(external),
    )


class _Network:
    """What the elements say, one after the other."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: list[str] = []
        self._layer = ""
        self._custom: Places[str] = Places()
        self.reasons: list[VerdictReason] = []
        self.tally = Tally()
        self.name = ""
        self.producer = ""
        self.needed = 0
        self._parser = expat.ParserCreate()
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._refused
        self._parser.EntityDeclHandler = self._refused
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def parse(self, view: View) -> None:
        """Read the whole document; raises `FormatError` for one that is not well-formed."""
        try:
            for at in range(0, view.size, _CHUNK):
                self._parser.Parse(view.at(at, _CHUNK))
            done = True
            self._parser.Parse(b"", done)
        except expat.ExpatError as error:
            offset = self._parser.ErrorByteIndex
            raise FormatError(f"the XML is broken: {error}", offset=offset) from error
        except (LookupError, ValueError) as error:
            raise FormatError(f"the XML is in no encoding that is known: {error}") from error
        if not self.producer:
            raise FormatError("there is no network in it")

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "us-ascii", "ascii"):
            raise FormatError(f"the XML is in the encoding {shown(encoding, 40)}")

    def _refused(self, *_parts: object) -> None:
        raise FormatError(
            "the XML has a document type, which no network has", rule="xml-entity",
            offset=self._parser.CurrentByteIndex,
        )  # fmt: skip

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._context.budget.step(1 + len(attributes))
        self._open.append(name)
        if len(self._open) > _MAX_DEPTH:
            raise FormatError("elements lie too deep in each other", "limit", rule="limit-depth")
        if len(self._open) == 1:
            self._net(name, attributes)
        elif name == "layer":
            self._one_layer(attributes)
        elif name == "data" and self._open[-2] == "layer" and self._layer == "Const":
            self._constant(attributes)
        elif name == "info" and attributes.get("name") == "OpenVINO Runtime":
            self.producer = shown(f"{self.producer}, OpenVINO {attributes.get('value', '')}", 100)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _net(self, name: str, attributes: dict[str, str]) -> None:
        if name != "net" or "version" not in attributes:
            raise FormatError("the first element is no network with a version")
        self.name = shown(attributes.get("name", ""))
        self.producer = f"IR {shown(attributes['version'], 20)}"

    def _one_layer(self, attributes: dict[str, str]) -> None:
        self._layer = attributes.get("type", "")
        version = attributes.get("version", "")
        called = shown(f"{version}::{self._layer}" if version else self._layer)
        if called in self._custom or (_OPSET.fullmatch(version) and _is_known(self._layer)):
            return
        self._custom.add(called, self._parser.CurrentByteIndex)
        self.tally.operator(called)
        self.reasons.append(
            self._context.reason(
                "openvino-custom-operator", "unlisted",
                f"the layer {called} is in a library outside of OpenVINO",
                offset=self._parser.CurrentByteIndex,
            )
        )  # fmt: skip

    def _constant(self, attributes: dict[str, str]) -> None:
        kind, bits = _TYPES.get(attributes.get("element_type", ""), ("", 0))
        count = elements(
            self._number(part) for part in attributes.get("shape", "").split(",") if part.strip()
        )
        begin, size = (
            self._number(attributes.get("offset", "")),
            self._number(attributes.get("size", "")),
        )
        if count * bits > size * 8:
            raise FormatError(
                f"a constant of {count} numbers has {size} bytes",
                offset=self._parser.CurrentByteIndex,
            )  # fmt: skip
        self.needed = max(self.needed, begin + size)
        self.tally.tensor(kind or shown(attributes.get("element_type", ""), 20), count)

    def _number(self, text: str) -> int:
        if not _NUMBER.fullmatch(text.strip()):
            raise FormatError(
                "a constant's offset, size or shape is no number",
                offset=self._parser.CurrentByteIndex,
            )
        return int(text)


@cache
def _in_the_sets() -> frozenset[str]:
    """Return the operators of OpenVINO's sets, and `Const`, as which it writes a constant."""
    return frozenset(name.casefold() for name in known("openvino")) | {"const"}


def _is_known(layer: str) -> bool:
    return layer.casefold() in _in_the_sets()


FORMAT = ModelFormat(
    title="OpenVINO IR", recognises=recognises, inspect=inspect, rank=5, begins=b"<" + BLANKS
)
