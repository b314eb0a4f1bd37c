"""Walks PaddlePaddle's programs: the operators of every block, and its parameters."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import Verdict, VerdictReason
from auditor.formats import Context, FormatError
from auditor.formats._operators import known
from auditor.formats._protobuf import BYTES, VARINT, Field, Message
from auditor.formats._tally import Places, Tally, elements, shown

# paddle/fluid/framework/framework.proto: ProgramDesc, BlockDesc, OpDesc, VarDesc, VarType.
_PROGRAM = {1: BYTES, 3: BYTES, 4: BYTES, 5: BYTES}
_BLOCK = {1: VARINT, 2: VARINT, 3: BYTES, 4: BYTES, 5: VARINT}
_OP = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT}
_VARS, _OPS, _OP_TYPE = 3, 4, 3
_TYPE, _PERSISTABLE, _TENSOR_TYPES = 2, 3, frozenset({2, 3, 4})
TYPES = {
    0: "BOOL", 1: "I16", 2: "I32", 3: "I64", 4: "F16", 5: "F32", 6: "F64", 19: "U64", 20: "U8",
    21: "I8", 22: "BF16", 23: "C64", 24: "C128", 32: "F8_E4M3", 33: "F8_E5M2",
}  # fmt: skip
BYTES_OF = {
    0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 19: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16,
    32: 1, 33: 1,
}  # fmt: skip
_RAW = 17
_MAX_UNKNOWN = 10
# What operators of paddle/fluid/operators do outside of the program.
DANGEROUS = {
    **dict.fromkeys(("py_func", "py_layer", "pylayer"), "runs a Python function"),
    **dict.fromkeys(("save", "save_combine", "save_sparse_table"), "writes files"),
    **dict.fromkeys(
        ("load", "load_combine", "read_file", "load_sparse_table"),
        "reads files by a name that the program gives",
    ),
    **dict.fromkeys(
        ("send", "recv", "fetch_barrier", "send_barrier", "listen_and_serv", "prefetch",
         "heter_listen_and_serv", "send_and_recv", "distributed_lookup_table", "c_gen_xccl_id",
         "c_gen_nccl_id", "gen_nccl_id"),
        "opens connections",
    ),
}  # fmt: skip
_COMPILED = ("_engine", "cinn_launch", "cinn_instruction_run")
# Names that the program's own interpreter knows, beside the operators of the table.
_INTERPRETED = frozenset({"feed", "fetch", "conditional_block", "while"})


class Operators:
    """The operators of one program and what they are taken for."""

    def __init__(self, context: Context) -> None:
        """Judge for one file."""
        self._context = context
        self._names: Places[str] = Places()
        self.tally = Tally()

    def add(self, name: str, offset: int) -> None:
        """Keep an operator's name with where it stands first."""
        self._names.add(name, offset)

    def judged(self, *, table: bool = True) -> list[VerdictReason]:
        """Return the reasons; with `table` an operator that Paddle does not register is one."""
        reasons: list[VerdictReason] = []

        def tell(name: str, rule: str, verdict: Verdict, what: str, offset: int) -> None:
            self.tally.operator(name)
            detail = f"the operator {shown(name)} {what}"
            reasons.append(self._context.reason(rule, verdict, detail, offset=offset))

        for name, offset in self._names.items():
            if name in DANGEROUS:
                tell(name, "paddle-operator", "dangerous", DANGEROUS[name], offset)
            elif name.endswith(_COMPILED):
                what = "holds a compiled engine"
                tell(name, "paddle-opaque-operator", "not-inspectable", what, offset)
            elif table and name not in known("paddle") and name not in _INTERPRETED:
                what = "is in a library outside of PaddlePaddle"
                tell(name, "paddle-custom-operator", "unlisted", what, offset)
        return reasons


class Program:
    """What a ProgramDesc holds."""

    def __init__(self, context: Context) -> None:
        """Judge for one file."""
        self._context = context
        self.operators = Operators(context)
        self.unknown: list[VerdictReason] = []
        self.version = 0

    def read(self, message: Message) -> None:
        """Walk the blocks; raises `FormatError`."""
        for field in self._known("ProgramDesc", message, _PROGRAM):
            if field.number == 1:
                self._block(message.inner(field))
            elif field.number == 4:  # noqa: PLR2004 - version
                inner = message.inner(field)
                for part in inner.fields():
                    self.version = inner.number(part) if part.number == 1 else self.version

    def _block(self, message: Message) -> None:
        for field in self._known("BlockDesc", message, _BLOCK):
            if field.number == _OPS:
                inner = message.inner(field)
                for part in self._known("OpDesc", inner, _OP):
                    if part.number == _OP_TYPE:
                        self.operators.add(inner.text(part), inner.start)
            elif field.number == _VARS:
                self._variable(message.inner(field))

    def _known(self, name: str, message: Message, fields: dict[int, int]) -> Iterator[Field]:
        """Yield a message's fields; one that the specification does not name is a reason."""
        for field in message.fields():
            expected = fields.get(field.number)
            if expected is not None and expected != field.wire:
                raise FormatError(
                    f"field {field.number} of {name} is of another kind", offset=field.start
                )
            if expected is None and len(self.unknown) < _MAX_UNKNOWN:
                detail = f"field {field.number} of {name} is not in the specification"
                reason = self._context.reason
                self.unknown.append(reason("paddle-unknown-field", "unlisted", detail))
            yield field

    def _variable(self, message: Message) -> None:
        persistable = False
        kind, shape = _RAW, [0]
        for field in message.fields():
            if field.number == _PERSISTABLE:
                persistable = message.number(field) == 1
            elif field.number == _TYPE:
                kind, shape = _tensor_of(message.inner(field))
        if persistable and kind in TYPES and all(n >= 0 for n in shape):
            self.operators.tally.tensor(TYPES[kind], elements(shape))


def _tensor_of(message: Message) -> tuple[int, list[int]]:
    for field in message.fields():
        if field.number in _TENSOR_TYPES and field.wire == BYTES:
            inner = message.inner(field)
            for part in inner.fields():
                if part.number == 1 and part.wire == BYTES:
                    return tensor_desc(inner.inner(part))
    return _RAW, [0]


def tensor_desc(message: Message) -> tuple[int, list[int]]:
    """Return the number type and the shape of a TensorDesc."""
    kind = _RAW
    shape: list[int] = []
    for field in message.fields():
        if field.number == 1:
            kind = message.number(field)
        elif field.number == 2:  # noqa: PLR2004 - dims
            shape.extend(message.shape(field))
    return kind, shape


def is_program(message: Message) -> bool:
    """Return whether the first block begins as Paddle's do: its number, then its parent's."""
    first = next(message.fields(), None)
    if first is None or first.number != 1 or first.wire != BYTES:
        return False
    begin = message.inner(first).fields()
    number, parent = next(begin, None), next(begin, None)
    return (
        number is not None and parent is not None
        and (number.number, number.wire, number.value) == (1, VARINT, 0)
        and (parent.number, parent.wire) == (2, VARINT)
        and parent.value in (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
    )  # fmt: skip
