"""Reads ONNX tensors: number type, shape, and the file that holds their bytes."""

from __future__ import annotations

from auditor.evidence.models import VerdictReason
from auditor.formats import Context, ExternalData, FormatError
from auditor.formats._locations import escaping
from auditor.formats._protobuf import Field, Message
from auditor.formats._tally import elements, shown

# onnx/onnx.proto, TensorProto.DataType: the name as safetensors has it, and the bits of one.
TYPES: dict[int, tuple[str, int]] = {
    1: ("F32", 32), 2: ("U8", 8), 3: ("I8", 8), 4: ("U16", 16), 5: ("I16", 16), 6: ("I32", 32),
    7: ("I64", 64), 8: ("STRING", 0), 9: ("BOOL", 8), 10: ("F16", 16), 11: ("F64", 64),
    12: ("U32", 32), 13: ("U64", 64), 14: ("C64", 64), 15: ("C128", 128), 16: ("BF16", 16),
    17: ("F8_E4M3", 8), 18: ("F8_E4M3FNUZ", 8), 19: ("F8_E5M2", 8), 20: ("F8_E5M2FNUZ", 8),
    21: ("U4", 4), 22: ("I4", 4), 23: ("F4", 4), 24: ("F8_E8M0", 8), 25: ("U2", 2),
    26: ("I2", 2), 27: ("F6_E2M3", 6), 28: ("F6_E3M2", 6),
}  # fmt: skip
# Numbers of fewer than 8 bits are packed for the first types; of the six-bit ones it is not told.
_EXACT = frozenset({8, 16, 32, 64, 128, 4, 2})
# onnxruntime/core/framework/tensorprotoutils.h: the offset is then an address in memory.
_MEMORY_TAG = "_ORT_MEM_ADDR_"
MAX_LOCATIONS = 10_000
_MAX_DIGITS = 19


class Outside:
    """The files beside a model that its tensors point into."""

    def __init__(self, context: Context, prefix: str = "onnx") -> None:
        """Collect for one file; the rules' names begin with `prefix`."""
        self._context = context
        self._prefix = prefix
        self._needed: dict[str, int] = {}
        self.reasons: list[VerdictReason] = []

    @property
    def files(self) -> tuple[ExternalData, ...]:
        """The files with how many bytes of each are needed."""
        return tuple(
            ExternalData(location=location, needed=needed)
            for location, needed in sorted(self._needed.items())
        )

    def add(self, location: str, needed: int, offset: int) -> None:
        """Keep a location; one that leads out of the model's folder is dangerous."""
        if location in self._needed:
            self._needed[location] = max(self._needed[location], needed)
            return
        if len(self._needed) == MAX_LOCATIONS:
            raise FormatError(f"tensors lie in more than {MAX_LOCATIONS} files", "limit")
        self._needed[location] = needed
        if not location:
            raise FormatError("a tensor lies in a file without a name", offset=offset)
        why = escaping(location)
        if _MEMORY_TAG in location:
            why = "is an address in the loader's memory"
        if why:
            detail = f"the file {shown(location)!r} that it points to {why}"
            rule = f"{self._prefix}-external-escapes"
            self.reasons.append(self._context.reason(rule, "dangerous", detail, offset=offset))


class Tensor:
    """What a TensorProto says: `count` elements of a `kind`."""

    __slots__ = ("count", "kind")

    def __init__(self, kind: str, count: int) -> None:
        """Keep the number type and how many there are."""
        self.kind = kind
        self.count = count


def read(message: Message, outside: Outside) -> Tensor:
    """Read a TensorProto without its numbers; raises `FormatError`."""
    shape: list[int] = []
    number = 0
    stored = -1
    external = False
    entries: dict[str, str] = {}
    for field in message.fields():
        if field.number == 1:
            shape.extend(message.shape(field))
        elif field.number == 2:  # noqa: PLR2004 - data_type
            number = message.number(field)
        elif field.number == 9:  # noqa: PLR2004 - raw_data
            stored = field.size
        elif field.number == 13:  # noqa: PLR2004 - external_data
            key, value = entry(message, field)
            if entries.setdefault(key, value) != value:
                # Some loaders take the first of two, some the last.
                raise FormatError(
                    f"the {shown(key, 20)} of a tensor's file stands there twice",
                    rule="onnx-external-twice", offset=field.start,
                )  # fmt: skip
        elif field.number == 14:  # noqa: PLR2004 - data_location
            external = message.number(field) == 1
    kind, bits = TYPES.get(number, (f"type {number}", 0))
    count = elements(shape)
    size = -(-count * bits // 8)
    if entries or external:
        # Whatever data_location says: who merges messages as protobuf does may see it otherwise.
        _external(entries, size, outside, message.start)
    elif stored >= 0 and bits in _EXACT and stored != size:
        raise FormatError(
            f"a tensor of {size} bytes holds {stored}", rule="onnx-tensor-size",
            offset=message.start,
        )  # fmt: skip
    return Tensor(kind, count)


def entry(message: Message, field: Field) -> tuple[str, str]:
    """Return the key and the value of a StringStringEntryProto."""
    key = value = ""
    inner = message.inner(field)
    for part in inner.fields():
        if part.number == 1:
            key = inner.text(part)
        elif part.number == 2:  # noqa: PLR2004 - value
            value = inner.text(part)
    return key, value


def _external(entries: dict[str, str], size: int, outside: Outside, offset: int) -> None:
    numbers = {}
    for key in ("offset", "length"):
        said = entries.get(key, "") or "0"
        if not said.isascii() or not said.isdecimal() or len(said) > _MAX_DIGITS:
            raise FormatError(f"the {key} of a tensor's file is no number", offset=offset)
        numbers[key] = int(said)
    needed = numbers["offset"] + (numbers["length"] or size)
    outside.add(entries.get("location", ""), needed, offset)
