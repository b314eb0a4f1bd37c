"""Has conversations dissected by the program with scapy, and believes its answers only so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import msgspec

from auditor.capture.talks import (
    MOST_BYTES,
    MOST_SAID,
    Action,
    Answer,
    Failed,
    Talk,
    Unfinished,
    decode_answer,
    encode_talks,
)
from auditor.child import Said, exchange

# Seconds for all conversations of one program, and how many programs are tried after one dies.
_SECONDS = 300.0
_PROGRAMS = 4
_LISTED = "the program that dissects"
_UNBELIEVABLE = Unfinished(reason="crashed", why=f"{_LISTED} said what cannot be believed")
_TOO_OFTEN = Unfinished(reason="crashed", why=f"{_LISTED} broke off too often")
_BROKE_OFF = {
    "": Unfinished(reason="crashed", why=f"{_LISTED} broke off"),
    "timeout": Unfinished(reason="timeout", why=f"{_LISTED} broke off: it took too long"),
    "limit": Unfinished(reason="limit", why=f"{_LISTED} broke off: it said too much"),
}
Exchange = Callable[[bytes, int], Said]


class _Answered(NamedTuple):
    """What one program answered, and why no more; `final` where no other would do better."""

    answers: list[Answer]
    unfinished: Unfinished | None = None
    final: bool = False


def dissect(
    talks: tuple[Talk, ...],
    *,
    ask: Exchange | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[Answer, ...]:
    """Return an answer for each conversation, in their order, whatever becomes of the program.

    One that it dies of is told as unknown, and a new program goes on with the next, `_PROGRAMS`
    times in all. `progress` is told how many are done. `ask` stands for the program in tests.
    """
    answers: list[Answer] = []
    for _each in range(_PROGRAMS):
        left = talks[len(answers) :]
        if not left:
            break
        told = _answered(_batch(left), ask or _ask)
        answers += told.answers
        progress(len(answers))
        if told.unfinished is not None:
            unknown = talks[len(answers) :] if told.final else talks[len(answers) :][:1]
            answers += _unknown(unknown, told.unfinished)
    return (*answers, *_unknown(talks[len(answers) :], _TOO_OFTEN))


def _ask(request: bytes, most: int) -> Said:
    return exchange("auditor.capture", "dissect", request=request, seconds=_SECONDS, most=most)


def _batch(talks: tuple[Talk, ...]) -> tuple[Talk, ...]:
    """Return as many of the first conversations as one program is handed, at least one."""
    size = 0
    for count, talk in enumerate(talks):
        size += sum(len(segment.data) for segment in talk.segments)
        if size > MOST_BYTES and count:
            return talks[:count]
    return talks


def _answered(talks: tuple[Talk, ...], ask: Exchange) -> _Answered:
    """Return the answers up to the first that is missing, and why it is."""
    try:
        said = ask(encode_talks(talks), MOST_SAID)
    except OSError as error:
        why = f"{_LISTED} cannot be started: {error.strerror}"
        return _Answered([], Unfinished(reason="absent", why=why), final=True)
    answers: list[Answer] = []
    lines = said.output.split(b"\n")[:-1]  # what does not end was cut off
    for talk, line in zip(talks, lines, strict=False):
        try:
            answer = decode_answer(line)
        except msgspec.MsgspecError:
            return _Answered(answers, _UNBELIEVABLE, final=True)
        if isinstance(answer, Failed):
            return _Answered(answers, _told(answer.unfinished), final=True)
        if not _is_plausible(answer, talk):
            return _Answered(answers, _UNBELIEVABLE, final=True)
        answers.append(_printable(answer))
    if len(answers) == len(talks):
        return _Answered(answers)
    return _Answered(answers, _BROKE_OFF[said.stopped])


def _is_plausible(answer: Answer, talk: Talk) -> bool:
    """Return whether it may be the answer for this conversation.

    A message has a byte at least, and a service within one has too; an object is named by one,
    and a hole is before a segment.
    """
    most = sum(len(segment.data) for segment in talk.segments)
    functions = [(action.does, action.function) for action in answer.actions]
    return (
        answer.number == talk.number
        and len(set(functions)) == len(functions)
        and answer.undissected <= most + len(talk.segments)
        and all(
            action.count <= most and len(action.objects) <= action.objects_total <= most
            for action in answer.actions
        )
    )


def _printable(answer: Answer) -> Answer:
    """Return an answer without characters that would do something where they are shown."""
    return msgspec.structs.replace(
        answer,
        unfinished=answer.unfinished and _told(answer.unfinished),
        actions=tuple(
            Action(
                does=one.does,
                function=_plain(one.function),
                count=one.count,
                objects=tuple(_plain(name) for name in one.objects),
                objects_total=one.objects_total,
            )
            for one in answer.actions
        ),
    )


def _told(unfinished: Unfinished) -> Unfinished:
    return Unfinished(reason=unfinished.reason, why=_plain(unfinished.why))


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _unknown(talks: Iterable[Talk], unfinished: Unfinished) -> Iterator[Answer]:
    for talk in talks:
        yield Answer(number=talk.number, unfinished=unfinished)
