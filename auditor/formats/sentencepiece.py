"""Reads SentencePiece's models: pieces of words, and what they were learned from."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats._protobuf import BYTES, Message

# sentencepiece_model.proto: ModelProto holds pieces (1), settings of the trainer (2) and of the
# normalizer (3), a self-test (4), the denormalizer (5); a piece its text (1), score (2), kind (3).
_TRAINER, _LAST, _EXTENSIONS = 2, 5, 200
_ONE_BYTE = 0x80
_INPUT, _KIND = 1, 3
_KINDS = {1: "unigram", 2: "bpe", 3: "word", 4: "char"}
_PIECE = 0x0A
_SCORE = 0x15
_FIRST_PIECES = 3
_MOST = 64 << 20
_MOST_INPUTS = 50
_TEXT = 200


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the first three fields are pieces: a text, then a score."""
    place = 0
    for _ in range(_FIRST_PIECES):
        if len(head) < place + 4 or head[place] != _PIECE or head[place + 2] != _PIECE:
            return False
        length, inner = head[place + 1], head[place + 3]
        text = head[place + 4 : place + 4 + inner]
        behind = head[place + 4 + inner : place + 5 + inner]
        if (
            length >= _ONE_BYTE
            or inner + 7 > length
            or behind != bytes([_SCORE])
            or not _is_text(text)
        ):
            return False
        place += 2 + length
    return True


def _is_text(raw: bytes) -> bool:
    try:
        return raw.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def inspect(view: View, context: Context) -> Inspection:
    """Return what the model is; raises `FormatError`."""
    if view.size > _MOST:
        raise FormatError(f"a model of {view.size} bytes", "limit")
    start, pieces = _behind_short_pieces(view.at(0, view.size))
    context.budget.step(pieces)
    model = Message(view, context.budget, (start, view.size))
    kind = ""
    inputs: list[str] = []
    for field in model.fields():
        if field.wire != BYTES or _LAST < field.number < _EXTENSIONS:
            raise FormatError(f"the unknown field {field.number}", offset=field.start)
        if field.number == _TRAINER:
            trainer = model.inner(field)
            for setting in trainer.fields():
                if setting.number == _INPUT and len(inputs) < _MOST_INPUTS:
                    inputs.append(trainer.text(setting)[:_TEXT])
                elif setting.number == _KIND:
                    kind = _KINDS.get(setting.value, "")
    return Inspection(
        model_format="sentencepiece",
        role="tokenizer",
        header=ModelHeader(
            tokenizer=f"sentencepiece {kind}".strip(), datasets=tuple(sorted(set(inputs)))
        ),
    )


def _behind_short_pieces(data: bytes) -> tuple[int, int]:
    """Return where the first field is that is no short piece, and how many pieces came before.

    A vocabulary has 260,000 of them, which the careful walk would need half a second for.
    """
    place, pieces, end = 0, 0, len(data) - 1
    while place < end and data[place] == _PIECE and data[place + 1] < _ONE_BYTE:
        place += 2 + data[place + 1]
        pieces += 1
    if place > len(data):
        raise FormatError("the file ends within a piece", offset=len(data))
    return place, pieces


FORMAT = ModelFormat(
    title="SentencePiece", recognises=recognises, inspect=inspect, rank=4, begins=bytes((_PIECE,))
)
