"""Classes 3, 5 and 6: broken streams, tails, and games with the stack and the memo."""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._case import Case
from tests.corpus._ops import ECHO, stream

CALL = bytes(op.system())


def _broken() -> Iterator[tuple[str, bytes, str]]:
    head = op.proto(2)
    yield "no_stop", head + CALL, "nullifAI"
    yield "unknown_opcode_after", head + CALL + b"\xff.", "nullifAI"
    yield "nul_opcode_after", head + CALL + b"\0.", "nullifAI"
    yield "empty_stack_after", head + CALL + b"000.", "nullifAI"
    yield "mark_missing_after", head + CALL + b"t.", "nullifAI"
    yield "cut_inside_a_string_after", head + CALL + b"X\xff\0\0\0abc", "nullifAI"
    yield "bad_utf8_after", head + CALL + b"X\2\0\0\0\xff\xfe.", "nullifAI"
    yield "bad_integer_after", head + CALL + b"Ix\n.", "nullifAI"
    yield "bad_float_after", head + CALL + b"Fx\n.", "nullifAI"
    yield "bad_quotes_after", head + CALL + b"Sabc\n.", "nullifAI"
    yield "bad_escape_after", head + CALL + b"V\\u12\n.", "nullifAI"
    yield "negative_length_after", head + CALL + b"T\xff\xff\xff\xff.", "nullifAI"
    yield "missing_memo_after", head + CALL + b"h\xee.", "KeyError samples"
    yield "type_error_after", head + CALL + b"NNR.", "TypeError samples"
    yield "unhashable_key_after", head + CALL + b"}]Ns.", "TypeError samples"
    yield "stack_not_empty_at_stop", head + b"NNN" + CALL + b".", "TypeError samples"
    yield "mark_open_at_stop", head + CALL + b"(N.", "TypeError samples"
    yield "second_pickle_behind", op.stream(b"N") + op.attack(), "trailing pickle"
    yield "tenth_pickle_behind", op.stream(b"N") * 9 + op.attack(), "trailing pickle"
    yield "zeros_then_a_pickle", op.stream(b"N") + b"\0" * 64 + op.attack(), "trailing pickle"
    yield "text_then_a_pickle", op.stream(b"N") + b"\n\n" + op.attack(0), "trailing pickle"
    yield "protocol_6", b"\x80\x06" + CALL + b".", "unknown protocol"
    yield "protocol_255", b"\x80\xff" + CALL + b".", "unknown protocol"
    yield "only_the_call", CALL, "nullifAI"
    yield "nothing_to_stop_with", head + CALL + b"1.", "nullifAI"
    yield "duplicate_of_nothing_after", head + CALL + b"002.", "nullifAI"
    yield "new_of_no_class_after", head + CALL + b"NN\x81.", "TypeError samples"
    yield "build_on_none_after", head + CALL + b"0N}b.", "TypeError samples"
    yield "append_to_none_after", head + CALL + b"0NNa.", "TypeError samples"
    yield "huge_put_after", head + CALL + b"r\xff\xff\xff\xff.", "memo size"
    yield "negative_put_after", head + CALL + b"p-1\n.", "memo size"
    yield "extension_after", head + CALL + b"\x82\x01.", "EXT"
    yield "buffer_after", head + CALL + b"\x97.", "NEXT_BUFFER"


