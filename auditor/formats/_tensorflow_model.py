"""Reads TensorFlow's MetaGraphDef: a graph, the assets beside it, and the objects of Keras."""

from __future__ import annotations

from auditor.formats import Context, Inspection, ModelHeader, by_share
from auditor.formats._keras import examine_config
from auditor.formats._locations import escaping
from auditor.formats._protobuf import BYTES, Message
from auditor.formats._tally import Reasons, shown
from auditor.formats._tensorflow_walk import Walk, is_node, typed_shape

# tensorflow/core/protobuf/meta_graph.proto, saved_object_graph.proto
_META_GRAPH = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: BYTES}
_GRAPH_DEF, _ASSET, _OBJECTS = 2, 6, 7
_USER_OBJECT, _VARIABLE, _METADATA, _NAME = 4, 7, 3, 6
_LOOKED_AT = 16
_CONFIG = 16 << 20
_KERAS = b"_tf_keras_"


def is_meta_graph(message: Message) -> bool:
    """Return whether a message holds, where a MetaGraphDef does, a graph with a first node."""
    for seen, field in enumerate(message.fields()):
        if seen == _LOOKED_AT or _META_GRAPH.get(field.number) != field.wire:
            return False
        if field.number == _GRAPH_DEF:
            graph = message.inner(field)
            first = next(graph.fields(), None)
            return first is not None and (
                (first.number == 1 and is_node(graph.inner(first)))
                or (first.number in (2, 4) and first.wire == BYTES)
            )
    return False


class Reading:
    """What the MetaGraphDefs of one file hold."""

    def __init__(self, context: Context) -> None:
        """Judge for one file."""
        self._context = context
        self.walk = Walk(context)
        self._version = ""
        self._counted: set[str] = set()
        self._reasons = Reasons()

    def meta_graph(self, message: Message) -> None:
        """Read one MetaGraphDef."""
        for field in self.walk.known("MetaGraphDef", message, _META_GRAPH):
            if field.number == 1:
                self._info(message.inner(field))
            elif field.number == _GRAPH_DEF:
                self.walk.graph(message.inner(field))
            elif field.number == _ASSET:
                self._asset(message.inner(field))
            elif field.number == _OBJECTS:
                self._objects(message.inner(field))

    def inspection(self, name: str) -> Inspection:
        """Return what was found; parameters are the variables', or the constants' without any."""
        reasons = (*self._reasons, *self.walk.judged())
        variables = self.walk.tally
        counted = variables if variables.tensors else self.walk.constants
        return Inspection(
            model_format=name,
            role="graph",
            header=ModelHeader(
                parameters=counted.parameters,
                precision=by_share(counted.elements),
                tensors=counted.tensors,
                producer=f"TensorFlow {self._version}" if self._version else "",
                custom_operators=variables.operators,
            ),
            reasons=reasons,
        )

    def _info(self, message: Message) -> None:
        for field in message.fields():
            if field.number == 5:  # noqa: PLR2004 - tensorflow_version
                self._version = shown(message.text(field), 50)

    def _asset(self, message: Message) -> None:
        for field in message.fields():
            if field.number == 1:
                info = message.inner(field)
                names = (info.text(part) for part in info.fields() if part.number == 1)
                self.walk.assets.update(name.partition(":")[0] for name in names)
            if field.number != 2:  # noqa: PLR2004 - filename
                continue
            why = escaping(message.text(field))
            if why:
                detail = f"the asset {shown(message.text(field))!r} {why}"
                self._reasons.tell(
                    self._context.reason(
                        "tensorflow-asset-escapes", "dangerous", detail, offset=field.start
                    )
                )

    def _objects(self, message: Message) -> None:
        for field in message.fields():
            if field.number == 1:
                self._object(message.inner(field))

    def _object(self, message: Message) -> None:
        for field in message.fields():
            if field.number == _VARIABLE:
                self._variable(message.inner(field))
            elif field.number == _USER_OBJECT:
                self._user_object(message.inner(field))

    def _variable(self, message: Message) -> None:
        """Count a variable; Keras writes each twice, under one name with its layer's."""
        kind, count = typed_shape(message)
        name = next(
            (message.text(field) for field in message.fields() if field.number == _NAME), ""
        )
        if kind in ("RESOURCE", "VARIANT") or name in self._counted:
            return
        if "/" in name:
            self._counted.add(name)
        self.walk.tally.tensor(kind, max(count, 0))

    def _user_object(self, message: Message) -> None:
        """Judge the settings of a Keras layer: until TensorFlow 2.4 they lay here."""
        identifier, metadata = b"", b""
        for field in message.fields():
            if field.number == 1:
                identifier = message.raw(field)
            elif field.number == _METADATA:
                metadata = message.raw(field, _CONFIG)
        if metadata and identifier.startswith(_KERAS):
            for reason in examine_config(metadata, self._context).reasons:
                self._reasons.tell(reason)
