"""Walks TensorFlow's graphs and function libraries: operators, constants and their attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.evidence.models import Verdict, VerdictReason
from auditor.formats import Context, FormatError
from auditor.formats._operators import known
from auditor.formats._protobuf import BYTES, VARINT, Field, Message
from auditor.formats._tally import MOST_ELEMENTS, Places, Reasons, Tally, shown
from auditor.formats._tensorflow_names import FOLLOWED, Scope

# tensorflow/core/framework/types.proto
TYPES = {
    1: "F32", 2: "F64", 3: "I32", 4: "U8", 5: "I16", 6: "I8", 7: "STRING", 8: "C64", 9: "I64",
    10: "BOOL", 11: "QI8", 12: "QU8", 13: "QI32", 14: "BF16", 15: "QI16", 16: "QU16", 17: "U16",
    18: "C128", 19: "F16", 20: "RESOURCE", 21: "VARIANT", 22: "U32", 23: "U64", 24: "F8_E5M2",
    25: "F8_E4M3", 29: "I4", 30: "U4",
}  # fmt: skip
FLOATS = frozenset({"F32", "F64", "BF16", "F16", "F8_E5M2", "F8_E4M3"})

# What the operators of tensorflow/core/ops do outside of the graph.
_PYTHON = "runs a Python function"
_WRITES = "writes files"
_READS = "reads files by a name that the graph gives"
_NETWORK = "opens connections"
_GRAPH_IN_DATA = "runs a graph that lies in a tensor"
_COMPILED = "holds compiled code"
_ENDS = "ends the process"
DANGEROUS: dict[str, str] = {
    **dict.fromkeys(("PyFunc", "PyFuncStateless", "EagerPyFunc"), _PYTHON),
    "Abort": _ENDS,
    **dict.fromkeys((
        "WriteFile", "SaveDataset", "SaveDatasetV2", "DatasetToTFRecord",
        "ExperimentalDatasetToTFRecord", "CreateSummaryFileWriter", "CreateSummaryDbWriter",
        "SnapshotDataset", "SnapshotDatasetV2", "FileSystemSetConfiguration", "DistributedSave",
        "DumpTensor", "CalibrationStatisticsSaver",
    ), _WRITES),
    **dict.fromkeys((
        "ReadFile", "MatchingFiles", "MatchingFilesDataset", "ExperimentalMatchingFilesDataset",
        "WholeFileReader", "WholeFileReaderV2", "TextLineReader", "TextLineReaderV2",
        "TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader",
        "FixedLengthRecordReaderV2", "LMDBReader", "LMDBDataset", "ExperimentalLMDBDataset",
        "TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2", "FixedLengthRecordDataset",
        "FixedLengthRecordDatasetV2", "CSVDataset", "CSVDatasetV2", "ExperimentalCSVDataset",
        "SqlDataset", "ExperimentalSqlDataset", "LoadDataset", "ImmutableConst",
        "LoadAndRemapMatrix", "SnapshotDatasetReader", "SnapshotNestedDatasetReader",
        "ListSnapshotChunksDataset", "SnapshotChunkDataset", "GenerateVocabRemapping",
    ), _READS),
    **dict.fromkeys((
        "RpcCall", "RpcClient", "RpcServer", "RpcServerRegister", "RpcServerStart",
        "DataServiceDataset", "DataServiceDatasetV2", "DataServiceDatasetV3",
        "DataServiceDatasetV4", "RegisterDataset", "RegisterDatasetV2", "RemoteCall",
        "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DebugNanCount",
        "DebugNumericSummary", "Rpc", "TryRpc", "BigQueryReader", "CloudBigtableClient",
    ), _NETWORK),
}  # fmt: skip
OPAQUE: dict[str, str] = {
    **dict.fromkeys((
        "DatasetFromGraph", "DeserializeIterator", "RemoteFusedGraphExecute",
    ), _GRAPH_IN_DATA),
    **dict.fromkeys((
        "TRTEngineOp", "TPUExecute", "TPUExecuteAndUpdateVariables", "NeuronOp", "EdgeTpuOp",
        "XlaCustomCall", "XlaCustomCallV2", "XlaRun", "_XlaRun", "XlaCallModule", "TPUCompile",
        "_TPUCompileMlir", "XlaHostCompute", "_XlaHostComputeMlir", "MlirPassthroughOp",
    ), _COMPILED),
}  # fmt: skip

IDENTIFIER = re.compile(rb"[A-Za-z_][A-Za-z0-9_>./-]{0,199}")
_NODE = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: BYTES}
GRAPH = {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}
_OP, _INPUT, _ATTR, _NODE_DEF = 2, 3, 5, 3
_STRINGS = 8
_MOST_INPUTS = 64
_MOST_TEXT = 4096
_PRINTS = frozenset({"PrintV2"})


class Walk:
    """What the graphs of one file hold."""

    def __init__(self, context: Context) -> None:
        """Judge for one file."""
        self._context = context
        self.constants = Tally()
        self.tally = Tally()
        self.reasons = Reasons()
        self.assets: set[str] = set()
        self._scopes = [Scope()]
        self._operators: Places[str] = Places()
        self._unknown: set[tuple[str, int]] = set()

    def graph(self, message: Message) -> None:
        """Walk a GraphDef: its nodes, and those of the functions in its library."""
        for field in self.known("GraphDef", message, GRAPH):
            if field.number == 1:
                self._node(message.inner(field), self._scopes[0])
            elif field.number == 2:  # noqa: PLR2004 - library
                library = message.inner(field)
                for function in library.fields():
                    if function.number == 1:
                        self._function(library.inner(function))

    def known(self, name: str, message: Message, fields: dict[int, int]) -> Iterator[Field]:
        """Yield a message's fields; one that the specification does not name is a reason."""
        for field in message.fields():
            expected = fields.get(field.number)
            if expected == field.wire:
                yield field
            elif expected is not None:
                raise FormatError(
                    f"field {field.number} of {name} is of another kind", offset=field.start
                )
            elif (name, field.number) not in self._unknown and len(self._unknown) < len(TYPES):
                self._unknown.add((name, field.number))
                detail = f"field {field.number} of {name} is not in the specification"
                self._add("tensorflow-unknown-field", "unlisted", detail, field.start)

    def judged(self) -> tuple[VerdictReason, ...]:
        """Return the reasons, those of the operators among them."""
        self._follow_names()
        for name, offset in self._operators.items():
            called = shown(name)
            if name in DANGEROUS:
                detail = f"the operator {called} {DANGEROUS[name]}"
                self._add("tensorflow-operator", "dangerous", detail, offset)
            elif name in OPAQUE:
                detail = f"the operator {called} {OPAQUE[name]}"
                self._add("tensorflow-opaque-operator", "not-inspectable", detail, offset)
            elif name in known("tensorflow"):
                continue
            else:
                detail = f"the operator {called} is in a library outside of TensorFlow"
                self._add("tensorflow-custom-operator", "unlisted", detail, offset)
            self.tally.operator(called)
        self._operators.clear()
        return tuple(self.reasons)

    def _follow_names(self) -> None:
        budget, assets = self._context.budget, frozenset(self.assets)
        try:
            for scope in self._scopes:
                for verdict, detail, offset in scope.escapes(budget, assets):
                    self._add("tensorflow-file-name", verdict, detail, offset)
        except FormatError as error:
            self._add(error.rule, "not-inspectable", error.detail, -1)
        self._scopes = [Scope()]

    def _add(self, rule: str, verdict: Verdict, detail: str, offset: int) -> None:
        self.reasons.tell(self._context.reason(rule, verdict, detail, offset=offset))

    def _function(self, message: Message) -> None:
        scope = Scope()
        for field in message.fields():
            if field.number == _NODE_DEF:
                self._node(message.inner(field), scope)
        if scope.opens:
            self._scopes.append(scope)

    def _node(self, message: Message, scope: Scope) -> None:
        operator = ""
        named: Field | None = None
        attributes: list[Field] = []
        inputs: list[Field] = []
        for field in self.known("NodeDef", message, _NODE):
            if field.number == _OP:
                operator = message.text(field)
            elif field.number == _ATTR:
                attributes.append(field)
            elif field.number == _INPUT:
                inputs.append(field)
            elif field.number == 1:
                named = field
        self._operators.add(operator, message.start)
        if operator in FOLLOWED and named is not None:
            names = [message.text(one) for one in inputs[:_MOST_INPUTS]]
            scope.node(message.text(named), operator, names, message.start)
        if operator == "Const" or operator in _PRINTS:
            for field in attributes:
                text = self._attribute(operator, message.inner(field))
                if text is not None and named is not None:
                    scope.text(message.text(named), text)

    def _attribute(self, operator: str, message: Message) -> str | None:
        """Read one attribute: a constant's tensor, whose text is returned, a print's stream."""
        found: str | None = None
        for field in message.fields():
            if field.number == 2:  # noqa: PLR2004 - the entry's value
                value = message.inner(field)
                for part in value.fields():
                    if part.number == 8 and operator == "Const":  # noqa: PLR2004 - tensor
                        kind, count = typed_shape(value.inner(part))
                        if kind in FLOATS:
                            self.constants.tensor(kind, max(count, 0))
                        found = _text_of(value.inner(part)) if kind == "STRING" else found
                    elif part.number == 2 and operator in _PRINTS:  # noqa: PLR2004 - s
                        self._stream(value.raw(part), part.start)
        return found

    def _stream(self, target: bytes, offset: int) -> None:
        if b"://" in target:
            self._add(
                "tensorflow-operator", "dangerous", "the operator PrintV2 writes to a file", offset
            )