def _memo() -> Iterator[tuple[str, bytes, str]]:
    system, benign = op.by_line("os", "system"), op.by_line("collections", "OrderedDict")
    args = op.value((ECHO,))
    call = args + op.REDUCE
    yield "slot_overwritten", benign + b"q\0" + system + b"q\x0000h\0" + call, "picklescan issue 14"
    yield (
        "slot_overwritten_back",
        system + b"q\0h\0" + call + benign + b"q\0",
        "picklescan issue 14",
    )
    yield (
        "memoize_after_sparse_put",
        b"\x8c\1aq\5\x94\x8c\2os\x94\x8c\6system\x94" + b"000h\1h\2h\3\x93" + call,
        "picklescan issue 22",
    )
    yield (
        "put_moves_the_count",
        b"\x8c\6systemq\0\x8c\4thisq\1\x8c\2os\x9400" + b"0h\2h\0\x93" + call,
        "picklescan issue 22",
    )
    yield (
        "put_over_memoized",
        b"\x8c\1a\x94\x8c\2osq\0\x8c\6system\x94" + b"000h\0h\1\x93" + call,
        "picklescan issue 22",
    )
    yield (
        "memoize_twice",
        b"\x8c\2os\x94\x94\x8c\6system\x94" + b"00h\1h\2\x93" + call,
        "picklescan issue 22",
    )
    yield (
        "text_put_binary_get",
        b"Vos\np10\n0Vsystem\np11\n0h\nh\x0b\x93" + call,
        "picklescan issue 14",
    )
    yield (
        "put_with_leading_zeros",
        b"Vos\np0007\n0Vsystem\np+8\n0h\7h\x08\x93" + call,
        "picklescan issue 14",
    )
    yield "put_with_spaces", b"Vos\np 7\n0Vsystem\np8 \n0h\7h\x08\x93" + call, "picklescan issue 14"
    yield (
        "put_with_underscore",
        b"Vos\np1_1\n0Vsystem\np1_2\n0h\x0bh\x0c\x93" + call,
        "picklescan issue 14",
    )
    yield (
        "long_put_short_get",
        b"Vos\nr\7\0\0\x000Vsystem\nr\x08\0\0\x000h\7h\x08\x93" + call,
        "picklescan issue 14",
    )
    yield "callable_from_the_memo", system + b"q\0000h\0" + call, "picklescan issue 14"
    yield (
        "callable_in_a_list_from_the_memo",
        system + b"q\0000](h\0e0h\0" + call,
        "picklescan issue 14",
    )
    yield "dup_then_call", system + b"2" + call + b"0", "GHSA-9gvj"
    yield "strings_through_dup", b"X\2\0\0\0os2q\x000X\6\0\0\0system\x93" + call, "GHSA-9gvj"
    yield "wrong_pair_popped", b"X\2\0\0\0osX\4\0\0\0path0X\6\0\0\0system\x93" + call, "GHSA-9gvj"
    yield "mark_between_names", b"X\2\0\0\0os(X\4\0\0\0path1X\6\0\0\0system\x93" + call, "GHSA-9gvj"
    yield "pop_takes_a_mark", b"X\2\0\0\0os(0X\6\0\0\0system\x93" + call, "GHSA-9gvj"
    yield (
        "marks_in_marks",
        b"((((X\2\0\0\0os1N1N1" + op.by_line("os", "system") + call + b"t",
        "GHSA-9gvj",
    )
    yield "mark_popped_by_pop", b"N(0" + system + call + b"\x86", "GHSA-9gvj"
    yield "tuple_of_names_popped", b"(X\2\0\0\0osX\4\0\0\0patht0" + system + call, "GHSA-9gvj"
    yield "name_in_a_dict_value", b"}X\1\0\0\0a" + system + b"s0" + system + call, "GHSA-9gvj"
    yield "args_out_of_the_memo", op.value((ECHO,)) + b"q\0000" + system + b"h\0R", "GHSA-9gvj"
    yield "args_in_a_recursive_tuple", b"]q\0(h\0tq\1ah\1" + b"00" + system + call, "GHSA-9gvj"
    yield "list_holds_itself", b"]q\0h\0a0" + system + call, "recursion"
    yield "dict_holds_itself", b"}q\0h\0Ns", "recursion: a dictionary as its own key"
    yield "callable_is_a_tuple_item", b"(" + system + args + b"t0" + system + call, "GHSA-9gvj"
    yield "empty_argument_tuple", op.by_line("os", "getcwd") + b")R", "GHSA-9gvj"
    yield "arguments_grown_later", b"]q\0" + system + b"h\0\x85R", "GHSA-9gvj"
    yield "call_key_error", b"}X\1\0\0\0kNs" + CALL + b"0h\x09", "KeyError samples"
    yield "get_of_a_later_put", b"h\0" + system + b"q\0" + call, "KeyError samples"


def _framing(data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "after_a_byte_order_mark", b"\xef\xbb\xbf" + data
    yield "after_a_newline", b"\n" + data
    yield "with_a_png_behind", data + b"\x89PNG\r\n\x1a\n"


def pickler_made(protocol: int) -> bytes:
    """Return what the standard pickler writes of an object that reduces to the inert call."""

    class Inert:
        def __reduce__(self):
            return print, (ECHO,)

    out = io.BytesIO()
    pickle.Pickler(out, protocol).dump({"weights": [1.0, 2.0], "hook": Inert()})
    return out.getvalue()


def cases() -> Iterator[Case]:
    for label, data, reference in _broken():
        why = "the call is made before, or behind, what makes a reader give up"
        yield Case(f"broken_{label}", data, "5", reference, why)
    for label, body, reference in _memo():
        why = "what is called is known only to whoever keeps the stack and the memo right"
        data = stream(body, 4, framed=False)
        yield Case(f"memo_{label}", data, "6", reference, why)
    for protocol in range(6):
        yield Case(
            f"pickler_made_reduce_p{protocol}", pickler_made(protocol), "1", "classic",
            "an object of the standard pickler with a __reduce__ that calls",
        )  # fmt: skip
    for name in ("model", "model.bin", "weights.safetensors", "data.json", "image.png", "model.h5"):
        label = name.replace(".", "_")
        why = f"the content is a pickle, the file could be called {name}: only bytes count"
        data = stream(op.system(2, f"echo inert {name}"))
        yield Case(f"extension_{label}", data, "3", "CVE-2025-1889 CVE-2025-10155", why)
    safetensors = struct.pack("<Q", 2) + b"{}"
    yield Case(
        "safetensors_then_a_pickle", safetensors + op.attack(), "5", "polyglot",
        "bytes behind the tensors that no entry explains",
    )  # fmt: skip
    yield Case(
        "gguf_head_on_a_broken_body", b"GGUF" + op.attack(), "5", "polyglot",
        "a magic number of one format before the content of another",
    )  # fmt: skip
