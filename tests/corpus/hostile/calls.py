"""Classes 1 and 7: one call by every opcode of every protocol, and calls whose result is dropped."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus import _ops as op
from tests.corpus._case import Case
from tests.corpus._ops import ECHO, Raw, stream


def _ways(protocol: int) -> Iterator[tuple[str, bytes]]:
    name = op.by_line("os", "system")
    yield "reduce_global", Raw(name + op.value((ECHO,), protocol) + op.REDUCE)
    yield "inst", op.inst("os", "system", (ECHO,), protocol)
    if protocol >= 1:
        yield "obj_global", Raw(op.MARK + name + op.value(ECHO, protocol) + op.OBJ)
    if protocol >= 2:
        yield "newobj", op.newobj("subprocess", "Popen", (["echo", "inert"],), protocol)
        yield "build", op.built(op.newobj("subprocess", "Popen", (), protocol), {"args": "inert"})
    if protocol >= 4:
        yield "reduce_stack_global", op.call("os", "system", (ECHO,), protocol)
        yield "obj_stack_global", op.obj("os", "system", (ECHO,), protocol)
        yield "newobj_ex", op.newobj_ex("subprocess", "Popen", (["echo", "inert"],))


def _dropped() -> Iterator[tuple[str, bytes, str]]:
    call = op.system()
    yield "reduce_then_pop", call + op.POP + b"N", "fickling issue 190"
    yield "obj_then_pop", op.obj("os", "system", (ECHO,)) + op.POP + b"N", "GHSA-mxhj"
    yield "inst_then_pop", op.inst("os", "system", (ECHO,)) + op.POP + b"N", "GHSA-5hwf"
    yield "newobj_then_pop", op.newobj("subprocess", "Popen", ()) + op.POP + b"N", "GHSA-cffv"
    yield "call_then_pop_mark", b"(" + call + op.POP_MARK + b"N", "GHSA-mxhj"
    yield "call_under_a_mark_popped", b"N(" + call + b"N" + op.POP_MARK, "GHSA-mxhj"
    yield "build_then_pop", op.built(op.newobj("os", "_wrap_close"), {}) + b"0N", "GHSA-cffv"
    yield "call_as_unused_memo", call + op.put(7) + op.POP + b"N", "picklescan issue 14"
    yield "import_then_pop", op.by_line("os", "system") + op.POP + b"N", "fickling __future__"
    yield "call_in_a_list_popped", b"](" + call + b"e0N", "GHSA-mxhj"
    yield "call_as_a_key", b"}(" + call + b"Nu", "GHSA-mxhj"
    yield "call_in_a_set", b"\x8f(" + call + b"\x90", "GHSA-mxhj"
    yield "call_in_a_frozenset", b"(" + call + b"\x91", "GHSA-mxhj"
    yield "obj_without_arguments", b"(" + op.by_line("os", "getcwd") + op.OBJ, "GHSA-cffv"
    yield "inst_without_arguments", op.inst("os", "getcwd"), "GHSA-cffv"
    yield (
        "call_of_a_duplicate",
        op.by_line("os", "system") + b"2" + op.value((ECHO,)) + b"R0",
        "GHSA-mxhj",
    )
    yield "thousand_harmless_then_one", b"N0" * 1000 + call, "scan limits"


def _setters() -> Iterator[tuple[str, bytes, str]]:
    system = op.by_line("os", "system")
    yield (
        "setstate_replaced",
        b"(cos\n_wrap_close\no}X\x0c\0\0\0__setstate__" + system + b"sb" + op.value(ECHO) + b"b",
        "GHSA-955r",
    )
    yield (
        "slot_state_names_a_call",
        op.newobj("types", "SimpleNamespace") + b"N}X\x08\0\0\0__call__" + system + b"s\x86b",
        "GHSA-955r",
    )
    yield (
        "class_attribute_replaced",
        op.by_line("collections", "OrderedDict") + b"N}X\x06\0\0\0update" + system + b"s\x86b",
        "class 12",
    )
    yield (
        "module_attribute_replaced",
        op.by_line("torch", "nn") + b"}X\4\0\0\0load" + system + b"sb",
        "class 12",
    )
    yield (
        "function_attribute_set",
        op.by_line("torch._utils", "_rebuild_tensor_v2") + b"}X\1\0\0\0aNsb",
        "class 12",
    )
    yield (
        "append_of_a_call",
        op.newobj("collections", "deque") + op.system() + op.APPEND,
        "class 12",
    )


def cases() -> Iterator[Case]:
    for protocol in range(6):
        for way, body in _ways(protocol):
            yield Case(
                f"call_p{protocol}_{way}", stream(body, protocol), "1", "opcodes",
                f"a call or an unlisted class by {way}, protocol {protocol}",
            )  # fmt: skip
    for name, body, reference in _dropped():
        why = "the call is made, its result is thrown away"
        yield Case(f"dropped_{name}", stream(body), "7", reference, why)
    for name, body, reference in _setters():
        why = "an attribute or item is set where code will be reached"
        yield Case(f"setter_{name}", stream(body), "12", reference, why)
    for claimed in (0, 1, 2, 5):
        body = op.proto(claimed) + op.system(4) + op.STOP
        yield Case(
            f"protocol_header_says_{claimed}", body, "1", "opcodes",
            "the loader takes every opcode in every protocol",
        )  # fmt: skip
    twice = op.proto(2) + b"N0" + op.proto(4) + op.system(4) + op.STOP
    yield Case("protocol_header_twice", twice, "1", "opcodes", "a second header changes nothing")
    late = b"N0" + op.attack(2)
    yield Case("protocol_header_late", late, "1", "opcodes", "a header that is not first")