def _text_of(tensor: Message) -> str | None:
    """Return the first text of a TensorProto, `None` where there is none or it is no name."""
    for field in tensor.fields():
        if field.number == _STRINGS and field.wire == BYTES:
            long = field.size > _MOST_TEXT
            return None if long else tensor.raw(field).decode("utf-8", "replace")
    return None


def typed_shape(message: Message) -> tuple[str, int]:
    """Return number type and elements of a TensorProto, SavedVariable or BundleEntryProto.

    All three have the type in field 1 and the shape in 2; -1 elements where it is not known.
    """
    kind, count = 0, 1
    for field in message.fields():
        if field.number == 1:
            kind = message.number(field)
        elif field.number == 2:  # noqa: PLR2004 - shape
            count = _elements(message.inner(field))
    return TYPES.get(kind, f"type {kind}"), count


def _elements(shape: Message) -> int:
    """Return the elements of a TensorShapeProto, -1 where a dimension is not known."""
    count = 1
    known_rank = True
    for field in shape.fields():
        if field.number == 3:  # noqa: PLR2004 - unknown_rank
            known_rank = False
        elif field.number == 2:  # noqa: PLR2004 - dim
            dimension = shape.inner(field)
            size = 0
            for part in dimension.fields():
                if part.number == 1:
                    size = dimension.number(part)
            known_rank = known_rank and size >= 0
            count *= max(size, 0)
            if count > MOST_ELEMENTS:
                raise FormatError("a tensor is larger than any file", offset=shape.start)
    return count if known_rank else -1


def is_node(message: Message) -> bool:
    """Return whether a message has a name and an operator as a NodeDef has."""
    name = operator = False
    for field in message.fields():
        if _NODE.get(field.number) != field.wire:
            return False
        if field.number == 1:
            name = 0 < field.size < 1 << 12 and message.raw(field).isascii()
        elif field.number == _OP:
            operator = field.size <= 200 and bool(IDENTIFIER.fullmatch(message.raw(field)))  # noqa: PLR2004
    return name and operator
